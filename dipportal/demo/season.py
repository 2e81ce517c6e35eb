"""The demo's season: organisations and people of our own, everything else through the sandbox and the pull.

Doing it again changes nothing. The same world in the sandbox gives the same data here.
"""

import functools
from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from dipportal.catalogue.models import Producer, Theater
from dipportal.core.errors import PortalError
from dipportal.demo import people, run_ups
from dipportal.dip import connections, pull
from dipportal.dip.models import Connection, RunKind, RunState, SyncRun
from dipportal.notifications import weekly
from dipportal.organisations.actors import Actor, staff
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.ticketing import forecasting

Say = Callable[[str], None]


class SeedFailed(PortalError):
    """The sandbox did not give what a season needs; the text says what."""

    code = "seed_failed"


def seed(say: Say) -> None:
    """Raises SeedFailed. The sandbox must be running at SANDBOX_URL."""
    administrator = staff(make_user(next(person for person in people.PEOPLE if person.staff)))
    own = [make_connection(provider, administrator) for provider in people.PROVIDERS]
    pull_once(own[0], RunKind.REFERENCE, say)
    for provider in people.PROVIDERS:
        link_producers(provider)
    for receiver in people.RECEIVERS:
        make_receiver(receiver, administrator)
    for person in people.PEOPLE:
        make_memberships(make_user(person), person)
    for connection in own:
        pull_once(connection, RunKind.CATALOGUE, say)
        pull_once(connection, RunKind.CONTRACTS_FULL, say)
        pull_once(connection, RunKind.COUNTS_FULL, say)
    run_ups.draw()
    forecasting.check_all(timezone.now())
    ask_for_counts()


def ask_for_counts() -> None:
    """The mail of this week about missing counts, also on a Monday before it is due: there is something to read."""
    for theater in Theater.objects.filter(receiver__isnull=False).order_by("pk"):
        weekly.write_for(theater.pk, timezone.now(), at_once=True)


@functools.cache
def hashed_password() -> str:
    """Hashing is slow on purpose; one password for all needs it once."""
    return make_password(people.PASSWORD)


def make_user(person: people.Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create(
            email=person.email,
            name=person.name,
            password=hashed_password(),
            is_staff=person.staff,
            is_superuser=person.staff,
        )
        # The demo's addresses exist nowhere, so nobody could confirm them.
        user.emailaddress_set.create(email=person.email, verified=True, primary=True)  # type: ignore[attr-defined]
    return user


def make_connection(provider: people.Provider, administrator: Actor) -> Connection:
    organisation, _made = Organisation.objects.get_or_create(
        slug=provider.slug,
        defaults={
            "name": provider.name,
            "kind": Side.PROVIDER,
            "contact_name": "Planning",
            "contact_email": f"planning@{provider.slug}.example",
            "contact_phone": "020-0000000",
        },
    )
    return log_in_of(organisation, provider, administrator)


def log_in_of(organisation: Organisation, one: people.Provider | people.Receiver, administrator: Actor) -> Connection:
    current = connections.current(organisation)
    if current is not None and current.client_id == one.client_id:
        return current
    return connections.save_connection(
        organisation, client_id=one.client_id, secret=one.client_secret, actor=administrator
    )


def pull_once(connection: Connection, kind: RunKind, say: Say) -> None:
    """The worker pulls from now on; here only what was never pulled. Raises SeedFailed when it did not go well."""
    if SyncRun.objects.filter(connection=connection, kind=kind, state=RunState.GOOD).exists():
        return
    run = pull.run(connection, kind)
    if run.state != RunState.GOOD:
        raise SeedFailed(f"{kind} of {connection.organisation}: {'; '.join(run.errors) or run.state}")
    say(f"{connection.organisation}: {run.get_kind_display()}: {run.counts}")


def link_producers(provider: people.Provider) -> None:
    organisation = Organisation.objects.get(slug=provider.slug)
    found = Producer.objects.filter(pk__in=provider.producers)
    if len(found) != len(provider.producers):
        raise SeedFailed(f"the sandbox has not all producers of {provider.name}")
    organisation.producers.add(*found)


def make_receiver(receiver: people.Receiver, administrator: Actor) -> None:
    theater = Theater.objects.filter(pk=receiver.theater).first()
    if theater is None:
        raise SeedFailed(f"the sandbox has no theater {receiver.theater}")
    organisation, _made = Organisation.objects.get_or_create(
        slug=receiver.slug,
        defaults={
            "name": theater.name,
            "kind": Side.RECEIVER,
            "contact_name": "Programmering",
            "contact_email": f"programmering@{receiver.slug}.example",
            "contact_phone": "030-0000000",
        },
    )
    if theater.receiver_id is None:
        theater.receiver = organisation
        theater.save(update_fields=["receiver"])
    if receiver.client_id:
        log_in_of(organisation, receiver, administrator)


def make_memberships(user: User, person: people.Person) -> None:
    for slug, role in person.roles.items():
        organisation = Organisation.objects.get(slug=slug)
        Membership.objects.get_or_create(user=user, organisation=organisation, defaults={"role": Role(role)})
