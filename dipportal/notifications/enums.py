from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What a mail is for. The kind decides when it has lost its purpose and whether its text is kept."""

    PROPOSAL = "proposal", _("proposal")
    COUNTER = "counter", _("adapted proposal")
    WITHDRAWAL = "withdrawal", _("withdrawal")
    RETRACTION = "retraction", _("adapted proposal taken back")
    ANSWER = "answer", _("answer")
    RECORDED = "recorded", _("answer recorded on behalf")
    REOPENED = "reopened", _("answer taken back")
    DEADLINE = "deadline", _("last day to answer")
    SECOND = "second", _("second yes needed")
    CONFLICT = "conflict", _("difference with DIP")
    COUNTS = "counts", _("missing ticket counts")
    SALES = "sales", _("weekly sales")
    SALES_INVITATION = "sales.invitation", _("invitation to the weekly sales mail")
    ACCOUNT = "account", _("account")
    INVITATION = "invitation", _("invitation")


# These carry a link that is a key: the text is wiped once it has left.
SECRET = (Kind.ACCOUNT, Kind.INVITATION, Kind.SALES, Kind.SALES_INVITATION)


# These can wait while mails about a proposal, an answer or a log-in leave: nobody sits and waits for them.
LATER = (Kind.DEADLINE, Kind.CONFLICT, Kind.COUNTS, Kind.SALES)

# Only these carry files.
WITH_FILES = (Kind.SALES,)


class Why(models.TextChoices):
    """Why this person hears of it; `letters` says it at the foot of the mail."""

    CONTACT = "contact", _("contact on the agreement")
    MEMBER = "member", _("member")
    PROPOSER = "proposer", _("proposer")
    OFFICE = "office", _("address of the organisation")
    TOLD = "told", _("got the mail that this one corrects")


class StoppedBy(models.TextChoices):
    """Who ended a subscription to the weekly sales mail."""

    READER = "reader", _("the reader")
    MEMBER = "member", _("somebody of the organisation")


class Standing(models.TextChoices):
    """How things are with a subscription to the weekly sales mail."""

    INVITED = "invited", _("waits for a yes")
    EXPIRED = "expired", _("never answered")
    ACTIVE = "active", _("gets the mail")
    STOPPED = "stopped", _("stopped")
