"""The start page, the synchronisation, and what a page says of DIP."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.dip import gate, tasks
from dipportal.dip.models import Connection, Operation, RemoteRecord, RunKind, RunStep, SyncRun
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import State
from dipportal.providers import pulls as pulls_page
from tests.providers.browser import at, signed_in
from tests.world import World


def operation(
    organisation: Organisation, contract: Contract, state: State = State.ATTENTION, **values: Any
) -> Operation:
    return Operation.objects.create(
        kind="contract.create",
        key=f"contract:{contract.pk}",
        organisation=organisation,
        subject_kind="contract",
        subject_id=contract.pk,
        state=state,
        **{"error_text": "DIP kent dit theater niet.", **values},
    )


def quiet(world: World) -> None:
    """Take away what the actions queued by themselves."""
    Operation.objects.all().delete()


@pytest.fixture
def connection(world: World) -> Connection:
    return Connection.objects.create(organisation=world.agency, client_id="x")


@pytest.fixture
def pulls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What would have been queued."""
    queued: list[tuple[int, str]] = []
    monkeypatch.setattr(tasks.pull_one, "delay", lambda pk, kind: queued.append((pk, str(kind))))
    monkeypatch.setattr(tasks.drain_operations, "delay", lambda: None)
    return queued


# --- start -------------------------------------------------------------------------------------------------------
def sections(world: World, name: str = "agency_viewer") -> dict[str, Any]:
    context = signed_in(world, name).get(at(world.agency, "start")).context
    return {section.kind.name: section for section in context["sections"]}


def test_what_waits_stands_in_its_section(world: World) -> None:
    concept, proposed, rejected = (world.contract(status=status) for status in ("concept", "proposed", "rejected"))
    world.contract(status="approved")
    world.rival_contract(status="rejected")
    found = sections(world)
    assert found["concepts"].rows == [concept]
    assert found["unanswered"].rows == [proposed]
    assert found["rejections"].rows == [rejected]
    assert found["bare"].rows == world.performances[1:]


def test_a_section_shows_the_first_and_leads_to_all(world: World) -> None:
    for _number in range(7):
        world.contract()
    section = sections(world)["concepts"]
    assert (len(section.rows), section.count, section.more) == (5, 7, True)
    everything = signed_in(world, "agency_viewer").get(section.url)
    assert len(everything.context["listing"].page) == 7


@pytest.mark.parametrize("name", ["rejections", "unanswered", "concepts", "bare"])
def test_the_way_to_all_shows_the_same_rows(world: World, name: str) -> None:
    for status in ("concept", "proposed", "rejected", "approved"):
        world.contract(status=status)
    world.contract(performances=[world.performances[1]], status="approved")
    section = sections(world)[name]
    page = signed_in(world, "agency_viewer").get(section.url)
    assert {row.pk for row in page.context["listing"].page} == {row.pk for row in section.rows}


def test_everything_done_is_said(world: World) -> None:
    world.contract(status="approved", performances=world.performances)
    quiet(world)
    page = signed_in(world, "agency_viewer").get(at(world.agency, "start"))
    assert (page.context["sections"], page.context["problems"], page.context["fresh"]) == ([], [], False)
    assert 'class="empty-state"' in page.content.decode()


def test_the_draft_link_of_a_bare_performance_leads_to_its_form(world: World) -> None:
    page = signed_in(world, "agency_editor").get(at(world.agency, "start")).content.decode()
    link = f"?production={world.production.pk}&amp;theater={world.theater.pk}"
    assert link in page
    form = signed_in(world, "agency_editor").get(at(world.agency, "contract_new") + link.replace("&amp;", "&"))
    assert form.context["theater"] == world.theater


def test_problems_with_dip_are_named_and_those_of_the_neighbour_are_not(world: World) -> None:
    own, strange = world.contract(), world.rival_contract()
    quiet(world)
    operation(world.agency, own)
    operation(world.rival, strange, error_text="Van de buren")
    page = signed_in(world, "agency_viewer").get(at(world.agency, "start"))
    (problem,) = page.context["problems"]
    assert problem.url == at(world.agency, "contract", pk=own.pk)
    assert "DIP kent dit theater niet." in page.content.decode()
    assert "Van de buren" not in page.content.decode()


# --- synchronisation ---------------------------------------------------------------------------------------------
def test_the_runs_are_ones_own(world: World, connection: Connection) -> None:
    ended = timezone.now()
    mine = SyncRun.objects.create(
        connection=connection,
        organisation=world.agency,
        kind="contracts",
        state="partly",
        started_at=ended - dt.timedelta(seconds=90),
        finished_at=ended,
        counts={"seen": 4217},
        errors=["Eén productie had geen datum."],
    )
    SyncRun.objects.create(organisation=world.rival, kind="contracts", state="good", errors=["Van de buren"])
    page = signed_in(world, "agency_viewer").get(at(world.agency, "sync"))
    assert [(run.pk, took) for run, took in page.context["runs"]] == [(mine.pk, 90)]
    text = page.content.decode()
    assert "Eén productie had geen datum." in text
    assert "Van de buren" not in text
    assert "data-action" not in text


def test_what_did_not_reach_dip_is_asked_for_only_where_there_is_any(
    world: World, connection: Connection, django_assert_num_queries: Any
) -> None:
    client = signed_in(world, "agency_viewer")
    run_of(connection, "contracts")
    operation(world.rival, world.rival_contract())
    client.get(at(world.agency, "sync"))
    with django_assert_num_queries(7):
        text = client.get(at(world.agency, "sync")).content.decode()
    assert "data-problem" not in text
    operation(world.agency, world.contract())
    assert client.get(at(world.agency, "sync")).content.decode().count("data-problem") == 1


def test_sync_now_wakes_a_worker(world: World, connection: Connection, pulls: list[tuple[int, str]]) -> None:
    client = signed_in(world, "agency_editor")
    # Who had to log in first comes back by GET: nothing is done, and the page with the button opens.
    opened = client.get(at(world.agency, "sync_now"))
    assert (opened.status_code, opened.headers["Location"], pulls) == (302, at(world.agency, "sync"), [])
    assert client.post(at(world.agency, "sync_now")).status_code == 302
    assert pulls == [(connection.pk, "catalogue"), (connection.pk, "contracts"), (connection.pk, "counts")]


def test_a_run_of_a_kind_that_another_version_knew_stands_there_all_the_same(
    world: World, connection: Connection
) -> None:
    SyncRun.objects.create(organisation=world.agency, connection=connection, kind="of-later", state="good")
    page = signed_in(world, "agency_viewer").get(at(world.agency, "sync"))
    assert page.status_code == 200
    assert "of-later" in page.content.decode()


def run_of(connection: Connection, kind: str, **values: Any) -> SyncRun:
    values = {"state": "running", "alive_until": timezone.now() + dt.timedelta(minutes=1), **values}
    return SyncRun.objects.create(connection=connection, organisation=connection.organisation, kind=kind, **values)


def told(answer: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in answer.context["messages"]]


def test_sync_now_waits_for_one_that_runs(world: World, connection: Connection, pulls: list[tuple[int, str]]) -> None:
    run = run_of(connection, "contracts")
    client = signed_in(world, "agency_editor")
    ((level, text), (started, _text)) = told(client.post(at(world.agency, "sync_now"), follow=True))
    assert (level, started) == ("info", "success")
    assert run.get_kind_display() in text
    assert [kind for _pk, kind in pulls] == ["catalogue", "counts"]
    # A run whose worker was killed holds up nobody once its lease has ended.
    SyncRun.objects.filter(pk=run.pk).update(alive_until=timezone.now())
    client.post(at(world.agency, "sync_now"))
    assert [kind for _pk, kind in pulls] == ["catalogue", "counts", "catalogue", "contracts", "counts"]


@pytest.mark.parametrize("kind", RunKind.values)
def test_each_kind_is_started_alone_and_refused_in_words_while_it_is_going_on(
    world: World, connection: Connection, pulls: list[tuple[int, str]], kind: str
) -> None:
    client = signed_in(world, "agency_editor")
    page = client.get(at(world.agency, "sync")).content.decode()
    assert f'value="{kind}"' in page
    (message,) = told(client.post(at(world.agency, "sync_now"), {"kind": kind}, follow=True))
    assert (message[0], pulls) == ("success", [(connection.pk, kind)])
    pulls.clear()
    run = run_of(connection, kind)
    (message,) = told(client.post(at(world.agency, "sync_now"), {"kind": kind}, follow=True))
    assert (message[0], pulls) == ("info", [])
    assert str(run.get_kind_display()) in message[1]
    assert f"{timezone.localtime(run.started_at):%H:%M}" in message[1]


def test_the_run_of_the_neighbour_is_in_nobodys_way(
    world: World, connection: Connection, pulls: list[tuple[int, str]]
) -> None:
    other = Connection.objects.create(organisation=world.rival, client_id="y")
    run_of(other, "contracts")
    signed_in(world, "agency_editor").post(at(world.agency, "sync_now"), {"kind": "contracts"})
    assert pulls == [(connection.pk, "contracts")]


def test_a_kind_that_does_not_exist_and_a_viewer_start_nothing(
    world: World, connection: Connection, pulls: list[tuple[int, str]]
) -> None:
    url = at(world.agency, "sync_now")
    assert signed_in(world, "agency_editor").post(url, {"kind": "alles"}).status_code == 400
    assert signed_in(world, "agency_viewer").post(url, {"kind": "contracts"}).status_code == 403
    assert pulls == []
    assert (
        'data-action="sync-kind"'
        not in signed_in(world, "agency_viewer").get(at(world.agency, "sync")).content.decode()
    )


# --- seen while it runs ------------------------------------------------------------------------------------------
def part(client: Any, world: World, seen: str) -> Any:
    return client.get(at(world.agency, "sync"), headers={"Seen-Runs": seen})


def test_how_far_a_run_is_stands_on_the_page(world: World, connection: Connection) -> None:
    client = signed_in(world, "agency_viewer")
    began = timezone.now() - dt.timedelta(seconds=100)
    run = run_of(connection, "catalogue", started_at=began)
    page = client.get(at(world.agency, "sync")).content.decode()
    assert "<progress" in page
    assert "every 2s" in page
    values = {"step": "productions", "done": 1200, "total": 1800, "step_at": began}
    SyncRun.objects.update(**values, told_at=began + dt.timedelta(seconds=80))
    how_far = pulls_page.how_far(SyncRun.objects.get())
    page = client.get(at(world.agency, "sync")).content.decode()
    assert how_far in page
    assert 'value="1200"' in page
    assert 'max="1800"' in page
    with translation.override("nl"):
        assert pulls_page.how_far(SyncRun.objects.get()) == (
            "1.200 van 1.800 producties · 15 per seconde · nog ongeveer 40 seconden"
        )
    # A worker that was killed is not going on, whatever the row says.
    SyncRun.objects.filter(pk=run.pk).update(alive_until=timezone.now() - dt.timedelta(seconds=1))
    page = client.get(at(world.agency, "sync")).content.decode()
    assert "<progress" not in page
    assert "every 5s" in page


def test_the_page_asks_for_what_changes_only(
    world: World, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(world, "agency_viewer")
    run = run_of(connection, "contracts")
    seen = client.get(at(world.agency, "sync")).context["seen"]
    with django_assert_max_num_queries(5):
        answer = part(client, world, seen)
    text = answer.content.decode()
    assert text.strip().startswith('<div id="sync-live"')
    assert "<html" not in text
    assert "sync-history" not in text, "rows that did not change stay, and with them what somebody unfolded"
    SyncRun.objects.filter(pk=run.pk).update(state="good", finished_at=timezone.now())
    text = part(client, world, seen).content.decode()
    assert 'id="sync-history" hx-swap-oob="true"' in text
    assert part(client, world, part(client, world, seen).context["seen"]).content.decode().count("sync-history") == 0


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 seconde"), (59, "59 seconden"), (150, "2 minuten")])
def test_a_guess_is_as_exact_as_a_guess_may_be(seconds: float, words: str) -> None:
    with translation.override("nl"):
        assert pulls_page.span(dt.timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("step", RunStep.values)
@pytest.mark.parametrize("total", [None, 4217])
def test_every_step_has_words(step: str, total: int | None) -> None:
    run = SyncRun(step=step, done=1000, total=total)
    with translation.override("nl"):
        text = pulls_page.how_far(run)
    assert "1.000" in text
    assert ("4.217" in text) == (total is not None)


# --- DIP that is away --------------------------------------------------------------------------------------------
def away(connection: Connection, kind: str = "silent", **values: Any) -> None:
    since = timezone.now() - dt.timedelta(minutes=20)
    values = {"failures": 3, "trouble": "DIP is niet bereikbaar.", "trouble_since": since, **values}
    Connection.objects.filter(pk=connection.pk).update(trouble_kind=kind, **values)


@pytest.mark.parametrize("page", ["start", "sync"])
def test_dip_that_does_not_answer_is_told_and_no_more_once_it_does(
    world: World, connection: Connection, page: str
) -> None:
    world.contract(status="proposed")
    waiting = Operation.objects.filter(organisation=world.agency, state=State.WAITING).count()
    client = signed_in(world, "agency_viewer")
    assert "data-away" not in client.get(at(world.agency, page)).content.decode()
    away(connection)
    answer = client.get(at(world.agency, page))
    text = answer.content.decode()
    assert 'data-away="silent"' in text
    assert answer.context["away"].waiting == waiting == 2
    since = Connection.objects.get().trouble_since
    assert since is not None
    assert f"DIP antwoordt niet sinds {timezone.localtime(since):%H:%M}" in text
    assert "Uw werk is hier veilig en gaat later mee" in text
    assert "2 wijzigingen wachten" in text
    assert "data-away" not in signed_in(world, "rival_viewer").get(at(world.rival, page)).content.decode()
    gate.succeeded(connection)
    assert "data-away" not in client.get(at(world.agency, page)).content.decode()


def test_since_another_day_names_the_day(world: World, connection: Connection) -> None:
    since = timezone.now() - dt.timedelta(days=2)
    away(connection, trouble_since=since)
    assert moment(since) in signed_in(world, "agency_viewer").get(at(world.agency, "start")).content.decode()


@pytest.mark.parametrize(("name", "page"), [("agency_manager", "dip_connection"), ("agency_editor", "organisation")])
def test_a_refused_log_in_leads_to_whoever_can_mend_it(
    world: World, connection: Connection, name: str, page: str
) -> None:
    away(connection, "refused", failures=0)
    text = signed_in(world, name).get(at(world.agency, "start")).content.decode()
    assert 'data-away="refused"' in text
    said = text.split('data-away="refused"')[1]
    assert f'href="{at(world.agency, page)}"' in said.split("</main>")[0]


def test_sync_now_without_a_connection_or_a_broker_says_so(
    world: World, pulls: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(world, "agency_editor")
    answer = client.post(at(world.agency, "sync_now"), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    Connection.objects.create(organisation=world.agency, client_id="x")

    def away(*_args: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.pull_one, "delay", away)
    answer = client.post(at(world.agency, "sync_now"), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_a_stuck_operation_is_tried_again(world: World, pulls: list[tuple[int, str]]) -> None:
    row = operation(world.agency, world.contract())
    client = signed_in(world, "agency_editor")
    back = at(world.agency, "start")
    answer = client.post(at(world.agency, "operation_retry", pk=row.pk), {"next": back})
    assert answer.headers["Location"] == back
    row.refresh_from_db()
    assert row.state == State.WAITING
    assert Entry.objects.filter(code="outbox.retried").count() == 1


@pytest.mark.parametrize(
    "elsewhere",
    ["https://boef.example/", "//boef.example/", "http://testserver//boef.example/", "javascript:alert(1)", ""],
)
def test_trying_again_leads_nowhere_else(world: World, elsewhere: str, pulls: list[tuple[int, str]]) -> None:
    row = operation(world.agency, world.contract())
    answer = signed_in(world, "agency_editor").post(at(world.agency, "operation_retry", pk=row.pk), {"next": elsewhere})
    assert answer.headers["Location"] == at(world.agency, "sync")


@pytest.mark.parametrize("page", ["operation_retry", "operation_put_ours"])
def test_operations_of_the_neighbour_and_of_a_viewer_stay(world: World, page: str) -> None:
    own = operation(world.agency, world.contract())
    strange = operation(world.rival, world.rival_contract())
    url = at(world.agency, page, pk=own.pk)
    assert signed_in(world, "agency_viewer").post(url).status_code == 403
    assert signed_in(world, "agency_manager").post(at(world.agency, page, pk=strange.pk)).status_code == 404
    assert signed_in(world, "rival_manager").post(url).status_code == 404
    assert signed_in(world, "agency_manager").get(url).headers["Location"] == at(world.agency, "sync")
    assert signed_in(world, "agency_manager").get(at(world.agency, page, pk=strange.pk)).status_code == 404
    for row in (own, strange):
        row.refresh_from_db()
        assert row.state == State.ATTENTION


def test_ours_is_put_over_the_state_that_was_shown_and_no_other(world: World, pulls: list[tuple[int, str]]) -> None:
    row = operation(world.agency, world.contract(), error_code="conflict", payload={"seen": "abc"})
    client, url = signed_in(world, "agency_editor"), at(world.agency, "operation_put_ours", pk=row.pk)
    assert 'value="abc"' in client.get(at(world.agency, "sync")).content.decode()
    client.post(url, {"seen": "older"})
    row.refresh_from_db()
    assert row.state == State.ATTENTION
    client.post(url, {"seen": "abc"})
    row.refresh_from_db()
    assert (row.state, row.base_digest) == (State.WAITING, "abc")


# --- the panel of an agreement -----------------------------------------------------------------------------------
def panel(world: World, contract: Contract) -> Any:
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contract", pk=contract.pk))
    return page.context["dip"], page.content.decode()


def test_the_panel_says_what_waits_and_what_is_stuck(world: World) -> None:
    contract = world.contract()
    quiet(world)
    operation(world.agency, contract, State.WAITING, error_text="")
    operation(world.agency, contract)
    state, page = panel(world, contract)
    assert (len(state.waiting), len(state.stuck)) == (1, 1)
    assert "DIP kent dit theater niet." in page
    assert 'data-action="retry"' not in page
    editor = signed_in(world, "agency_editor").get(at(world.agency, "contract", pk=contract.pk)).content.decode()
    assert 'data-action="retry"' in editor


def test_the_panel_says_that_dip_still_waits_for_the_answer(world: World) -> None:
    contract = world.contract(status="approved")
    Contract.objects.filter(pk=contract.pk).update(dip_id=4711)
    RemoteRecord.objects.create(organisation=world.agency, kind="contract", remote_id="4711", status="proposed")
    state, page = panel(world, contract)
    assert (state.number, str(state.remote_status), state.answer_differs) == (4711, "proposed", True)
    assert "4711" in page
