"""The forms of 'many at once', of templates and of snippets. What can be chosen is always looked up in scope."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance
from dipportal.contracts import stock
from dipportal.contracts.enums import ContractType
from dipportal.contracts.forms import TermsForm
from dipportal.contracts.models_batch import Snippet, TermsTemplate
from dipportal.contracts.planning import MOST, OF_THE_HALL, Per
from dipportal.organisations.models import Organisation
from dipportal.providers.forms import PerformancesField, type_choices


class TourField(PerformancesField):
    def label_from_instance(self, obj: Performance) -> str:
        return f"{obj.theater.name} · {super().label_from_instance(obj)}"


class ManyForm(forms.Form):
    """Which performances, and how. It stands in the address, so the names are short."""

    p = TourField(
        label=_("Performances"),
        queryset=None,
        error_messages={
            "required": _("Choose at least one performance."),
            "invalid_choice": _("Choose performances of this production only."),
        },
    )
    per = forms.ChoiceField(label=_("Agreements"), widget=forms.RadioSelect, choices=Per.choices)
    template: Any = forms.ModelChoiceField(
        label=pgettext_lazy("terms kept under a name", "Template"),
        queryset=None,
        required=False,
        empty_label=_("none"),
        help_text=_("Fills in its terms; its type then counts."),
    )
    type = forms.ChoiceField(
        label=_("Type"),
        widget=forms.RadioSelect,
        choices=type_choices,
        error_messages={"required": _("Choose a type.")},
    )
    last = forms.BooleanField(
        label=_("Take type and money from last season"),
        required=False,
        help_text=_(
            "Of the newest agreement of this producer with the theater that was proposed or approved; "
            "where there is none, what you fill in counts."
        ),
    )

    def __init__(self, *args: Any, organisation: Organisation, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["p"].queryset = offered  # type: ignore[attr-defined]
        self.fields["template"].queryset = stock.templates_of(organisation)  # type: ignore[attr-defined]

    def clean_p(self) -> Any:
        if len(self.cleaned_data["p"]) > MOST:
            raise forms.ValidationError(_("Choose at most %(most)d performances at once.") % {"most": MOST})
        return self.cleaned_data["p"]

    @property
    def kind(self) -> str:
        template: TermsTemplate | None = self.cleaned_data["template"]
        return template.type if template else str(self.cleaned_data["type"])


class SharedTermsForm(TermsForm):
    """The terms that all of them get. A price or surcharge that stays empty comes from the hall."""

    contact_provider = forms.EmailField(
        label=_("E-mail of your contact"), required=False, help_text=_("Whom the theater can ask.")
    )
    agency_as_provider = forms.BooleanField(
        label=_("The agency is the contracting party"),
        required=False,
        help_text=_("Off: the agreement is between the producer and the theater."),
    )

    def __init__(self, *args: Any, values: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, values=values, **kwargs)
        leave_open(self, values)

    def parties(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("contact_provider", "agency_as_provider")}

    @property
    def party_fields(self) -> list[forms.BoundField]:
        return [self["contact_provider"], self["agency_as_provider"]]


def leave_open(form: TermsForm, values: dict[str, Any] | None) -> None:
    """Show no zero where nothing was filled in: an empty box is filled from the hall, a zero is a zero."""
    for name in OF_THE_HALL:
        if (values or {}).get(name) is None:
            form.initial[name] = None


class TemplateForm(TermsForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    theater: Any = forms.ModelChoiceField(
        label=_("Theater"),
        queryset=None,
        required=False,
        empty_label=_("any theater"),
        help_text=_("Offered for this theater only."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, organisation: Organisation, values: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, values=values, **kwargs)
        leave_open(self, values)
        own = catalogue.performances_of(organisation).order_by().values("theater")
        rows = catalogue.theaters(organisation, retired=True).filter(pk__in=own).prefetch_related(None)
        self.fields["theater"].queryset = rows.order_by("name", "pk")  # type: ignore[attr-defined]

    @classmethod
    def of(cls, template: TermsTemplate, organisation: Organisation, data: Any = None) -> "TemplateForm":
        return cls(
            data,
            organisation=organisation,
            kind=template.type,
            values=stock.values_of(template.type, template.terms),
            initial={"name": template.name, "theater": template.theater_id, "version": template.version},
        )

    def values(self) -> dict[str, Any]:
        return {
            "type": self.kind,
            "name": self.cleaned_data["name"],
            "theater": self.cleaned_data["theater"],
            "terms": self.terms(),
        }

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self["name"], self["theater"]]


class TypeOnlyForm(forms.Form):
    type = forms.ChoiceField(
        label=_("Type"),
        widget=forms.RadioSelect,
        choices=type_choices,
        initial=ContractType.PARTAGE,
        error_messages={"required": _("Choose a type.")},
    )


class SnippetForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("What you choose it by."))
    text = forms.CharField(label=_("Text"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, snippet: Snippet, data: Any = None) -> "SnippetForm":
        initial = {"title": snippet.title, "text": snippet.text, "version": snippet.version}
        return cls(data, initial=initial)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "text")}
