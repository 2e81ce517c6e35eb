"""The forms of the organisation pages. The fields named here are all that a manager can write."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dipportal.core.dates import day
from dipportal.core.forms import DayField
from dipportal.organisations.enums import Language, Role
from dipportal.organisations.memberships import MOST_DAYS, ORGANISATION_FIELDS, absence_seen
from dipportal.organisations.models import Membership, Organisation
from dipportal.organisations.queries import able_to_decide


class OrganisationForm(forms.ModelForm[Organisation]):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Organisation
        fields = ORGANISATION_FIELDS
        help_texts = {
            "contact_name": _("The other side sees this beside your agreements: whom to call."),
            "contact_email": _("Answers of the other side can go here."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version

    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ORGANISATION_FIELDS}

    def meet(self, now: Organisation) -> list[dict[str, Any]]:
        """What stands there now beside what was typed. The form then carries the version that is shown."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(now.version)
        self.data = data
        return [
            {"label": self.fields[name].label, "there": getattr(now, name), "typed": typed}
            for name, typed in self.values().items()
            if getattr(now, name) != typed
        ]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InvitationForm(RoleForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    language = forms.ChoiceField(label=_("Language of the mail"), choices=Language.choices)
    field_order = ("email", "role", "language")


class SettingsForm(forms.Form):
    """How agreements are made: for a provider also how long a theater has."""

    answer_days = forms.IntegerField(
        label=_("Days to answer a proposal"),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=_(
            "After that the theater can no longer approve. Empty: no last day. Each proposal can have another."
        ),
    )
    four_eyes = forms.BooleanField(label=_("Two people must agree"), required=False)
    approvers = forms.MultipleChoiceField(
        label=_("Who decides"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One of the two is one of them, or the deputy of one who is away. Tick nobody: any two will do."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, organisation: Organisation) -> None:
        able = able_to_decide(organisation).select_related("user").order_by("user__email")
        self.people = {str(row.pk): row.user.get_full_name() for row in able}
        super().__init__(data, initial=self.standing(organisation))
        self.fields["approvers"].choices = list(self.people.items())  # type: ignore[attr-defined]
        if organisation.is_receiver:
            del self.fields["answer_days"]
            text = _("Before a proposal is approved.")
        else:
            text = _("Before something is proposed, and before an adapted proposal is accepted.")
        self.fields["four_eyes"].help_text = text

    def standing(self, organisation: Organisation) -> dict[str, Any]:
        """The values as they stand."""
        return {
            "answer_days": organisation.answer_days,
            "four_eyes": organisation.four_eyes,
            "approvers": [str(row.pk) for row in able_to_decide(organisation).filter(approver=True).order_by("pk")],
            "version": organisation.version,
        }

    def values(self) -> dict[str, Any]:
        """For the action."""
        return {
            "four_eyes": self.cleaned_data["four_eyes"],
            "answer_days": self.cleaned_data.get("answer_days"),
            "approvers": [int(key) for key in self.cleaned_data["approvers"]],
            "seen_version": self.cleaned_data["version"] or 0,
        }

    def meet(self, now: Organisation) -> list[dict[str, Any]]:
        """What stands there now beside what was typed. The form then carries the version that is shown."""
        standing = self.standing(now)
        _carry(self, "version", standing["version"])
        pairs = [
            (name, self._words(name, standing[name]), self._words(name, self.cleaned_data[name]))
            for name in self.fields
            if name != "version"
        ]
        return [
            {"label": self.fields[name].label, "there": there, "typed": typed}
            for name, there, typed in pairs
            if there != typed
        ]

    def _words(self, name: str, value: Any) -> str:
        if name == "approvers":
            return ", ".join(sorted(self.people.get(str(key), "") for key in value))
        if name == "four_eyes":
            return gettext("yes") if value else gettext("no")
        return "" if value is None else str(value)


class AbsenceForm(forms.Form):
    until = DayField(
        label=_("Away until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Up to and including that day. Empty: here."),
    )
    deputy = forms.ChoiceField(
        label=_("Deputy"),
        required=False,
        help_text=_("Decides meanwhile, where two people must agree."),
    )
    seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, membership: Membership) -> None:
        able = able_to_decide(membership.organisation).exclude(pk=membership.pk)
        self.colleagues = {str(row.pk): row for row in able.select_related("user").order_by("user__email")}
        super().__init__(data, initial=self.standing(membership))
        names = [(key, row.user.get_full_name()) for key, row in self.colleagues.items()]
        self.fields["deputy"].choices = [("", _("nobody")), *names]  # type: ignore[attr-defined]

    @staticmethod
    def standing(membership: Membership) -> dict[str, Any]:
        deputy = str(membership.deputy_id or "")
        return {"until": membership.absent_until, "deputy": deputy, "seen": absence_seen(membership)}

    def values(self) -> dict[str, Any]:
        """For the action."""
        deputy = self.colleagues.get(self.cleaned_data["deputy"])
        return {"until": self.cleaned_data["until"], "deputy": deputy, "seen": self.cleaned_data["seen"]}

    def meet(self, now: Membership) -> list[dict[str, Any]]:
        standing = self.standing(now)
        _carry(self, "seen", standing["seen"])
        rows = [
            (self.fields["until"].label, day(standing["until"]), day(self.cleaned_data["until"])),
            (self.fields["deputy"].label, self._name(standing["deputy"]), self._name(self.cleaned_data["deputy"])),
        ]
        return [{"label": label, "there": there, "typed": typed} for label, there, typed in rows if there != typed]

    def _name(self, key: str) -> str:
        row = self.colleagues.get(key)
        return row.user.get_full_name() if row else ""


def _carry(form: forms.Form, name: str, value: Any) -> None:
    """Let the form carry what is shown beside it: who saves again has seen both values."""
    data = form.data.copy()  # type: ignore[attr-defined]
    data[form.add_prefix(name)] = str(value)
    form.data = data
