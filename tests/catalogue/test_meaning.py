"""What a search asks first changes what it costs, not what it finds: with few keys known, with none, or not asked."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue import meaning
from dipportal.catalogue.meaning import Meaning
from dipportal.catalogue.models import Performance, Production
from dipportal.catalogue.searching import asked
from dipportal.contracts.models import Contract
from dipportal.core import together
from dipportal.organisations.models import Organisation
from dipportal.providers import finding as provider_finding
from dipportal.receivers import finding as receiver_finding
from tests.world import World, evening, season

TEXTS = [
    "storm", "STORM ", "kade", "voorbeeld", "haven", "windstilte", "11484906", "1148", "99400001", "NL-25-123",
    "0003776|1148", "|1148", "0003776|", "DP-", "eigen", "e", "%", "_", "niets daarvan", "9" * 30,
]  # fmt: skip


@pytest.fixture
def full(world: World) -> World:
    """With several agreements, an evening elsewhere, and a title of the neighbour's that plays in our house."""
    world.contract(status="proposed", parties={"own_reference": "Eigen nummer 7"})
    world.contract(status="approved", performances=[world.performances[1]])
    world.rival_contract(status="proposed")
    Performance.objects.create(
        production=world.rival_production, theater=world.theater, starts_at=evening(60), number=99400002
    )
    Production.objects.create(title="Storm op komst", season=season(), genre=world.genre, producer=world.producer)
    return world


def plain(organisation: Organisation, text: str, *, own_reference: bool) -> dict[str, list[Any]]:
    """By the queries of the lists alone."""
    contracts = Contract.objects.visible_to(organisation).filter(discarded_at=None)
    found = contracts.newest(organisation) if organisation.is_receiver else contracts
    return {
        "performances": list(
            Performance.objects.visible_to(organisation).search(text).order_by("-starts_at", "-pk").values_list("pk")
        ),
        "contracts": list(
            found.search(text, own_reference=own_reference).order_by("-first_at", "-pk").values_list("pk")
        ),
    }


def keys(rows: list[Any]) -> list[tuple[int]]:
    return [(row.pk,) for row in rows]


@pytest.mark.parametrize("few", [200, 1, 0])
@pytest.mark.parametrize("text", TEXTS)
def test_both_sides_find_what_their_lists_find(
    full: World, monkeypatch: pytest.MonkeyPatch, text: str, few: int
) -> None:
    monkeypatch.setattr(meaning, "FEW", dict.fromkeys(meaning.FEW, few))
    for organisation in (full.agency, full.rival):
        mine = provider_finding.find(organisation, text, most=50)
        assert {"performances": keys(mine.performances), "contracts": keys(mine.contracts)} == plain(
            organisation, text, own_reference=True
        )
        assert mine.productions == list(Production.objects.visible_to(organisation).search(text))
    for organisation in (full.kade, full.haven):
        ours = receiver_finding.find(organisation, text, most=50)
        assert {"performances": keys(ours.performances), "contracts": keys(ours.contracts)} == plain(
            organisation, text, own_reference=False
        )


@pytest.mark.parametrize("text", ["storm", "zzqq", "0003776|"])
def test_the_keys_are_those_of_what_is_named(full: World, text: str) -> None:
    named = Production.objects.filter(title__icontains=text).values_list("pk", flat=True)
    known = Meaning.of(together.read(asked(full.agency, text))[0])
    assert sorted(known.productions or []) == sorted(named)
    assert (known.theaters, known.numbered) == ([], [])


def test_more_than_a_few_are_not_named_one_by_one(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "FEW", dict.fromkeys(meaning.FEW, 1))
    with CaptureQueriesContext(connection) as queries:
        known = Meaning.of(together.read(asked(full.agency, "storm"))[0])
    assert (known.productions, known.theaters) == (None, [])
    assert queries[0]["sql"].count("LIMIT 2") == 2


def test_rows_known_by_their_keys_are_not_compared_word_by_word(full: World) -> None:
    """That is what makes a word cheap that means three rows of many."""
    with CaptureQueriesContext(connection) as queries:
        provider_finding.find(full.agency, "storm", most=20)
    assert len(queries) == 3
    _asked, performances, contracts = [query["sql"].upper() for query in queries]
    assert "STORM" not in performances
    assert 'TITLE" LIKE' not in contracts
    assert 'TITLE"::TEXT' not in contracts
    with CaptureQueriesContext(connection) as nothing:
        provider_finding.find(full.agency, "zzqq", most=20)
    assert len(nothing) == 2, "no evening can be meant, so none is asked for"


def test_an_agreement_is_found_by_a_title_that_left_the_organisation(full: World) -> None:
    Production.objects.filter(pk=full.production.pk).update(producer=full.rival_producer)
    found = provider_finding.find(full.agency, full.production.title, most=50)
    assert full.production not in found.productions
    assert {row.production_id for row in found.contracts} == {full.production.pk}


def test_what_is_shown_of_a_row_is_read_with_it(full: World) -> None:
    found = provider_finding.find(full.agency, "storm", most=50)
    with CaptureQueriesContext(connection) as more:
        assert [row.title for row in found.contracts] == [full.production.title] * 2
        assert {row.house for row in found.performances} == {full.theater.name}
        assert [(row.title, row.season, row.dip_id) for row in found.productions if row.dip_id] == [
            (full.production.title, full.production.season, full.production.dip_id)
        ]
    assert len(more) == 0
