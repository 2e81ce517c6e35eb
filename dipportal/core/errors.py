"""Refusals. A view shows the sentence, an API answers with the code; both come from here."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PortalError(Exception):
    """A refusal with a stable code and a translated sentence that says what to do."""

    code = "refused"
    status = 400
    sentence: str | Promise = _("This is not possible.")

    def __init__(self, sentence: str | Promise | None = None, *, code: str | None = None) -> None:
        self.sentence = sentence if sentence is not None else self.sentence
        self.code = code or self.code
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.sentence)


class NotAllowed(PortalError):
    code = "not_allowed"
    status = 403
    sentence = _("Your role does not allow this. Ask a manager of your organisation.")


class StaleState(PortalError):
    """Somebody else was first: the row is no longer in the state the caller saw."""

    code = "stale"
    status = 409
    sentence = _("Somebody changed this meanwhile. Look at the newest version and try again.")


class Invalid(PortalError):
    """The input cannot be accepted; `fields` maps a field's name to its sentence."""

    code = "invalid"
    sentence = _("Some fields need attention.")

    def __init__(
        self,
        sentence: str | Promise | None = None,
        *,
        fields: dict[str, str | Promise] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(sentence, code=code)
        self.fields: dict[str, str | Promise] = fields or {}
