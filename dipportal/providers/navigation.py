"""The main menu of this area."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.areas import AreaRequest
from dipportal.organisations.navigation import ORGANISATION_PAGES, Item

# Label, icon, page.
ENTRIES: tuple[tuple[Any, str, str], ...] = (
    (_("Waiting for you"), "home", "start"),
    (_("Productions"), "theater", "productions"),
    (_("Performances"), "calendar-event", "performances"),
    (_("Ticket counts"), "ticket", "counts"),
    (_("Agreements"), "file-certificate", "contracts"),
    (_("Theaters"), "building", "finder"),
    (_("Synchronisation"), "refresh", "sync"),
    (_("Organisation"), "building-community", "organisation"),
)
MANY_PAGES = (
    "many", "many_propose", "batches", "batch", "contract_copy", "templates", "template_new", "template_edit",
    "template_remove", "snippets", "snippet_new", "snippet_edit", "snippet_remove",
)  # fmt: skip
# Pages that lie under an entry.
UNDER = {
    "production": "productions",
    "production_new": "productions",
    "production_edit": "productions",
    "production_cancel": "productions",
    "performance_new": "productions",
    "performance_edit": "performances",
    "performance_cancel": "performances",
    "contract": "contracts",
    "contract_new": "contracts",
    "contract_edit": "contracts",
    "contract_propose": "contracts",
    "contract_withdraw": "contracts",
    "compare": "contracts",
    **dict.fromkeys(MANY_PAGES, "contracts"),
    **dict.fromkeys(("standing", "standing_new", "standing_edit", "standing_end"), "contracts"),
    **dict.fromkeys(("production_counts", "silent_theaters"), "counts"),
    **dict.fromkeys(
        ("sales_mails", "sales_mail_new", "sales_mail_edit", "sales_mail_stop", "sales_mail_again"), "counts"
    ),
    "members": "finder",
    **dict.fromkeys(("conflicts", "conflict"), "sync"),
    **dict.fromkeys(ORGANISATION_PAGES, "organisation"),
    "dip_connection": "organisation",
    "dip_remove": "organisation",
}


def items(request: AreaRequest) -> list[Item]:
    here = (request.resolver_match.url_name if request.resolver_match else None) or ""
    slug = request.organisation.slug
    return [
        Item(label, reverse(f"providers:{page}", args=[slug]), icon=icon, active=UNDER.get(here, here) == page)
        for label, icon, page in ENTRIES
    ]
