"""The receiver's menu."""

from django.urls import reverse
from django.utils.translation import gettext as _

from dipportal.core.listing import counts
from dipportal.organisations.areas import AreaRequest
from dipportal.organisations.navigation import MOST_TOLD, ORGANISATION_PAGES, Item
from dipportal.receivers import loaders

CONTRACT_PAGES = (
    "contract", "approve", "reject", "counter", "retract", "undo", "answers", "answered", "compare", "standing",
)  # fmt: skip
COUNT_PAGES = (
    "count", "sales", "production_sales", "counting", "links", "unlink", "ticketing_keys", "ticketing_key_revoke",
    "counts_sheet", "counts_sheet_file", "counts_sheet_save", "counts_sheet_saved",
)  # fmt: skip


def items(request: AreaRequest) -> list[Item]:
    """Costs one query at most: how many proposals wait."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    # A list counts it along with its own rows.
    waiting = getattr(request, "waiting", None)
    if waiting is None:
        (waiting,) = counts([loaders.waiting(request.organisation)], most=MOST_TOLD + 1)

    def item(name: str, label: str, icon: str, pages: tuple[str, ...] = (), count: int = 0) -> Item:
        url = reverse(f"receivers:{name}", kwargs={"organisation": request.organisation.slug})
        return Item(label=label, url=url, icon=icon, active=here == name or here in pages, count=count)

    return [
        item("start", _("Start"), "home"),
        item("contracts", _("Agreements"), "file-text", CONTRACT_PAGES, count=waiting),
        item("performances", _("Performances"), "calendar-event"),
        item("counts", _("Ticket counts"), "ticket", COUNT_PAGES),
        item("organisation", _("Organisation"), "building-community", ORGANISATION_PAGES),
    ]
