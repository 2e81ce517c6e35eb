"""Rule 19: every field of every model, and every foreign id, is posted at every form. Nothing of it is accepted."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.models import Contract
from dipportal.notifications.models import SalesSubscription
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Invitation, Membership, Organisation, User
from tests.access.filling import filled_in
from tests.access.neighbours import MARK
from tests.access.objects import OBJECTS
from tests.access.routes import Route, is_ours, routes
from tests.access.test_matrix import OWN, address
from tests.world import World, evening, undone

MODELS: tuple[type[models.Model], ...] = (
    Contract, Production, Performance, Organisation, Membership, Invitation, User, SalesSubscription,
)  # fmt: skip
FORMS = [
    route
    for route in routes()
    if is_ours(route) and route.policy and isinstance(route.policy["area"], Side) and "POST" in route.policy["methods"]
]
by_name = pytest.mark.parametrize("route", FORMS, ids=lambda route: route.name)

# The page on which the form of an address stands, when it is not its own.
PAGE_OF = {
    "receivers:approve": "receivers:contract",
    "receivers:reject": "receivers:contract",
    "receivers:counts_sheet_save": "receivers:counts_sheet",
    "providers:contract_amend": "providers:contract",
    "providers:contract_revise": "providers:contract",
    "providers:contract_undo": "providers:contract",
    "providers:contract_restore": "providers:contract",
    "providers:dip_test": "providers:dip_connection",
    "providers:batch_retry": "providers:batch",
}
# What a person types on top of what stands in the form, so that it is accepted.
TYPED: dict[str, dict[str, Any]] = {
    "receivers:reject": {"reason": "Te duur."},
    "receivers:invite": {"email": "iemand@kade.example"},
    "providers:invite": {"email": "iemand@agency.example"},
    "providers:production_new": {"title": "Nieuw stuk"},
    "providers:contract_decline": {"reason": "Te laag."},
    "providers:contract_record": {"answer": "approved", "source": "letter"},
    "providers:standing_new": {"theater": "19", "title": "Mantel", "valid_from": "2026-01-01"},
    "providers:sales_mail_new": {"email": "accountant@kantoor.example"},
    "providers:dip_connection": {"client_id": "een-client", "secret": "een-geheim"},
}
# These save something when the form is sent as it stands: without them the test would prove nothing.
SAVES = {
    "receivers:approve", "receivers:reject", "receivers:retract", "receivers:undo",
    "receivers:organisation_edit",
    "receivers:invite", "receivers:member_role", "receivers:organisation_settings", "receivers:member_absence",
    "providers:organisation_settings", "providers:member_absence", "receivers:member_remove",
    "providers:organisation_edit", "providers:invite", "providers:contract_edit", "providers:contract_propose",
    "providers:contract_withdraw", "providers:contract_amend", "providers:contract_revise",
    "providers:contract_adopt", "providers:contract_decline", "providers:contract_record", "providers:contract_undo",
    "providers:contract_extend", "providers:contract_discard", "providers:contract_restore",
    "providers:production_new", "providers:production_edit", "providers:performance_edit",
    "providers:performance_cancel", "providers:dip_connection", "providers:standing_new", "providers:standing_edit",
    "providers:standing_end", "providers:sales_mail_new", "providers:sales_mail_stop", "providers:sales_mail_again",
}  # fmt: skip

TEXT, NUMBER, MOMENT = "ZZATTACK", 424242, "2001-01-01T01:01"


def attacks(world: World, own: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each model a value for every one of its columns, and for the foreign keys the neighbours' rows."""
    foreign = foreign_ids(world, own)
    for model in MODELS:
        values: dict[str, Any] = {}
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            if isinstance(field, models.ForeignKey | models.ManyToManyField):
                related = field.related_model
                values[field.name] = values[f"{field.name}_id"] = foreign.get(related, NUMBER)  # type: ignore[arg-type]
            elif field.choices:
                values[field.name] = [choice for choice, _label in field.choices][-1]
            else:
                values[field.name] = attack_value(field)
        yield model.__name__, values


def attack_value(field: Any) -> Any:
    if isinstance(field, models.DateTimeField):
        return MOMENT
    if isinstance(field, models.BooleanField):
        return "on"
    if isinstance(field, models.IntegerField | models.DecimalField):
        return NUMBER
    return f"{TEXT}@attack.example" if isinstance(field, models.EmailField) else TEXT


def foreign_ids(world: World, own: str) -> dict[type[models.Model], int]:
    other = world.rival if own == "agency" else world.haven
    manager = world.people["rival_manager" if own == "agency" else "haven_manager"]
    return {
        Organisation: other.pk,
        User: manager.pk,
        Contract: Contract.objects.filter(provider=world.rival).latest("pk").pk,
        Production: world.rival_production.pk,
        Performance: world.rival_performance.pk,
        type(world.producer): world.rival_producer.pk,
    }


def rows(queryset: Any) -> list[Any]:
    return list(queryset.order_by("pk").values())


def strangers_to(world: World, own: str) -> set[int]:
    ours: Organisation = getattr(world, own)
    return set(User.objects.exclude(memberships__organisation=ours).values_list("pk", flat=True))


def of_the_neighbours(world: World, own: str, strangers: set[int]) -> dict[str, list[Any]]:
    """Everything that belongs to the neighbours and to the counterpart: it must stay as it is, to the letter."""
    ours: Organisation = getattr(world, own)
    return {
        "contracts": rows(Contract.objects.filter(provider=world.rival)),
        "productions": rows(Production.objects.filter(producer=world.rival_producer)),
        "performances": rows(Performance.objects.filter(production__producer=world.rival_producer)),
        "organisations": rows(Organisation.objects.exclude(pk=ours.pk)),
        "memberships": rows(Membership.objects.exclude(organisation=ours)),
        "invitations": rows(Invitation.objects.exclude(organisation=ours)),
        "users": rows(User.objects.filter(pk__in=strangers)),
    }


def planted() -> list[str]:
    """Every column of ours in which a value of the attack has arrived."""
    found = []
    for model in MODELS:
        for row in model._default_manager.values():
            for name, value in row.items():
                if TEXT in str(value) or value == NUMBER or str(value).startswith("2001-01-01"):
                    found.append(f"{model.__name__}.{name}")
    return found


def mixed_up(world: World) -> list[str]:
    """Rows that hang on somebody else's."""
    contracts = Contract.objects.filter(provider=world.agency)
    wrong = [
        contracts.exclude(production__producer=world.producer),
        contracts.filter(performances__production__producer=world.rival_producer),
        contracts.exclude(parent=None).exclude(parent__provider=world.agency),
        Contract.objects.filter(provider=world.rival).exclude(production__producer=world.rival_producer),
        Production.objects.filter(producer=world.producer, revival_of__producer=world.rival_producer),
        Performance.objects.filter(production__producer=world.producer).exclude(theater=world.theater),
        SalesSubscription.objects.exclude(organisation=world.agency),
        SalesSubscription.objects.filter(productions__producer=world.rival_producer),
        User.objects.filter(is_staff=True).exclude(pk=world.people["staff"].pk),
        User.objects.filter(is_superuser=True).exclude(pk=world.people["staff"].pk),
    ]
    return [str(found) for found in wrong if found.exists()]


# What an answer of a receiver may change in an agreement; all else is the provider's.
ANSWER = {"status", "version", "answered_at", "answered_by_id", "answer_source", "answer_note"}
REJECTION = ANSWER - {"answer_note"} | {"rejection_reason", "rejected_terms"}
MAY_CHANGE = {
    "receivers:approve": ANSWER,
    "receivers:reject": REJECTION,
    "receivers:retract": REJECTION,
    "receivers:undo": REJECTION | ANSWER,
    # The provider's own answers: to an adapted proposal, written down on behalf, taken back.
    "providers:contract_adopt": ANSWER,
    "providers:contract_decline": ANSWER - {"answer_note"} | {"rejection_reason"},
    "providers:contract_record": ANSWER,
    "providers:contract_undo": ANSWER,
    "providers:contract_extend": {"version", "answer_by", "reminded"},
}
# No form of a provider writes these, whatever it does: they are DIP's, the receiver's or the portal's own.
NEVER = {
    "id", "provider_id", "theater_id", "production_id", "producer_id", "type", "reference", "dip_id", "root_id",
    "number", "parent_id", "created_at", "answered_at", "answered_by_id", "answer_source", "answer_note",
    "rejection_reason", "rejected_terms", "conflict_at", "conflict_text", "missing_since",
}  # fmt: skip


def changed_columns(before: list[Any], after: list[Any]) -> set[str]:
    old = {row["id"]: row for row in before}
    return {name for row in after if row["id"] in old for name in row if row[name] != old[row["id"]][name]}


def send(client: Client, url: str, data: dict[str, Any]) -> Any:
    return client.post(url, {name: value for name, value in data.items() if value is not None})


def own_form(client: Client, route: Route, url: str, page_url: str) -> dict[str, Any]:
    page = client.get(page_url, follow=True)
    text = page.content.decode() if page.status_code == 200 else ""
    return {**filled_in(page_url, text, url), **TYPED.get(route.name, {})}


@by_name
def test_no_column_and_no_foreign_id_is_accepted(world: World, route: Route) -> None:
    own = OWN[(route.policy or {})["area"]]
    organisation: Organisation = getattr(world, own)
    world.rival_contract(status="proposed")
    arguments = OBJECTS[route.name].own(world)
    url = address(route, organisation.slug, arguments)
    page_name = PAGE_OF.get(route.name, route.name)
    page_url = reverse(page_name, kwargs={"organisation": organisation.slug, **(arguments if arguments else {})})
    client = Client()
    client.force_login(world.people[f"{own}_manager"])
    base = own_form(client, route, url, page_url)
    strangers = strangers_to(world, own)
    before, contracts = of_the_neighbours(world, own, strangers), rows(Contract.objects.all())
    with undone():
        reply = send(client, url, base)
        why = reply.context["form"].errors if reply.context and "form" in reply.context else reply.status_code
        assert reply.status_code == 302 or route.name not in SAVES, (why, base)
    for name, attack in attacks(world, own):
        extra = {key: value for key, value in attack.items() if key not in base}
        with undone():
            reply = send(client, url, {**base, **extra})
            assert reply.status_code in (200, 302, 409), name
            assert MARK not in reply.content.decode()
            assert planted() == [], f"over-posted as {name}"
            assert mixed_up(world) == [], f"over-posted as {name}"
            assert of_the_neighbours(world, own, strangers) == before, f"over-posted as {name}"
            columns = changed_columns(contracts, rows(Contract.objects.all()))
            if route.name in MAY_CHANGE:
                assert columns <= MAY_CHANGE[route.name]
            else:
                assert columns.isdisjoint(NEVER)


_ROW = re.compile(r"-(\d+)-")


def worth_trying(fields: Iterable[str]) -> list[str]:
    """All fields, but of a set of rows those of the first two.

    The rows are made by one form class, and a row's number is nothing but a part of its fields' names: what the third
    one accepts, the second accepts too. The second is tried because the first is treated apart here and there.
    """
    row = {field: _ROW.search(field) for field in fields}
    return sorted(field for field, found in row.items() if found is None or int(found.group(1)) < 2)


def test_all_is_tried_but_the_third_row_and_further() -> None:
    fields = {"title", "form-TOTAL_FORMS", "form-0-hall", "form-1-hall", "form-2-hall", "form-10-hall", "price_3"}
    assert worth_trying(fields) == ["form-0-hall", "form-1-hall", "form-TOTAL_FORMS", "price_3", "title"]


@by_name
def test_a_foreign_id_in_a_field_of_the_form_is_refused(world: World, route: Route) -> None:
    own = OWN[(route.policy or {})["area"]]
    organisation: Organisation = getattr(world, own)
    world.rival_contract(status="proposed")
    Production.objects.filter(pk=world.rival_production.pk).update(title=f"{MARK} title")
    arguments = OBJECTS[route.name].own(world)
    url = address(route, organisation.slug, arguments)
    page_name = PAGE_OF.get(route.name, route.name)
    client = Client()
    client.force_login(world.people[f"{own}_manager"])
    base = own_form(client, route, url, reverse(page_name, kwargs={"organisation": organisation.slug, **arguments}))
    strangers = strangers_to(world, own)
    before = of_the_neighbours(world, own, strangers)
    # What is sent is the number: one that two neighbours' rows happen to share is one request.
    numbers = sorted(set(foreign_ids(world, own).values()))
    for field in worth_trying(base):
        for number in numbers:
            with undone():
                reply = send(client, url, {**base, field: [str(number)]})
                assert reply.status_code in (200, 302, 404, 409), field
                assert mixed_up(world) == [], f"{field} = {number}"
                assert of_the_neighbours(world, own, strangers) == before, field
                assert MARK not in reply.content.decode(), field


@pytest.mark.parametrize("chosen", ["production", "theater", "performances"])
def test_a_new_agreement_is_not_made_of_somebody_else_s(world: World, client: Client, chosen: str) -> None:
    """The choices of this form stand in the address."""
    client.force_login(world.people["agency_editor"])
    query = {
        "production": world.production.pk,
        "theater": world.theater.pk,
        "type": "partage",
        "performances": world.performances[0].pk,
    }
    foreign = {
        "production": world.rival_production.pk,
        "theater": world.other_theater.pk,
        "performances": world.rival_performance.pk,
    }
    data = {"performances": [query["performances"]], "provider_share": "80", "copyright_percentage": "12"}
    url = reverse("providers:contract_new", kwargs={"organisation": world.agency.slug})
    good = client.post(url, data, query_params=query)
    assert (good.status_code, Contract.objects.count()) == (302, 1)
    if chosen == "performances":
        data["performances"] = [foreign[chosen]]
    bad = client.post(url, data, query_params={**query, chosen: foreign[chosen]})
    assert bad.status_code in (200, 404)
    assert Contract.objects.count() == 1


@pytest.mark.parametrize("field", ["theater", "hall", "production"])
def test_a_new_performance_stays_within_its_own_production(world: World, client: Client, field: str) -> None:
    """A hall of another theater is refused; a production in the form is not read at all."""
    client.force_login(world.people["agency_editor"])
    url = reverse("providers:performance_new", kwargs={"organisation": world.agency.slug, "pk": world.production.pk})
    before = Performance.objects.filter(production=world.rival_production).count()
    day = evening(90)
    data = {
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-MIN_NUM_FORMS": "0", "form-MAX_NUM_FORMS": "60",
        "form-0-theater": str(world.theater.pk), "form-0-hall": str(world.hall.pk), "form-0-date": f"{day:%Y-%m-%d}",
        "form-0-time": "20:15", "form-0-kind": "normal",
    }  # fmt: skip
    if field == "hall":
        data["form-0-hall"] = str(world.other_hall.pk)
    if field == "production":
        data["form-0-production"] = data["production"] = str(world.rival_production.pk)
    client.post(url, data)
    assert Performance.objects.filter(production=world.rival_production).count() == before
    assert not Performance.objects.filter(theater=world.theater, hall=world.other_hall).exists()
