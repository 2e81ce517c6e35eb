"""What a call to DIP can come to besides an answer: not done, or unclear. The texts are for people."""

import datetime as dt

SOON = dt.timedelta(seconds=15)
LATER = dt.timedelta(minutes=5)


class DipError(Exception):
    """`code` is stable, `text` a sentence. Neither ever holds a secret, a token or a body."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(code, text)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class NotDone(DipError):
    """It is certain that nothing happened at DIP. `permanent`: the same call would be refused again.

    `said`: DIP's own words, where it answered with some.
    """

    def __init__(
        self, code: str, text: str, *, after: dt.timedelta = SOON, permanent: bool = False, said: str = ""
    ) -> None:
        super().__init__(code, text)
        self.after = after
        self.permanent = permanent
        self.said = said


class Unclear(DipError):
    """It may have happened: wait, then look before repeating."""


class InsideTransaction(RuntimeError):
    """A call was about to leave while a transaction was open: it would hold locks for as long as DIP takes."""
