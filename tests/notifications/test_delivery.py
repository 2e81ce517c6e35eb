"""Sending: what each answer of a mail server leads to, and that a copy is recognisable as one."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.notifications import actions as mails
from dipportal.notifications import delivery
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations.actors import staff
from dipportal.outbox.models import State
from tests.notifications.smtp import HANG_UP, Post, mail_server
from tests.world import World


@pytest.fixture
def server(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as running:
        yield running


def write(*recipients: str, kind: Kind = Kind.ANSWER) -> list[Email]:
    """Mails that always leave, one an address, in this order."""
    mails = [
        Mail(kind, f"test:{address}", address, "nl", f"Aan {address}", "tekst", "<p>html</p>") for address in recipients
    ]
    post(mails)
    return list(Email.objects.order_by("pk"))


def later(**change: Any) -> None:
    """Everything that waits is due now."""
    Email.objects.filter(state__in=(State.WAITING, State.UNCLEAR)).update(due_at=timezone.now(), **change)


def state(address: str) -> str:
    return Email.objects.get(recipient=address).state


@pytest.mark.django_db
def test_a_mail_leaves_once_over_one_connection(server: Post) -> None:
    write("a@x.example", "b@x.example", "c@x.example")
    assert delivery.drain_due() == 3
    assert delivery.drain_due() == 0
    assert [letter["To"] for letter in server.letters] == ["a@x.example", "b@x.example", "c@x.example"]
    assert server.connections == 1
    assert {row.state for row in Email.objects.all()} == {State.DONE}


@pytest.mark.django_db
def test_headers_say_that_no_person_wrote_it_and_which_agreement_it_is_about(server: Post, world: World) -> None:
    contract = world.contract(status="rejected")
    following = actions.amend(contract, actor=world.actors["agency_editor"])
    actions.propose(following, actor=world.actors["agency_editor"])
    other = world.contract(status="proposed")
    delivery.drain_due()
    threads: dict[str, set[str]] = {}
    for row in Email.objects.exclude(state=State.ABANDONED):
        sent = next(letter for letter in server.letters if letter["Message-ID"] == row.message_id)
        assert sent["Auto-Submitted"] == "auto-generated"
        assert sent["X-Auto-Response-Suppress"] == "All"
        assert sent["Message-ID"].endswith("@dipportal.example>")
        assert sent["In-Reply-To"] == sent["References"]
        assert sent["Date"]
        assert sent["From"] == "dipportal <portal@dipportal.example>"
        assert row.event is not None
        threads.setdefault(row.event.thread, set()).add(sent["References"])
    assert {len(heads) for heads in threads.values()} == {1}
    assert set(threads) == {contract.thread, other.thread}
    assert len(set.union(*threads.values())) == 2


@pytest.mark.django_db
def test_a_refused_address_needs_attention_and_holds_up_nobody(server: Post) -> None:
    server.rcpt["gone@x.example"] = "550 5.1.1 no such user"
    write("gone@x.example", "b@x.example")
    delivery.drain_due()
    refused = Email.objects.get(recipient="gone@x.example")
    assert (refused.state, refused.error_code) == (State.ATTENTION, "refused")
    assert "550 5.1.1 no such user" in refused.error_text
    assert refused.sent_at is None
    assert state("b@x.example") == State.DONE


@pytest.mark.django_db
def test_a_mail_that_the_server_will_not_have_needs_attention(server: Post) -> None:
    server.data["a@x.example"] = ["554 looks like spam"]
    write("a@x.example", "b@x.example")
    delivery.drain_due()
    assert state("a@x.example") == State.ATTENTION
    assert state("b@x.example") == State.DONE


@pytest.mark.django_db
def test_a_mailbox_that_is_busy_is_tried_later(server: Post) -> None:
    server.rcpt["busy@x.example"] = "450 try again later"
    (row,) = write("busy@x.example")
    delivery.drain_due()
    row.refresh_from_db()
    assert (row.state, row.error_code, row.sent_at) == (State.WAITING, "refused_now", None)
    assert row.due_at > timezone.now() + dt.timedelta(seconds=30)
    server.rcpt.clear()
    later()
    delivery.drain_due()
    assert server.ids == [row.message_id]
    assert state("busy@x.example") == State.DONE


@pytest.mark.django_db
def test_a_mailbox_that_stays_busy_needs_attention_after_days(server: Post) -> None:
    server.rcpt["busy@x.example"] = "452 mailbox full"
    write("busy@x.example")
    later(created_at=timezone.now() - dt.timedelta(days=4))
    delivery.drain_due()
    assert state("busy@x.example") == State.ATTENTION


@pytest.mark.django_db
def test_a_connection_lost_after_the_mail_was_given_repeats_it_under_the_same_id(server: Post) -> None:
    server.data["a@x.example"] = [HANG_UP]
    first, _second = write("a@x.example", "b@x.example")
    delivery.drain_due()
    first.refresh_from_db()
    assert (first.state, first.doubts) == (State.UNCLEAR, 1)
    assert first.sent_at is not None
    assert state("b@x.example") == State.DONE
    later()
    delivery.drain_due()
    assert state("a@x.example") == State.DONE
    assert server.ids.count(first.message_id) == 2
    copies = [letter for letter in server.letters if letter["Message-ID"] == first.message_id]
    assert copies[0]["Subject"] == copies[1]["Subject"]
    assert copies[0]["Date"] == copies[1]["Date"]
    assert texts(copies[0]) == texts(copies[1])


def texts(letter: Any) -> list[bytes]:
    return [part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()]


@pytest.mark.django_db
def test_a_server_that_always_hangs_up_does_not_send_copies_for_ever(server: Post) -> None:
    server.data["a@x.example"] = [HANG_UP] * 50
    write("a@x.example")
    for _turn in range(20):
        delivery.drain_due()
        later()
    row = Email.objects.get()
    assert (row.state, row.doubts) == (State.ATTENTION, delivery.MOST_DOUBTS)
    assert len(server.letters) == delivery.MOST_DOUBTS


@pytest.mark.django_db
def test_a_sender_that_is_refused_waits_and_asks_once_a_drain(server: Post) -> None:
    server.sender = "530 authentication required"
    write("a@x.example", "b@x.example")
    delivery.drain_due()
    assert {row.state for row in Email.objects.all()} == {State.WAITING}
    assert {row.error_text for row in Email.objects.all()} == {"530 authentication required"}
    assert server.connections == 1


@pytest.mark.django_db
def test_a_dead_server_keeps_every_mail(settings: Any) -> None:
    with mail_server(settings):
        pass
    write("a@x.example", "b@x.example")
    delivery.drain_due()
    rows = Email.objects.all()
    assert {(row.state, row.error_code, row.sent_at) for row in rows} == {(State.WAITING, "server_away", None)}
    with mail_server(settings) as server:
        later()
        delivery.drain_due()
        assert sorted(server.ids) == sorted(row.message_id for row in rows)


@pytest.mark.django_db
def test_an_address_that_is_none_needs_attention_and_holds_up_nobody(server: Post) -> None:
    write("geen adres, niets", "b@x.example")
    delivery.drain_due()
    assert state("geen adres, niets") == State.ATTENTION
    assert state("b@x.example") == State.DONE


@pytest.mark.django_db
def test_without_a_mail_server_every_mail_waits(server: Post, settings: Any) -> None:
    settings.MAIL_CONFIGURED = False
    (row,) = write("a@x.example")
    delivery.drain_due()
    row.refresh_from_db()
    assert (row.state, row.error_code) == (State.WAITING, "no_server")
    assert row.due_at > timezone.now() + dt.timedelta(minutes=9)
    assert server.connections == 0


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.django_db
def test_killed_between_sending_and_recording_it_goes_again_under_the_same_id(
    server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: Any) -> None:
        raise Killed

    (row,) = write("a@x.example")
    with monkeypatch.context() as patch:
        patch.setattr("dipportal.outbox.batch.Batch.flush", die)
        with pytest.raises(Killed):
            delivery.drain_due()
    row.refresh_from_db()
    assert row.state == State.WAITING
    assert row.sent_at is not None
    assert delivery.drain_due() == 0, "the lease still runs"
    Email.objects.update(claimed_until=timezone.now())
    assert delivery.drain_due() == 1
    assert server.ids == [row.message_id] * 2
    assert state("a@x.example") == State.DONE


@pytest.mark.django_db(transaction=True)
def test_no_mail_is_sent_inside_a_transaction(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = []
    connect, send = delivery.Postman.connect, delivery.attempt

    def watched_connect(self: delivery.Postman) -> Any:
        inside.append(connection.in_atomic_block)
        return connect(self)

    def watched_send(*arguments: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return send(*arguments)

    monkeypatch.setattr(delivery.Postman, "connect", watched_connect)
    monkeypatch.setattr(delivery, "attempt", watched_send)
    monkeypatch.setattr("dipportal.notifications.tasks.drain_mail.delay", lambda: None)
    write("a@x.example")
    delivery.drain_due()
    assert inside == [False, False]
    assert len(server.letters) == 1


# --- the purpose ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["approve", "reject", "withdraw"])
def test_a_proposal_that_no_longer_stands_does_not_leave(server: Post, world: World, then: str) -> None:
    contract = world.contract(status="proposed")
    if then == "approve":
        actions.approve(contract, actor=world.actors["kade_editor"])
    elif then == "reject":
        actions.reject(contract, actor=world.actors["kade_editor"], reason="Nee.")
    else:
        actions.withdraw(contract, actor=world.actors["agency_editor"])
    delivery.drain_due()
    proposals = Email.objects.filter(kind=Kind.PROPOSAL)
    assert {(row.state, row.error_code) for row in proposals} == {(State.ABANDONED, "purpose")}
    answers = set(Email.objects.filter(kind=Kind.ANSWER).values_list("message_id", flat=True))
    # Nobody hears that something was withdrawn of which they never heard.
    assert set(server.ids) == answers


def test_who_got_the_proposal_hears_that_it_was_withdrawn(server: Post, world: World) -> None:
    server.rcpt["manager@de-kade.example"] = "550 no such user"
    contract = world.contract(status="proposed")
    delivery.drain_due()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    server.letters.clear()
    server.rcpt.clear()
    delivery.drain_due()
    assert {letter["To"] for letter in server.letters} == {"programmering@kade.example", "editor@de-kade.example"}


def test_a_proposal_that_may_have_left_is_followed_by_its_withdrawal(server: Post, world: World) -> None:
    server.data["programmering@kade.example"] = [HANG_UP]
    contract = world.contract(status="proposed")
    delivery.drain_due()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    later()
    server.letters.clear()
    delivery.drain_due()
    kinds = dict(Email.objects.filter(recipient="programmering@kade.example").values_list("kind", "state"))
    assert kinds == {Kind.PROPOSAL: State.ABANDONED, Kind.WITHDRAWAL: State.DONE}


def test_a_withdrawal_behind_a_proposal_that_left_is_not_lost_by_a_later_round(server: Post, world: World) -> None:
    """The first proposal left; its withdrawal waited, and so did the whole second round."""
    contract = world.contract(status="proposed", parties={"contact_receiver": "a@x.example"})
    Email.objects.exclude(recipient="a@x.example").delete()
    delivery.drain_due()
    editor = world.actors["agency_editor"]
    actions.withdraw(contract, actor=editor)
    actions.propose(contract, actor=editor)
    actions.withdraw(contract, actor=editor)
    Email.objects.exclude(recipient="a@x.example").delete()
    delivery.drain_due()
    kinds = list(Email.objects.order_by("pk").values_list("kind", "state"))
    assert kinds[0] == (Kind.PROPOSAL, State.DONE)
    assert (Kind.WITHDRAWAL, State.DONE) in kinds[1:], "somebody still thinks that it stands"
    assert (Kind.PROPOSAL, State.DONE) not in kinds[1:]


def test_who_does_not_hear_of_the_next_proposal_hears_that_the_first_was_withdrawn(server: Post, world: World) -> None:
    contract = world.contract(status="proposed", parties={"contact_receiver": "a@x.example"})
    delivery.drain_due()
    editor = world.actors["agency_editor"]
    actions.withdraw(contract, actor=editor)
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=editor, seen_version=contract.version, terms={}, parties={"contact_receiver": "b@x.example"}
    )
    actions.propose(contract, actor=editor)
    delivery.drain_due()
    to_a = list(Email.objects.filter(recipient="a@x.example").order_by("pk").values_list("kind", "state"))
    assert to_a == [(Kind.PROPOSAL, State.DONE), (Kind.WITHDRAWAL, State.DONE)]
    told_anew = Email.objects.get(recipient="editor@de-kade.example", kind=Kind.WITHDRAWAL)
    assert told_anew.state == State.ABANDONED, "the new proposal says it"


def test_proposed_withdrawn_and_proposed_again_is_one_mail_each(server: Post, world: World) -> None:
    contract = world.contract(status="proposed")
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    actions.propose(contract, actor=world.actors["agency_editor"])
    delivery.drain_due()
    assert sorted(letter["To"] for letter in server.letters) == [
        "editor@de-kade.example",
        "manager@de-kade.example",
        "programmering@kade.example",
    ]


def test_a_withdrawal_between_the_last_look_and_the_sending_is_not_missed(
    server: Post, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proposal still stood when it was looked at; then somebody takes it back, and another worker is free."""
    contract = world.contract(status="proposed", parties={"contact_receiver": "a@x.example"})
    Email.objects.exclude(recipient="a@x.example").delete()
    look, looked = delivery.purpose.lost, []

    def slow_look(row: Email) -> str:
        found = look(row)
        if not looked:
            looked.append(row.pk)
            actions.withdraw(contract, actor=world.actors["agency_editor"])
            delivery.drain_due()
        return found

    monkeypatch.setattr(delivery.purpose, "lost", slow_look)
    delivery.drain_due()
    assert [letter["To"] for letter in server.letters] == ["a@x.example"], "it waits for what it is about"
    later()
    delivery.drain_due()
    assert [letter["To"] for letter in server.letters] == ["a@x.example", "a@x.example"]
    assert set(Email.objects.values_list("kind", "state")) == {
        (Kind.PROPOSAL, State.DONE),
        (Kind.WITHDRAWAL, State.DONE),
    }


def test_a_withdrawal_does_not_take_a_proposal_that_is_about_to_leave_for_one_that_left(
    server: Post, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken with others that leave first; meanwhile it is taken back, and another worker is free."""
    Email.objects.all().delete()
    write("first@x.example")
    contract = world.contract(status="proposed", parties={"contact_receiver": "a@x.example"})
    Email.objects.exclude(recipient__in=("a@x.example", "first@x.example")).delete()
    look, looked = delivery.purpose.lost, []

    def slow_look(row: Email) -> str:
        if not looked:
            looked.append(row.recipient)
            actions.withdraw(contract, actor=world.actors["agency_editor"])
            delivery.drain_due()
        return look(row)

    monkeypatch.setattr(delivery.purpose, "lost", slow_look)
    delivery.drain_due()
    later()
    delivery.drain_due()
    assert looked == ["first@x.example"]
    assert [letter["To"] for letter in server.letters] == ["first@x.example"]
    assert dict(Email.objects.filter(recipient="a@x.example").values_list("kind", "state")) == {
        Kind.PROPOSAL: State.ABANDONED,
        Kind.WITHDRAWAL: State.ABANDONED,
    }
    assert not Email.objects.filter(recipient="a@x.example", sent_at__isnull=False).exists()


def test_a_withdrawal_that_is_taken_together_with_its_proposal_knows_whether_that_left(
    server: Post, world: World
) -> None:
    """In either order: the proposal may have been put off, and is due after its withdrawal then."""
    contract = world.contract(status="proposed", parties={"contact_receiver": "a@x.example"})
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    mine = Email.objects.filter(recipient="a@x.example")
    mine.filter(kind=Kind.WITHDRAWAL).update(due_at=timezone.now() - dt.timedelta(minutes=1))
    delivery.drain_due()
    later()
    delivery.drain_due()
    assert set(mine.values_list("kind", "state")) == {
        (Kind.PROPOSAL, State.ABANDONED),
        (Kind.WITHDRAWAL, State.ABANDONED),
    }
    assert server.letters == []


# --- what an administrator can do -------------------------------------------------------------------------------


def test_an_administrator_tries_again_or_gives_up(server: Post, world: World) -> None:
    server.rcpt["a@x.example"] = server.rcpt["b@x.example"] = "550 no"
    write("a@x.example", "b@x.example")
    delivery.drain_due()
    actor = staff(world.people["staff"])
    mails.retry(Email.objects.get(recipient="a@x.example"), actor=actor)
    mails.abandon(Email.objects.get(recipient="b@x.example"), actor=actor)
    server.rcpt.clear()
    delivery.drain_due()
    assert (state("a@x.example"), state("b@x.example")) == (State.DONE, State.ABANDONED)
    assert [letter["To"] for letter in server.letters] == ["a@x.example"]
