"""For every address that names an object: one of our own, and the neighbour's that could leak."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dipportal.contracts import actions
from dipportal.dip.models import Operation
from dipportal.dip.models_conflict import Conflict
from dipportal.organisations import invitations
from dipportal.organisations.actors import pull
from dipportal.organisations.models import Invitation, Membership, Organisation
from dipportal.outbox.models import State
from tests.access import api, many, paper
from tests.notifications import selling
from tests.world import World

Arguments = dict[str, Any]
Maker = Callable[[World], Arguments]


@dataclass(frozen=True)
class Objects:
    """`own` gives the arguments that the own side may use; each of `foreign` must be 'not found'."""

    own: Maker = lambda world: {}
    foreign: dict[str, Maker] = field(default_factory=dict)


def contract(status: str) -> Maker:
    return lambda world: {"pk": world.contract(status=status).pk}


def rival_contract(status: str) -> Maker:
    return lambda world: {"pk": world.rival_contract(status=status).pk}


def nothing_there(_world: World) -> Arguments:
    return {"pk": 987_654_321}


def key_of(who: str) -> Maker:
    return lambda world: {"pk": api.key(world, who)[0].pk}


def provider_contract(status: str) -> Objects:
    return Objects(
        contract(status),
        {"another provider's": rival_contract(status), "none at all": nothing_there},
    )


def receiver_contract(status: str = "proposed") -> Objects:
    return Objects(
        contract(status),
        {
            "another receiver's": rival_contract("proposed"),
            "a concept for us": contract("concept"),
            "one that was taken back": taken_back,
            "none at all": nothing_there,
        },
    )


def receiver_sheet() -> Objects:
    """Of an agreement in force."""
    return receiver_contract("approved")


def taken_back(world: World) -> Arguments:
    row = world.contract(status="proposed")
    actions.withdraw(row, actor=world.actors["agency_editor"])
    return {"pk": row.pk}


def countered(world: World) -> Arguments:
    counter = actions.counter(
        world.contract(status="proposed"), actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000}
    )
    return {"pk": counter.pk}


def rival_countered(world: World) -> Arguments:
    counter = actions.counter(
        world.rival_contract(status="proposed"),
        actor=world.actors["haven_editor"],
        terms={"provider_guarantee": 500000},
    )
    return {"pk": counter.pk}


def own_counter() -> Objects:
    """An adapted proposal: it has no concept, and cannot be taken back by the provider."""
    return Objects(countered, {"another receiver's": rival_countered, "none at all": nothing_there})


def to_answer() -> Objects:
    """An adapted proposal, for the provider who has to answer it."""
    return Objects(countered, {"another provider's": rival_countered, "none at all": nothing_there})


def given_up(world: World) -> Arguments:
    return {"pk": actions.discard(world.contract(), actor=world.actors["agency_editor"]).pk}


def rival_given_up(world: World) -> Arguments:
    return {"pk": actions.discard(world.rival_contract(), actor=world.actors["rival_editor"]).pk}


def recorded(world: World) -> Arguments:
    row = world.contract(status="proposed")
    actions.approve(row, actor=world.actors["agency_editor"], source="telephone")
    return {"pk": row.pk}


def rival_recorded(world: World) -> Arguments:
    row = world.rival_contract(status="proposed")
    actions.approve(row, actor=world.actors["rival_editor"], source="telephone")
    return {"pk": row.pk}


def member_of(organisation: str, role: str = "viewer") -> Maker:
    def make(world: World) -> Arguments:
        owner: Organisation = getattr(world, organisation)
        return {"pk": Membership.objects.get(organisation=owner, role=role).pk}

    return make


def invited_by(organisation: str) -> Maker:
    def make(world: World) -> Arguments:
        owner: Organisation = getattr(world, organisation)
        manager = world.actors[f"{organisation}_manager"]
        invited = invitations.invite(owner, f"nieuw@{owner.slug}.example", "editor", "nl", actor=manager)
        return {"pk": invited.pk}

    return make


def accepted_by(organisation: str) -> Maker:
    def make(world: World) -> Arguments:
        found = invited_by(organisation)(world)
        Invitation.objects.filter(**found).update(accepted_at="2026-01-01T12:00:00Z")
        return found

    return make


def members(own: str, other: str) -> Objects:
    return Objects(
        member_of(own), {"another organisation's": member_of(other), "the other side's": member_of(SIDES[own])}
    )


def invitations_of(own: str, other: str) -> Objects:
    return Objects(
        invited_by(own), {"another organisation's": invited_by(other), "one that was accepted": accepted_by(own)}
    )


def production() -> Objects:
    return Objects(
        lambda world: {"pk": world.production.pk},
        {"another provider's": lambda world: {"pk": world.rival_production.pk}, "none at all": nothing_there},
    )


def performance() -> Objects:
    return Objects(
        lambda world: {"pk": world.performances[0].pk},
        {"another provider's": lambda world: {"pk": world.rival_performance.pk}, "none at all": nothing_there},
    )


def stuck_operation(organisation: str) -> Maker:
    """A change that DIP refused, and that somebody of this provider has to look at."""

    def make(world: World) -> Arguments:
        made = world.contract() if organisation == "agency" else world.rival_contract()
        row = Operation.objects.filter(subject_kind="contract", subject_id=made.pk).latest("pk")
        Operation.objects.filter(pk=row.pk).update(state=State.ATTENTION, error_code="changed_elsewhere")
        return {"pk": row.pk}

    return make


def operation() -> Objects:
    return Objects(
        stuck_operation("agency"),
        {"another provider's": stuck_operation("rival"), "none at all": nothing_there},
    )


def unlike(organisation: str) -> Maker:
    """An agreement that has other terms in DIP, as a pull flags it."""

    def make(world: World) -> Arguments:
        status = "proposed"
        made = world.contract(status=status) if organisation == "agency" else world.rival_contract(status=status)
        actions.flag_conflict(made, text="Garantie", kind="terms", actor=pull(made.provider))
        return {"pk": Conflict.objects.get(subject_id=made.pk).pk}

    return make


def stock_of(name: str) -> Objects:
    """A template or a snippet of ours, and the neighbour's."""

    def of(organisation: str) -> Maker:
        return lambda world: {"pk": getattr(many, name)(world, organisation).pk}

    return Objects(of("agency"), {"another provider's": of("rival"), "none at all": nothing_there})


def standing(own: tuple[str, str], foreign: tuple[str, str]) -> Objects:
    """A standing agreement between these two, with its PDF."""

    def between(pair: tuple[str, str]) -> Maker:
        return lambda world: {"pk": paper.standing_agreement(world, *pair).pk}

    return Objects(between(own), {"the neighbour's": between(foreign), "none at all": nothing_there})


OURS, RIVALS, NEIGHBOURS = ("agency", "kade"), ("rival", "kade"), ("agency", "haven")
SIDES = {"agency": "kade", "kade": "agency"}
NONE = Objects()


def organisation_pages(space: str, own: str, other: str) -> dict[str, Objects]:
    return {
        f"{space}:organisation": NONE,
        f"{space}:organisation_edit": NONE,
        f"{space}:organisation_settings": NONE,
        f"{space}:member_absence": members(own, other),
        f"{space}:invite": NONE,
        f"{space}:invitation_resend": invitations_of(own, other),
        f"{space}:invitation_withdraw": invitations_of(own, other),
        f"{space}:member_role": members(own, other),
        f"{space}:member_remove": members(own, other),
    }


def reader_of(organisation: str) -> Maker:
    """Somebody who gets the weekly sales of this provider."""
    return lambda world: {"pk": selling.subscribed(getattr(world, organisation)).pk}


def stopped_reader_of(organisation: str) -> Maker:
    return lambda world: {"pk": selling.stopped(getattr(world, organisation)).pk}


def sales_reader(make: Callable[[str], Maker] = reader_of) -> Objects:
    return Objects(make("agency"), {"another provider's": make("rival"), "none at all": nothing_there})


def season_files() -> Objects:
    return Objects(
        lambda world: {"what": "producties", "kind": "xlsx"},
        {
            "another kind of file": lambda world: {"what": "producties", "kind": "pdf"},
            "another list": lambda world: {"what": "geheimen", "kind": "xlsx"},
        },
    )


def token(world: World) -> Arguments:
    found: list[str] = []
    invitations.invitation_mailers.append(keep := lambda _invitation, secret: found.append(secret))
    try:
        invitations.invite(world.kade, "nieuw@kade.example", "editor", "nl", actor=world.actors["kade_manager"])
    finally:
        invitations.invitation_mailers.remove(keep)
    return {"token": found[0]}


OBJECTS: dict[str, Objects] = {
    "home": NONE,
    "set_language": NONE,
    "invitation": Objects(token, {"a guess": lambda world: {"token": "x" * 43}}),
    "leave": Objects(
        lambda world: {"slug": world.agency.slug}, {"a stranger's": lambda world: {"slug": "bestaat-niet"}}
    ),
    "preferences": NONE,
    "sales_invitation": Objects(
        lambda world: {"token": selling.asked(world.agency)[1]}, {"a guess": lambda world: {"token": "x" * 43}}
    ),
    "sales_stop": Objects(
        lambda world: {"token": selling.with_link(world.agency)[1]}, {"a guess": lambda world: {"token": "x" * 43}}
    ),
    "check_paper": NONE,
    "health_live": NONE,
    "health_ready": NONE,
    "health_metrics": NONE,
    "receivers:start": NONE,
    "receivers:contracts": NONE,
    "receivers:contract": receiver_contract(),
    "receivers:approve": receiver_contract(),
    "receivers:reject": receiver_contract(),
    "receivers:answers": NONE,
    "receivers:answered": NONE,
    "receivers:counter": receiver_contract(),
    "receivers:contract_yield": receiver_contract(),
    "receivers:retract": own_counter(),
    "receivers:undo": receiver_contract("approved"),
    "receivers:compare": receiver_contract(),
    "receivers:paper": receiver_contract(),
    "receivers:sheet": receiver_sheet(),
    "receivers:sheet_pdf": receiver_sheet(),
    "receivers:sheet_xlsx": receiver_sheet(),
    "receivers:standing": NONE,
    "receivers:standing_file": standing(OURS, NEIGHBOURS),
    "receivers:performances": NONE,
    "receivers:counts_sheet": NONE,
    "receivers:counts_sheet_file": NONE,
    "receivers:counts_sheet_save": NONE,
    "receivers:counts_sheet_saved": NONE,
    "receivers:search": NONE,
    "receivers:counts": NONE,
    "receivers:count": Objects(
        lambda world: {"pk": world.performances[0].pk},
        {"another receiver's": lambda world: {"pk": world.rival_performance.pk}, "none at all": nothing_there},
    ),
    "receivers:count_retry": Objects(
        lambda world: {"pk": world.performances[0].pk},
        {"another receiver's": lambda world: {"pk": world.rival_performance.pk}, "none at all": nothing_there},
    ),
    "receivers:sales": NONE,
    "receivers:production_sales": Objects(
        lambda world: {"pk": world.production.pk},
        {"what plays elsewhere": lambda world: {"pk": world.rival_production.pk}, "none at all": nothing_there},
    ),
    "receivers:production_sales_file": Objects(
        lambda world: {"pk": world.production.pk, "kind": "xlsx"},
        {
            "what plays elsewhere": lambda world: {"pk": world.rival_production.pk, "kind": "xlsx"},
            "another kind of file": lambda world: {"pk": world.production.pk, "kind": "pdf"},
        },
    ),
    "receivers:sales_file": season_files(),
    "receivers:counting": NONE,
    "receivers:ticketing_keys": NONE,
    "receivers:ticketing_key_revoke": Objects(
        key_of("kade"), {"another receiver's": key_of("haven"), "none at all": nothing_there}
    ),
    "receivers:links": NONE,
    "receivers:unlink": Objects(
        lambda world: {"pk": world.performances[0].pk},
        {"another receiver's": lambda world: {"pk": world.rival_performance.pk}, "none at all": nothing_there},
    ),
    **organisation_pages("receivers", "kade", "haven"),
    "providers:start": NONE,
    "providers:productions": NONE,
    "providers:production_new": NONE,
    "providers:production": production(),
    "providers:production_counts": production(),
    "providers:counts": NONE,
    "providers:silent_theaters": NONE,
    "providers:production_counts_file": Objects(
        lambda world: {"pk": world.production.pk, "kind": "xlsx"},
        {
            "another provider's": lambda world: {"pk": world.rival_production.pk, "kind": "xlsx"},
            "another kind of file": lambda world: {"pk": world.production.pk, "kind": "pdf"},
        },
    ),
    "providers:counts_file": season_files(),
    "providers:sales_mails": NONE,
    "providers:sales_mail_new": NONE,
    "providers:sales_mail_edit": sales_reader(),
    "providers:sales_mail_stop": sales_reader(),
    "providers:sales_mail_again": sales_reader(stopped_reader_of),
    "providers:production_edit": production(),
    "providers:production_cancel": production(),
    "providers:performance_new": production(),
    "providers:performances": NONE,
    "providers:halls": NONE,
    "providers:performance_edit": performance(),
    "providers:performance_cancel": performance(),
    "providers:paper": provider_contract("concept"),
    "providers:sheet": provider_contract("approved"),
    "providers:sheet_pdf": provider_contract("approved"),
    "providers:sheet_xlsx": provider_contract("approved"),
    "providers:standing": NONE,
    "providers:standing_new": NONE,
    "providers:standing_edit": standing(OURS, RIVALS),
    "providers:standing_end": standing(OURS, RIVALS),
    "providers:standing_file": standing(OURS, RIVALS),
    "providers:finder": NONE,
    "providers:members": NONE,
    "providers:search": NONE,
    "providers:sync": NONE,
    "providers:sync_now": NONE,
    "providers:conflicts": NONE,
    "providers:conflict": Objects(
        unlike("agency"), {"another provider's": unlike("rival"), "none at all": nothing_there}
    ),
    "providers:operation_retry": operation(),
    "providers:operation_put_ours": operation(),
    "providers:dip_connection": NONE,
    "providers:dip_test": NONE,
    "providers:dip_remove": NONE,
    "providers:contracts": NONE,
    "providers:contract_new": NONE,
    "providers:contract": provider_contract("proposed"),
    "providers:contract_yield": Objects(lambda world: {"kind": "partage"}, {"no type": lambda world: {"kind": "x"}}),
    "providers:contract_edit": provider_contract("concept"),
    "providers:contract_propose": provider_contract("concept"),
    "providers:contract_withdraw": provider_contract("proposed"),
    "providers:compare": provider_contract("proposed"),
    "providers:contract_amend": provider_contract("rejected"),
    "providers:contract_copy": provider_contract("proposed"),
    "providers:many": NONE,
    "providers:many_propose": NONE,
    "providers:batches": NONE,
    "providers:batch": stock_of("batch"),
    "providers:batch_retry": stock_of("batch"),
    "providers:templates": NONE,
    "providers:template_new": NONE,
    "providers:template_edit": stock_of("template"),
    "providers:template_remove": stock_of("template"),
    "providers:snippets": NONE,
    "providers:snippet_new": NONE,
    "providers:snippet_edit": stock_of("snippet"),
    "providers:snippet_remove": stock_of("snippet"),
    "providers:contract_revise": provider_contract("approved"),
    "providers:contract_adopt": to_answer(),
    "providers:contract_decline": to_answer(),
    "providers:contract_record": provider_contract("proposed"),
    "providers:contract_undo": Objects(recorded, {"another provider's": rival_recorded, "none at all": nothing_there}),
    "providers:contract_extend": provider_contract("proposed"),
    "providers:contract_discard": provider_contract("concept"),
    "providers:contract_restore": Objects(
        given_up, {"another provider's": rival_given_up, "none at all": nothing_there}
    ),
    **organisation_pages("providers", "agency", "rival"),
    "api:tickets": NONE,
    "api:reservations": NONE,
    "api:blocked_seats": NONE,
    "api:performances": NONE,
    "api:nothing": NONE,
    "demo:mails": NONE,
    "demo:mail": Objects(nothing_there),
    "demo:mail_body": Objects(nothing_there),
}

# Closed unless the portal runs as a demo: then, and only on localhost, open to everyone.
DEMO_ONLY = {"demo:mails", "demo:mail", "demo:mail_body"}
# Not for every user: what is named must be one's own. The metrics are for a token and for no log-in at all.
OWN_ONLY: dict[str, set[str]] = {
    "leave": {"agency_viewer", "agency_editor", "agency_manager"},
    "health_metrics": set(),
}
