"""Agreements on paper: what is in the PDF, what its digest holds, and what the portal says to whoever asks."""

import datetime as dt
import io
import json
import logging
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions, paper
from dipportal.contracts.enums import AnswerSource, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.paper.text import ZERO_WIDTH_SPACE, breakable, tidy
from dipportal.contracts.paper.typesetting import typeset
from dipportal.contracts.terms import OPEN_END, TERMS, Unit
from tests.access.paper import standing_agreement
from tests.world import World, evening

MARKUP = "De *vette* #let x = [1] $a^2$ <b> \"quotes\" 'q' `raw` @ref \\ // _x_ ~ = -- €"
MOST = {
    ContractType.PARTAGE: {"provider_share": Decimal("80"), "provider_guarantee": 650000},
    ContractType.VOLUME: {
        "tranches": [{"amount": 100000 * bound, "percentage": "90"} for bound in range(1, 5)]
        + [{"amount": OPEN_END, "percentage": "55.5"}],
        "shared_costs": 80000,
        "copyright_percentage": Decimal("12"),
    },
    ContractType.BUYOUT: {"buyout_amount": 450000, "copyright_percentage": Decimal("12")},
    ContractType.SUPPLETION: {"provider_share": Decimal("75"), "suppletion_amount": 200000},
    ContractType.RENT: {"rent": 200000, "other_costs": 35000},
}


@pytest.fixture(autouse=True)
def nobody_asked_yet() -> None:
    """The count of questions lives in the cache, which tests of one process share."""
    cache.clear()


def loaded(contract: Contract) -> Contract:
    people = ("proposed_by", "answered_by")
    rows = Contract.objects.select_related("provider", "producer", "production", "theater__receiver", *people)
    return rows.get(pk=contract.pk)


def texts(value: Any) -> str:
    """Every text of the content, without the places to break."""
    if isinstance(value, dict):
        return "\n".join(texts(one) for one in value.values())
    if isinstance(value, list):
        return "\n".join(texts(one) for one in value)
    return str(value).replace(ZERO_WIDTH_SPACE, "")


def content_text(contract: Contract) -> str:
    return texts(paper.content(loaded(contract)))


# --- the PDF -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(ContractType))
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_type_becomes_a_pdf_of_the_same_bytes_each_time(world: World, kind: str, language: str) -> None:
    prices = {"entrance_prices": [2750] * 10, "settlement_prices": [2500] * 10, "remarks": MARKUP * 50}
    made = loaded(world.contract(kind=kind, terms={**MOST[ContractType(kind)], **prices}))
    with translation.override(language):
        one, other = paper.pdf(made), paper.pdf(made)
    assert one.startswith(b"%PDF-")
    assert one == other
    assert f"/Lang ({language})".encode() in one or f"/Lang({language})".encode() in one


@pytest.mark.parametrize("text", [MARKUP, "#", "]", "$", "*", "\\", '"', "<script>", '#read("/etc/passwd")', "#" * 140])
def test_a_text_is_never_read_as_markup(world: World, text: str) -> None:
    """The title goes in as data: it neither breaks the PDF nor does anything in it."""
    world.production.title = text
    world.production.save()
    made = loaded(world.contract(terms={"remarks": f"{text}\n{text}"}, parties={"contact_receiver": ""}))
    content = paper.content(made)
    assert content["title"].replace(ZERO_WIDTH_SPACE, "") == text
    assert typeset(content).startswith(b"%PDF-")


def test_every_term_of_the_type_stands_on_paper(world: World) -> None:
    for kind in ContractType:
        made = world.contract(kind=kind, terms=MOST[kind])
        text = content_text(made)
        for term in made.terms:
            assert str(term.label) in text, (kind, term.name)


def test_prices_and_tranches_are_rows(world: World) -> None:
    prices = {"entrance_prices": [4750, 4500, 0], "settlement_prices": [4500, 4250]}
    made = world.contract(kind="volume", terms={**MOST[ContractType.VOLUME], **prices})
    with translation.override("en"):
        groups = {group["label"]: group for group in paper.content(loaded(made))["groups"]}
    assert [row[1:] for row in groups["Money"]["tables"][0]["rows"]] == [
        *[[f"€\u00a0{bound}.000,00", "90\u00a0%", "10\u00a0%"] for bound in range(1, 5)],
        ["no end", "55,5\u00a0%", "44,5\u00a0%"],
    ]
    ranks = groups["Prices and surcharges"]["tables"][0]["rows"]
    assert ranks == [
        ["1", "€\u00a047,50", "€\u00a045,00"],
        ["2", "€\u00a045,00", "€\u00a042,50"],
        ["3", "€\u00a00,00", "–"],
    ]


def test_the_base_of_the_sums_stands_under_the_money_in_words(world: World) -> None:
    with translation.override("en"):
        text = content_text(world.contract())
        costs = content_text(world.contract(kind="volume", terms=MOST[ContractType.VOLUME]))
    assert "net = revenue without surcharges, VAT and copyright\n" in text + "\n"
    assert "shared costs go off before it is divided" in costs


def test_who_proposed_and_who_approved_stands_there_with_their_side(world: World) -> None:
    made = loaded(world.contract(status="approved"))
    with translation.override("en"):
        rows = paper.content(made)["steps"]["rows"]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("Proposed", world.people["agency_editor"].name, world.agency.name),
        ("Approved", world.people["kade_editor"].name, world.kade.name),
    ]


def test_an_answer_on_behalf_is_marked_as_such(world: World) -> None:
    made = world.contract(status="proposed")
    actions.approve(made, actor=world.actors["agency_editor"], source=AnswerSource.TELEPHONE)
    with translation.override("en"):
        answer = paper.content(loaded(made))["steps"]["rows"][1]
    assert answer[1] == (
        f"recorded by {world.people['agency_editor'].name} of {world.agency.name} "
        "on behalf of the receiver: answered by telephone"
    )


def test_a_rejected_version_carries_reason_marks_suggestions_and_remarks(world: World) -> None:
    made = world.contract(status="proposed")
    actions.reject(
        made,
        actor=world.actors["kade_editor"],
        reason="Te hoog\nvoor ons.",
        rejected_terms=["provider_guarantee", "entrance_prices", "start_time"],
        suggestions={
            "provider_guarantee": {"value": 400000, "remark": "Maandag"},
            "entrance_prices": {"value": [2500]},
            "start_time": {"remark": "Liever 20.00 uur"},
        },
    )
    with translation.override("en"):
        content = paper.content(loaded(made))
    money, tickets = content["groups"][0], content["groups"][1]
    assert content["notices"][0] == {"title": "Rejected on the marked fields", "lines": ["Te hoog", "voor ons."]}
    marked = {row["label"]: row["marks"] for row in money["rows"] if row["marks"]}
    assert marked == {
        "Guarantee to the provider": [
            {"label": "Guarantee to the provider", "suggestion": "€\u00a04.000,00", "remark": "Maandag"}
        ]
    }
    assert tickets["tables"][0]["marks"] == [{"label": "Entrance prices", "suggestion": "€\u00a025,00", "remark": ""}]
    assert (content["evenings"]["rejected"], content["evenings"]["remark"]) == (True, "Liever 20.00 uur")


def test_the_standing_agreement_that_applies_is_named(world: World) -> None:
    made = world.contract(terms={"standing_agreement": True})
    with translation.override("en"):
        assert "yes. The terms say that the standing agreement applies, but none is on file" in content_text(made)
        standing_agreement(world)
        assert "yes. Standing agreement “Mantel 2020” (from Wed 1 Jan 2020) applies." in content_text(made)
        Contract.objects.update(standing_agreement=False)
        assert "Mantel 2020" not in content_text(made)


def test_what_a_side_keeps_to_itself_is_not_on_the_paper_of_both(world: World) -> None:
    made = world.contract(status="proposed", parties={"own_reference": "GEHEIM-7"})
    assert "GEHEIM-7" not in json.dumps(paper.content(loaded(made)))


def test_long_words_can_break_and_invisible_signs_are_gone() -> None:
    assert max(len(piece) for piece in breakable("W" * 140).split(ZERO_WIDTH_SPACE)) <= 12
    assert breakable("a" * 30 + "@kade.example").replace(ZERO_WIDTH_SPACE, "") == "a" * 30 + "@kade.example"
    assert breakable("gewone woorden") == "gewone woorden"
    assert tidy({"a": ["ab\x00c\u202ed"]}) == {"a": ["abcd"]}
    link = "https://portaal.voorbeeld.example/controle/?code=" + "a" * 64
    assert tidy(link) == link


@pytest.mark.parametrize(
    "title", ["De Storm", "../../etc/passwd", 'a"; b\r\nX-Evil: 1', "Über «Größe»", "🎭", "x" * 300]
)
def test_the_file_s_name_is_safe_in_a_header_and_on_a_disk(world: World, title: str) -> None:
    made = world.contract()
    made.production.title = title
    name = paper.file_name(made)
    assert name.startswith(f"{made.reference}-v1") and name.endswith(".pdf")  # noqa: PT018
    assert set(name) <= set("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(name) < 100
    assert ".." not in name


def test_what_takes_too_long_or_fails_is_refused_in_words_and_logged_without_content(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    content = paper.content(loaded(world.contract()))
    with caplog.at_level(logging.ERROR), pytest.raises(paper.PaperError) as slow:
        typeset(content, seconds=0.001)
    with pytest.raises(paper.PaperError):
        typeset({**content, "groups": 7})
    assert str(slow.value)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "Storm" not in caplog.text


# --- the digest --------------------------------------------------------------------------------------------------
def changed_value(term: Any, value: Any) -> Any:
    """Another value for this term, with another meaning."""
    return {
        Unit.CENTS: lambda: (value or 0) + 1,
        Unit.COUNT: lambda: (value or 0) + 1,
        Unit.PERCENT: lambda: Decimal("33.3333") if value != Decimal("33.3333") else Decimal("1"),
        Unit.FLAG: lambda: not value,
        Unit.TEXT: lambda: f"{value}!",
        Unit.PRICES: lambda: [*(value or []), 1234],
        Unit.TRANCHES: lambda: [*(value or [])[:-1], {"amount": 77, "percentage": "1.00"}],
    }[term.unit]()


@pytest.mark.parametrize("kind", list(ContractType))
def test_any_other_term_gives_another_digest(world: World, kind: str) -> None:
    made = world.contract(kind=kind, terms=MOST[ContractType(kind)])
    before = paper.digest(made)
    for term in made.terms:
        now = Contract.objects.get(pk=made.pk)
        setattr(now, term.name, changed_value(term, term.value(now)))
        assert paper.digest(now) != before, term.name


def test_any_other_fact_gives_another_digest(world: World) -> None:
    made = world.contract(status="approved")
    found = {paper.digest(made)}
    for name, value in {
        "contact_receiver": "ander@kade.example",
        "contact_provider": "ander@agency.example",
        "agency_as_provider": False,
        "producer": world.rival_producer,
        "theater": world.other_theater,
        "provider": world.rival,
        "production": world.rival_production,
        "reference": "DP-2222222222",
    }.items():
        now = Contract.objects.get(pk=made.pk)
        setattr(now, name, value)
        found.add(paper.digest(now))
    play = world.performances[0]
    for name, value in {
        "starts_at": evening(31),
        "hall": world.other_hall,
        "status": PerformanceStatus.CANCELLED,
    }.items():
        before = getattr(play, name)
        Performance.objects.filter(pk=play.pk).update(**{name: value})
        found.add(paper.digest(made))
        Performance.objects.filter(pk=play.pk).update(**{name: before})
    made.production.title = "De storm"
    found.add(paper.digest(made))
    made.performances.add(world.performances[1])
    found.add(paper.digest(made))
    assert len(found) == 14


def test_what_happens_to_a_version_later_leaves_its_digest(world: World) -> None:
    made = world.contract(status="proposed")
    before = paper.digest(made)
    actions.reject(made, actor=world.actors["kade_editor"], reason="Nee.", rejected_terms=["remarks"])
    Contract.objects.filter(pk=made.pk).update(
        dip_id=123, number=4, own_reference="eigen", answer_by=dt.date(2030, 1, 1), reminded=2, version=99
    )
    world.production.dip_id = "NL-25-123-9999999"
    world.production.save()
    Performance.objects.filter(pk=world.performances[0].pk).update(number=77, version=8)
    world.theater.name = "Omgedoopt"
    world.theater.save()
    assert paper.digest(loaded(made)) == before


AMOUNTS = st.none() | st.integers(0, 10_000_000)
PERCENTAGES = st.none() | st.decimals(0, 100, places=4)
VALUES = {
    Unit.CENTS: AMOUNTS,
    Unit.COUNT: st.none() | st.integers(0, 50),
    Unit.PERCENT: PERCENTAGES,
    Unit.FLAG: st.none() | st.booleans(),
    Unit.TEXT: st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    Unit.PRICES: st.lists(st.integers(0, 10_000), max_size=10),
    Unit.TRANCHES: st.lists(
        st.fixed_dictionaries({"amount": st.integers(1, 10**8), "percentage": st.integers(0, 100).map(str)}), max_size=5
    ),
}
TWO_SETS = st.sampled_from(list(ContractType)).flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        *[st.fixed_dictionaries({term.name: VALUES[term.unit] for term in TERMS if term.has(kind)}) for _ in range(2)],
    )
)


@given(sets=TWO_SETS, names=st.sets(st.sampled_from([term.name for term in TERMS])))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_versions_have_one_digest_exactly_when_all_terms_mean_the_same(
    world: World, sets: tuple[Any, dict[str, Any], dict[str, Any]], names: set[str]
) -> None:
    """Some terms of the second set over the first: equal digests then, and only then, when `Term.same` says so."""
    kind, one, other = sets
    common = {"provider": world.agency, "theater": world.theater, "production": world.production, "pk": 0}
    common |= {"producer": world.producer, "type": kind, "reference": "DP-2345678923", "status": Status.PROPOSED}
    mixed = {name: other[name] if name in names else value for name, value in one.items()}
    first, second = Contract(**common, **one), Contract(**common, **mixed)
    default = {term.name: term.empty() for term in first.terms}
    same = all(
        term.same(
            default[term.name] if one[term.name] is None else one[term.name],
            default[term.name] if mixed[term.name] is None else mixed[term.name],
        )
        for term in first.terms
    )
    assert (paper.digest(first) == paper.digest(second)) is same


# --- asking the portal -------------------------------------------------------------------------------------------
def ask(client: Client, reference: str, code: str) -> Any:
    return client.get(reverse("check_paper"), {"kenmerk": reference, "code": code})


def verdict(reply: Any) -> bool:
    assert reply.status_code == 200
    assert reply.context["answered"] is True
    return reply.context["found"] is not None


def answer(reply: Any) -> str:
    """What the page says, without the form below it, which repeats what was typed."""
    page = reply.content.decode()
    return str(page.partition('<section class="card">')[2].partition("<form")[0])


@pytest.mark.parametrize("status", ["proposed", "approved", "rejected"])
def test_the_link_on_the_paper_says_yes_until_something_changes(world: World, client: Client, status: str) -> None:
    made = world.contract(status=status)
    link = urlsplit(paper.content(loaded(made))["check"]["url"])
    printed = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert link.path == reverse("check_paper")
    reply = client.get(link.path, printed)
    assert verdict(reply)
    page = reply.content.decode()
    assert made.reference in page
    for secret in ("Storm", world.agency.name, "De Kade", "6.500", world.people["agency_editor"].name, "80\u00a0%"):
        assert secret not in page, secret
    Contract.objects.filter(pk=made.pk).update(provider_guarantee=650001)
    assert not verdict(client.get(link.path, printed))


def test_typed_by_hand_five_groups_are_enough_and_fewer_are_not(world: World, client: Client) -> None:
    made = world.contract(status="approved")
    code = paper.digest(made)
    blocks = " ".join(code[at : at + 4] for at in range(0, 20, 4)).upper()
    assert verdict(ask(client, f" {made.reference.lower()} ", blocks))
    assert not verdict(ask(client, made.reference, "0" * 20))
    assert not verdict(ask(client, made.reference, code[:63] + ("0" if code[63] != "0" else "1")))
    assert ask(client, made.reference, code[:19]).context["answered"] is False
    assert not verdict(ask(client, made.reference, "zz" * 20))
    assert not verdict(ask(client, made.reference, code + code[:4]))


def test_a_concept_an_unknown_one_and_one_taken_back_get_the_same_no(world: World, client: Client) -> None:
    concept = world.contract()
    back = world.contract(status="proposed", performances=[world.performances[1]])
    code = paper.digest(back)
    assert verdict(ask(client, back.reference, code))
    actions.withdraw(back, actor=world.actors["agency_editor"])
    pages = set()
    for reference, digest in ((concept.reference, paper.digest(concept)), (back.reference, code), ("DP-X", code)):
        reply = ask(client, reference, digest)
        assert not verdict(reply)
        pages.add(answer(reply))
    assert len(pages) == 1
    assert paper.content(loaded(concept))["check"] == {}


def test_one_made_in_dip_is_known_by_dip_s_number(world: World, client: Client) -> None:
    made = world.contract(status="approved")
    other = world.rival_contract(status="approved")
    Contract.objects.filter(pk__in=(made.pk, other.pk)).update(reference="", dip_id=555)
    made = loaded(made)
    assert paper.reference_of(made) == "DIP-555"
    assert verdict(ask(client, "dip-555", paper.digest(made)))
    assert not verdict(ask(client, "DIP-556", paper.digest(made)))
    assert paper.find("DIP-555", paper.digest(loaded(other))) == other
    assert paper.find("", paper.digest(made)) is None


def test_who_may_see_it_is_led_to_it_and_nobody_else(world: World) -> None:
    made = world.contract(status="approved")
    for name, area in (("agency_viewer", "providers"), ("kade_viewer", "receivers")):
        client = Client()
        client.force_login(world.people[name])
        organisation = world.agency if area == "providers" else world.kade
        address = reverse(f"{area}:contract", kwargs={"organisation": organisation.slug, "pk": made.pk})
        assert f'href="{address}"' in ask(client, made.reference, paper.digest(made)).content.decode()
    for name in ("rival_manager", "haven_manager", "nobody"):
        client = Client()
        client.force_login(world.people[name])
        assert f"/{made.pk}/" not in ask(client, made.reference, paper.digest(made)).content.decode()


def test_asking_too_often_is_refused_for_a_minute_and_for_one_address_only(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.contract(status="approved")
    code = paper.digest(made)
    monkeypatch.setattr("dipportal.contracts.public_pages.time.time", lambda: 1_000_000.0)
    replies = [ask(client, made.reference, code).status_code for _time in range(25)]
    assert replies == [200] * 20 + [429] * 5
    late = ask(client, made.reference, "0" * 64)
    wrong = ask(client, made.reference, code)
    assert [reply.status_code for reply in (late, wrong)] == [429, 429]
    assert answer(late) == answer(wrong)
    elsewhere = client.get(reverse("check_paper"), {"kenmerk": made.reference, "code": code}, REMOTE_ADDR="10.1.2.3")
    assert verdict(elsewhere)
    assert client.get(reverse("check_paper")).status_code == 200
    monkeypatch.setattr("dipportal.contracts.public_pages.time.time", lambda: 1_000_060.0)
    assert verdict(ask(client, made.reference, code))


@pytest.mark.parametrize(
    "query", ["kenmerk=%00&code=%00", "code=" + "a" * 5000, "kenmerk=DIP-99999999999999999999&code=" + "a" * 64]
)
def test_nonsense_is_answered_and_not_broken(world: World, client: Client, query: str) -> None:
    assert client.get(f"{reverse('check_paper')}?{query}").status_code == 200


def test_the_answer_is_kept_by_no_cache(world: World, client: Client) -> None:
    assert "no-store" in client.get(reverse("check_paper")).headers["Cache-Control"]


def test_the_pdf_has_what_the_content_has(world: World) -> None:
    """A template that forgets a part would be found by nobody: each part changes the bytes."""
    content = paper.content(loaded(world.contract(status="rejected")))
    whole = typeset(content)
    shorter: dict[str, Any] = {
        "notices": [],
        "facts": content["facts"][:1],
        "evenings": {**content["evenings"], "rows": []},
        "groups": content["groups"][:1],
        "steps": {**content["steps"], "rows": []},
        "check": {},
    }
    assert set(shorter) <= set(content)
    for name, less in shorter.items():
        assert len(typeset({**content, name: less})) < len(whole), name
    assert io.BytesIO(whole).read(5) == b"%PDF-"
