"""Whole numbers as people read them."""

from django.utils.formats import number_format


def grouped(number: int) -> str:
    """1300 → '1.300' in Dutch, '1,300' in English."""
    return str(number_format(number, use_l10n=True, force_grouping=True))
