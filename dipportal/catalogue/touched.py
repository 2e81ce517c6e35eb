"""Whoever follows the tours of productions is told which of them changed: the rooms above that add them up.

A pull writes many rows at once, and no journal line for those it never saw before; so this is told apart from the
journal. A follower runs in the transaction of the change and only writes rows.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from django.db.models import QuerySet

from dipportal.catalogue.models import Performance, Production

Follower = Callable[[Sequence[int]], None]
_followers: list[Follower] = []


def follow(follower: Follower) -> Follower:
    if follower not in _followers:
        _followers.append(follower)
    return follower


def touched(productions: Iterable[int]) -> None:
    """The performances of these productions, by their keys, are not what they were."""
    keys = sorted(set(productions))
    if keys:
        for follower in _followers:
            follower(keys)


def locked(productions: Collection[int]) -> list[int]:
    """Nobody else changes the tours of these, or adds them up, until this transaction ends. Returns their keys.

    To be asked for before rows of performances are: everybody takes both in this order.
    """
    return _locked(Production.objects.filter(pk__in=productions)) if productions else []


def locked_with(performances: Collection[int]) -> list[int]:
    """The same for the productions of these performances."""
    plays = Performance.objects.filter(pk__in=performances).order_by()
    return _locked(Production.objects.filter(pk__in=plays.values("production"))) if performances else []


def _locked(productions: QuerySet[Production]) -> list[int]:
    rows = productions.select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(rows.values_list("pk", flat=True))
