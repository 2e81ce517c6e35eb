"""A process of the portal for the weekly mail: `python -m tests.notifications.weekly_stage VERB`.

build N   the tables, and N theaters, each with three people who hear that counts are missing; their moment has come
work      beats and drains without end, as a worker does whom a beat wakes up far too often
settle    the same until nothing is open
state     prints the mails: what each is about, to whom, its Message-ID and what became of it
"""

import json
import sys
import time

import django

PATIENCE = 60.0


def build(number: int) -> None:
    from django.core.management import call_command

    from dipportal.catalogue.models import Performance, Theater
    from dipportal.organisations.models import Membership, Organisation, User
    from dipportal.ticketing.models import Counting
    from tests.world import build as build_world
    from tests.world import evening

    call_command("migrate", interactive=False, verbosity=0)
    world = build_world()
    Theater.objects.update(receiver=None)
    for n in range(number):
        house = Organisation.objects.create(slug=f"huis-{n}", name=f"Huis {n}", kind="receiver")
        theater = Theater.objects.create(id=500 + n, name=f"Theater {n}", receiver=house)
        # Monday at midnight: on every day of the week it has come.
        Counting.objects.create(theater=theater, weekday=0, hour=0)
        for role in ("editor", "manager", "manager"):
            user = User.objects.create_user(f"{role}{User.objects.count()}@huis-{n}.example")
            Membership.objects.create(user=user, organisation=house, role=role)
        for day in range(4):
            Performance.objects.create(
                number=50_000_000 + n * 10 + day, production=world.production, theater=theater,
                starts_at=evening(3 + day),
            )  # fmt: skip


def work() -> None:
    from dipportal.notifications import delivery, weekly

    while True:
        weekly.write_due()
        delivery.drain_due()
        time.sleep(0.01)


def settle() -> None:
    from dipportal.notifications import delivery, weekly
    from dipportal.notifications.models import Email
    from dipportal.outbox.models import WORKABLE

    end = time.monotonic() + PATIENCE
    weekly.write_due()
    while Email.objects.filter(state__in=WORKABLE).exists():
        if time.monotonic() > end:
            raise TimeoutError("mails stay open")
        # What a dead worker left in doubt waits half a minute; here it need not.
        Email.objects.filter(state="unclear").update(due_at="2020-01-01T00:00:00Z")
        weekly.write_due()
        delivery.drain_due()
        time.sleep(0.05)


def state() -> list[list[str]]:
    from dipportal.notifications.models import Email

    rows = Email.objects.order_by("pk").values_list("event_key", "recipient", "message_id", "state")
    return [list(row) for row in rows]


def main(words: list[str]) -> None:
    django.setup()
    if words[0] == "build":
        build(int(words[1]))
    elif words[0] == "work":
        work()
    elif words[0] == "settle":
        settle()
    print(json.dumps(state()))


if __name__ == "__main__":
    main(sys.argv[1:])
