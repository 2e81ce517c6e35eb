"""The next letter is made while the server takes this one: each still says what its own row says, and to whom."""

import datetime as dt
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from dipportal.notifications import delivery
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.outbox import batch
from dipportal.outbox.batch import Batch
from dipportal.outbox.models import State
from tests.notifications.smtp import Post, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as running:
        yield running


def write(number: int) -> None:
    post(
        Mail(Kind.ANSWER, f"test:{one}", f"a{one}@x.example", "nl", f"Aan {one}", f"tekst {one}", f"<p>html {one}</p>")
        for one in range(number)
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Recipients of the letters in the order in which they are made."""
    recipients: list[str] = []
    make = delivery.Letter.make

    def noted(self: delivery.Letter) -> delivery.Letter:
        recipients.append(self.to[0])
        return make(self)

    monkeypatch.setattr(delivery.Letter, "make", noted)
    return recipients


def test_each_is_made_once_and_says_what_its_row_says(server: Post, made: list[str]) -> None:
    write(50)
    delivery.drain_due()
    assert len(server.letters) == 50
    for letter in server.letters:
        number = str(letter["To"]).removeprefix("a").removesuffix("@x.example")
        row = Email.objects.get(recipient=letter["To"])
        parts = [part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()]
        assert (letter["Subject"], letter["Message-ID"]) == (f"Aan {number}", row.message_id)
        assert parts == [f"tekst {number}".encode(), f"<p>html {number}</p>".encode()]
    assert made == [f"a{one}@x.example" for one in range(50)]


def test_a_letter_is_made_while_the_one_before_it_is_on_its_way(
    server: Post, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[list[str]] = []
    attempt = delivery.attempt

    def noted(*arguments: Any) -> Any:
        before.append(list(made))
        return attempt(*arguments)

    monkeypatch.setattr(delivery, "attempt", noted)
    write(3)
    delivery.drain_due()
    assert [len(letters) for letters in before] == [0, 2, 3]


def test_one_that_cannot_be_made_is_set_aside_alone(server: Post) -> None:
    write(4)
    Email.objects.filter(recipient="a2@x.example").update(subject="Aan\nwie?")
    delivery.drain_due()
    states = dict(Email.objects.values_list("recipient", "state"))
    assert states.pop("a2@x.example") == State.ATTENTION
    assert Email.objects.get(recipient="a2@x.example").error_code == "unusable"
    assert set(states.values()) == {State.DONE}
    assert [letter["To"] for letter in server.letters] == ["a0@x.example", "a1@x.example", "a3@x.example"]


def test_a_letter_made_for_a_row_that_did_not_follow_is_not_sent_in_its_place(
    server: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody gave the next one up while it was being made."""
    attempt = delivery.attempt

    def given_up(row: Email, *more: Any) -> Any:
        outcome = attempt(row, *more)
        Email.objects.filter(recipient="a1@x.example", state=State.WAITING).update(
            state=State.ABANDONED, claim_token="", claimed_until=None
        )
        return outcome

    monkeypatch.setattr(delivery, "attempt", given_up)
    write(3)
    delivery.drain_due()
    assert [letter["To"] for letter in server.letters] == ["a0@x.example", "a2@x.example"]
    assert [letter["Subject"] for letter in server.letters] == ["Aan 0", "Aan 2"]


def test_a_row_that_was_taken_again_is_made_anew(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was made ahead, handed back when the batch ended, and corrected before it was taken again."""
    write(2)
    attempt = delivery.attempt

    def corrected(row: Email, *more: Any) -> Any:
        outcome = attempt(row, *more)
        Email.objects.filter(recipient="a1@x.example").update(text="verbeterd")
        return outcome

    monkeypatch.setattr(delivery, "attempt", corrected)
    monkeypatch.setattr("dipportal.outbox.batch.Batch._is_to_end", lambda _batch: True)
    delivery.drain_due()
    assert [letter["To"] for letter in server.letters] == ["a0@x.example", "a1@x.example"]
    plain = next(part for part in server.letters[1].walk() if part.get_content_type() == "text/plain")
    assert plain.get_payload(decode=True) == b"verbeterd"


def test_the_bytes_are_those_of_the_message() -> None:
    write(1)
    row = Email.objects.get()
    letter = delivery.message(row).make()
    assert (letter.sender, letter.readers) == (settings.DEFAULT_FROM_EMAIL, [row.recipient])
    assert b"\r\n" in letter.content
    said, again = message_from_bytes(letter.content), message_from_bytes(letter.message().as_bytes())
    assert said["Message-ID"] == row.message_id
    assert [part.get_payload() for part in said.walk() if not part.is_multipart()] == [
        part.get_payload().replace("\n", "\r\n") for part in again.walk() if not part.is_multipart()
    ]


@pytest.mark.parametrize("recipient", ["wie@x.example\nBcc: b@x.example", "a@@"])
def test_an_envelope_that_cannot_be_written_is_told(recipient: str) -> None:
    write(1)
    row = Email.objects.get()
    row.recipient = recipient
    with pytest.raises(ValueError, match=r"."):
        delivery.message(row).make()


def test_outcomes_are_written_while_the_server_takes_a_mail(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never with the mail that is on its way, and not one by one."""
    written: list[tuple[bool, int]] = []
    waiting = [False]
    flush, pause = Batch.flush, Batch.use_a_pause

    def noted(self: Batch[Email]) -> None:
        if self._done:
            written.append((waiting[0], sum(map(len, self._done.values()))))
        flush(self)

    def waits(self: Batch[Email]) -> None:
        waiting[0] = True
        assert self.in_hand is not None
        assert self.in_hand.row.pk not in {key for keys in self._done.values() for key in keys}
        pause(self)
        waiting[0] = False

    monkeypatch.setattr(Batch, "flush", noted)
    monkeypatch.setattr(Batch, "use_a_pause", waits)
    monkeypatch.setattr(batch, "OUTCOMES_WAIT", dt.timedelta(hours=1))
    write(12)
    delivery.drain_due()
    assert written == [(True, 5), (True, 5), (False, 2)]
    assert set(Email.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_database_that_fails_in_a_pause_costs_no_outcome(server: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[int] = []

    def fail(_batch: Batch[Email]) -> None:
        failed.append(1)
        raise OperationalError("away")

    monkeypatch.setattr(Batch, "use_a_pause", fail)
    write(3)
    delivery.drain_due()
    assert len(failed) == 3
    assert len(server.letters) == 3
    assert set(Email.objects.values_list("state", flat=True)) == {State.DONE}
