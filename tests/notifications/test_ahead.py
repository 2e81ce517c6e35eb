"""The next letter is made while the server takes this one: each still says what its own row says, and to whom."""

from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest

from dipportal.notifications import delivery
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
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
    content = letter.message().as_bytes(linesep="\r\n")
    assert letter.message().as_bytes(linesep="\r\n") is content
    assert b"\r\n" in content
    assert letter.message().as_bytes() == content.replace(b"\r\n", b"\n")
    assert message_from_bytes(content)["Message-ID"] == row.message_id
