"""A receiver with the theaters it runs."""

from dataclasses import dataclass

from dipportal.catalogue.models import PerformanceQuerySet, TheaterQuerySet
from dipportal.catalogue.queries import performances_in
from dipportal.contracts.models import ContractQuerySet
from dipportal.contracts.queries import contracts_in
from dipportal.organisations.models import Organisation


@dataclass(frozen=True)
class House:
    """`theaters` are the numbers of all of them, as they were read for this page; or the rows, to be looked up.

    A statement that is kept for numbers is another one as soon as a theater comes or goes.
    """

    organisation: Organisation
    theaters: tuple[int, ...] | TheaterQuerySet

    @property
    def keys(self) -> list[int]:
        """The numbers of the theaters; looked up now, if they were not."""
        if isinstance(self.theaters, tuple):
            return list(self.theaters)
        return list(self.theaters.values_list("pk", flat=True))

    def contracts(self) -> ContractQuerySet:
        """Of each deal the newest version that this house may see."""
        return contracts_in(self.theaters).newest_among(contracts_in(self.theaters))

    def versions(self) -> ContractQuerySet:
        """Of each deal all versions that this house may see; they are about the same production."""
        return contracts_in(self.theaters).filter(discarded_at=None)

    def performances(self) -> PerformanceQuerySet:
        return performances_in(self.theaters)

    def to_answer(self) -> ContractQuerySet:
        return contracts_in(self.theaters).to_answer()
