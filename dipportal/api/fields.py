"""Members of a body, read strictly: a number that came as text, or a name that is misspelt, is a mistake to be told."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dipportal.catalogue.dip_id import DipId

# Within these years two moments can be compared, whatever their offsets.
YEARS = range(2000, 2200)
REQUIRED = {"required": gettext_lazy("This member is required."), "null": gettext_lazy("This may not be null.")}


class Strict(serializers.Serializer[Any]):
    """Refuses members that it does not know."""

    default_error_messages = {"invalid": gettext_lazy("This is not an object with members.")}

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        wrong: dict[str, Any] = {
            # As long as a member's name can be; what is longer is none.
            str(name)[:60]: [ErrorDetail(_("There is no such member."), code="unknown_member")]
            for name in unknown
        }
        try:
            found = super().to_internal_value(data)
        except ValidationError as refusal:
            raise ValidationError({**cast(dict[str, Any], refusal.detail), **wrong}) from None
        if wrong:
            raise ValidationError(wrong)
        return found


class Whole(serializers.IntegerField):
    """A JSON number without a fraction; neither text nor true."""

    default_error_messages = {
        **REQUIRED,
        "invalid": gettext_lazy("This is not a whole number."),
        "min_value": gettext_lazy("This may not be less than {min_value}."),
        "max_value": gettext_lazy("This may not be more than {max_value}."),
    }

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class Text(serializers.CharField):
    default_error_messages = {
        **REQUIRED,
        "invalid": gettext_lazy("This is not a text."),
        "blank": gettext_lazy("This may not be empty."),
        "max_length": gettext_lazy("This may have at most {max_length} letters and digits."),
        "control": gettext_lazy("This has signs in it that cannot be read."),
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not data.isprintable():
            self.fail("control")
        return data.strip()


class ProductionId(Text):
    default_error_messages = {"shape": gettext_lazy("This is not a production id of DIP, as NL-25-123-0003776.")}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            found = DipId.parse(text)
        except ValueError:
            self.fail("shape")
        if found.performance is not None:
            self.fail("shape")
        return found.production


class Moment(serializers.DateTimeField):
    """Aware, or refused."""

    default_error_messages = {
        **REQUIRED,
        "invalid": gettext_lazy("Write a moment with its offset, as 2026-03-12T20:15:00+01:00."),
    }

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            found = dt.datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or found.year not in YEARS:
            self.fail("invalid")
        return found
