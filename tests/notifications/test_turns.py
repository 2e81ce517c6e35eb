"""Many mails at once: one connection, one refusal costs one mail, and what somebody waits for leaves first."""

from collections.abc import Iterator
from typing import Any

import pytest

from dipportal.notifications import delivery, tasks
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import LATER, Kind
from dipportal.notifications.models import Email
from dipportal.outbox.models import State
from tests.notifications.smtp import HANG_UP, Post, mail_server
from tests.world import World


@pytest.fixture
def server(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as running:
        yield running


def write(number: int, kind: Kind = Kind.ANSWER) -> None:
    post([Mail(kind, f"{kind}:{n}", f"lezer{n}@x.example", "nl", f"{kind} {n}", "tekst", "") for n in range(number)])


@pytest.mark.django_db
def test_fifty_mails_leave_over_one_connection(server: Post) -> None:
    write(50)
    assert delivery.drain_due() == 50
    assert (server.connections, len(server.letters)) == (1, 50)


@pytest.mark.django_db
def test_a_connection_carries_a_hundred_and_the_next_goes_on(server: Post) -> None:
    write(delivery.MAILS_A_CONNECTION + 5)
    delivery.drain_due()
    assert (server.connections, len(set(server.ids))) == (2, delivery.MAILS_A_CONNECTION + 5)


@pytest.mark.django_db
def test_one_refused_address_loses_no_other_mail_and_no_connection(server: Post) -> None:
    server.rcpt["lezer7@x.example"] = "550 no such user"
    write(50)
    delivery.drain_due()
    assert {row.recipient for row in Email.objects.exclude(state=State.DONE)} == {"lezer7@x.example"}
    assert (server.connections, len(server.letters)) == (1, 49)


@pytest.mark.django_db
def test_a_connection_that_broke_is_opened_again_for_the_others(server: Post) -> None:
    server.data["lezer7@x.example"] = [HANG_UP]
    write(50)
    delivery.drain_due()
    assert Email.objects.get(recipient="lezer7@x.example").state == State.UNCLEAR
    assert Email.objects.filter(state=State.DONE).count() == 49
    assert server.connections == 2


@pytest.mark.django_db
def test_a_server_that_closes_after_so_many_mails_gets_the_rest_over_another_connection(server: Post) -> None:
    def enough() -> None:
        server.rcpt["lezer3@x.example"] = "421 too many mails in this session" if len(server.letters) == 3 else "250 ok"

    server.on_letter = enough
    write(10)
    delivery.drain_due()
    assert Email.objects.filter(state=State.DONE).count() == 9
    waiting = Email.objects.get(recipient="lezer3@x.example")
    assert (waiting.state, waiting.sent_at) == (State.WAITING, None)
    assert server.connections == 2


def test_a_proposal_leaves_before_reminders_that_have_waited_longer(server: Post, world: World) -> None:
    write(20, Kind.CONFLICT)
    world.contract(status="proposed")
    delivery.drain_due()
    proposals = set(Email.objects.filter(kind=Kind.PROPOSAL).values_list("message_id", flat=True))
    assert len(proposals) == 3
    assert set(server.ids[:3]) == proposals
    assert len(server.letters) == 23


@pytest.mark.django_db
def test_a_proposal_that_comes_in_during_a_drain_is_next(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = delivery.attempt

    def sent_meanwhile(*arguments: Any) -> Any:
        outcome = attempt(*arguments)
        if len(server.letters) == 3:
            write(1, Kind.ANSWER)
        return outcome

    monkeypatch.setattr(delivery, "attempt", sent_meanwhile)
    write(10, Kind.CONFLICT)
    delivery.drain_due()
    assert [letter["Subject"].split()[0] for letter in server.letters].index("answer") == 3
    assert len(server.letters) == 11


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Kind)
def test_only_what_nobody_waits_for_lets_others_go_first(kind: Kind) -> None:
    write(1, kind)
    assert Email.objects.get().priority == int(kind in LATER)
    assert not {Kind.PROPOSAL, Kind.COUNTER, Kind.ANSWER, Kind.ACCOUNT, Kind.INVITATION} & set(LATER)


@pytest.mark.django_db
def test_a_drain_that_ends_with_mails_left_asks_for_the_next(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(tasks.drain_mail, "delay", lambda: woken.append(len(server.letters)))
    monkeypatch.setattr(delivery, "MOST_A_DRAIN", 4)
    write(6)
    tasks.drain_mail()
    assert woken == [4]
    tasks.drain_mail()
    assert woken == [4]
    assert len(server.letters) == 6
