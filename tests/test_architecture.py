"""What the design says of the code, held by tests: rooms, sizes, spelling, templates, the journal."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from dipportal.contracts.terms import TERMS
from dipportal.journal.codes import declared

ROOT = settings.BASE_DIR
CODE = [path for path in (ROOT / "dipportal").rglob("*.py") if "migrations" not in path.parts]
TEMPLATES = [path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")]

MOST_LINES_OF_A_FILE = 500
MOST_LINES_OF_A_FUNCTION = 60
# File or function → why it is longer.
LONGER: dict[str, str] = {}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_code_to_look_at() -> None:
    assert len(CODE) > 100
    assert len(TEMPLATES) > 50


def test_files_stay_small() -> None:
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FILE and name not in LONGER} == {}


def functions_in(source: str) -> dict[str, int]:
    """Lines per name. Methods of several classes may share one: the longest of them counts."""
    sizes: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            sizes[node.name] = max(sizes.get(node.name, 0), (node.end_lineno or 0) - node.lineno + 1)
    return sizes


def test_a_long_method_does_not_hide_behind_a_short_one_of_its_name() -> None:
    method = "class {name}:\n    def save(self):\n{body}"
    classes = [method.format(name=name, body="        pass\n" * lines) for name, lines in (("Long", 70), ("Short", 1))]
    assert functions_in("".join(classes)) == functions_in("".join(reversed(classes))) == {"save": 71}


def test_functions_stay_small() -> None:
    sizes = {
        f"{name_of(path)}:{name}": size
        for path in CODE
        for name, size in functions_in(path.read_text(encoding="utf-8")).items()
    }
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION and name not in LONGER} == {}
    assert set(LONGER) - set(sizes) - {name_of(path) for path in CODE} == set(), "no longer needed"


@pytest.mark.parametrize(
    ("contract", "but"), [("No room imports the sandbox", {"sandbox"}), ("Only dip speaks HTTP", {"sandbox", "dip"})]
)
def test_the_import_contracts_know_every_room(contract: str, but: set[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    sources = next(one["source_modules"] for one in contracts if one["name"] == contract)
    rooms = {f"dipportal.{path.parent.name}" for path in (ROOT / "dipportal").glob("*/__init__.py")}
    assert rooms - set(sources) == {f"dipportal.{room}" for room in but}


@pytest.mark.parametrize("area", ["providers", "receivers", "api"])
def test_role_areas_never_ask_the_whole_table(area: str) -> None:
    """Everything comes through `visible_to`, so no page can forget whose rows it shows."""
    found = []
    for path in CODE:
        if name_of(path).startswith(f"dipportal/{area}/"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager", "_base_manager"):
                    found.append(f"{name_of(path)}:{node.lineno}")
    assert found == []


# What DIP calls its members and nobody else would. Plain words (name, status, remarks, rent) say nothing.
SPELT_BY_DIP = {
    "theater_fee", "consumption_fee", "service_fee", "wardrobe_fee", "mantel_agreement", "producer_technicians",
    "settlement_pricing", "entrance_pricing", "royalties_percentage", "royalties_add_part_percentage",
    "partage_percentage", "producer_warranty", "theater_warranty", "warranty_per_performance", "other_charges",
    "reject_reason", "rejection_fields", "contact_theater", "contact_producer", "agencyAsProvider", "childIds",
    "parentId", "startDate", "isOtherLocation", "theater_location", "theater_locations", "accompanied_by_producers",
    "cast_members", "modifiedSince", "productionNumber", "performanceNumbers", "revised-in-pki", "error_description",
    "first_date", "recette", "blockedseats",
    *(f"amount_rank{rank}" for rank in range(1, 11)),
}  # fmt: skip
REJECTED = re.compile(r"is_\w+_rejected")
# The portal's own API takes the bodies that ticketing systems send to DIP already: these of its words, in one place and
# in the examples of its document.
OF_OUR_API = {"productionNumber", "recette", "error_description", "blockedseats"}
API_WIRE = ("dipportal/api/wire.py", "dipportal/api/examples.py")
WIRE = ("dipportal/dip/wire.py", "dipportal/dip/wire_peek.py", "dipportal/dip/wire_counts.py")


def spelt(path: Path) -> Iterator[str]:
    """Names, attributes, arguments and string literals of a file; not its comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from re.findall(r"[\w-]+", node.value)
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg


def test_only_the_wire_format_spells_dip_s_members() -> None:
    found = {}
    for path in CODE:
        name = name_of(path)
        if name in WIRE or name.startswith("dipportal/sandbox/"):
            continue
        words = {word for word in spelt(path) if word in SPELT_BY_DIP or REJECTED.fullmatch(word)}
        if name in API_WIRE:
            words -= OF_OUR_API
        if words:
            found[name] = sorted(words)
    assert found == {}


def test_the_wire_format_spells_them() -> None:
    """The list above is no list of words that nobody uses."""
    words = set(spelt(ROOT / WIRE[0]))
    assert {"theater_fee", "producer_warranty", "reject_reason"} <= words


def test_the_api_spells_what_it_may_spell() -> None:
    assert set(spelt(ROOT / API_WIRE[0])) >= OF_OUR_API


INLINE = {
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a style block": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "javascript: in a link": re.compile(r"javascript:", re.IGNORECASE),
    "something of another host": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//"),
    "text that is not escaped": re.compile(r"\|\s*safe\b|\{%\s*autoescape off"),
}
# Mails carry their looks with them: mail programs read no style sheet. Text mails have nothing to escape.
MAIL = re.compile(r"templates/(mail/|\w+/email/)")
# A help text is a string of ours or of Django's, which gives the rules for a password as a list in HTML.
TRUSTED = {("text that is not escaped", "templates/components/field_help.html")}


@pytest.mark.parametrize("what", INLINE)
def test_templates_have_nothing_that_the_policy_forbids(what: str) -> None:
    found = [
        name_of(path)
        for path in TEMPLATES
        if not MAIL.match(name_of(path))
        and (what, name_of(path)) not in TRUSTED
        and INLINE[what].search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


# Each model of ours: the journal codes that tell of its changes, or why it has none.
JOURNALLED: dict[str, tuple[str, ...]] = {
    "organisations.organisation": ("organisation.created", "organisation.updated"),
    "organisations.membership": ("member.joined", "member.role_changed", "member.removed", "member.left"),
    "organisations.invitation": ("member.invited", "member.invited_again", "member.invitation_withdrawn"),
    "catalogue.production": ("production.created", "production.updated", "production.cancelled"),
    "catalogue.performance": ("performance.created", "performance.moved", "performance.cancelled"),
    "catalogue.theater": ("theater.receiver_set",),
    "catalogue.producer": ("producer.providers_set",),
    "contracts.contract": ("contract.created", "contract.proposed", "contract.approved", "contract.rejected"),
    "contracts.batch": ("batch.made", "batch.retried"),
    "contracts.termstemplate": ("template.created", "template.updated", "template.removed"),
    "contracts.snippet": ("snippet.created", "snippet.updated", "snippet.removed"),
    "contracts.standingagreement": ("standing.created", "standing.updated", "standing.ended"),
    "notifications.salessubscription": ("sales.invited", "sales.confirmed", "sales.changed", "sales.stopped"),
    "ticketing.ticketlink": ("count.linked", "count.unlinked"),
    "ticketing.counting": ("counting.updated",),
    "ticketing.systemkey": ("count_key.created", "count_key.revoked"),
    "dip.conflict": ("contract.conflict", "contract.resolved", "dip.conflict", "dip.resolved"),
    "dip.connection": ("dip.connection_saved", "dip.connection_removed"),
}
EXEMPT: dict[str, str] = {
    "organisations.user": "one's own name, language and preferences; log-ins and passwords are allauth's",
    "catalogue.genre": "a copy of DIP's reference data; the run of the pull tells what changed",
    "catalogue.hall": "a copy of DIP's reference data",
    "journal.entry": "the journal itself",
    "notifications.email": "an outbox row: it follows from a line of the journal, and records its own outcome",
    "notifications.weeklyround": "a record of its own of what the clock did about a week of a theater",
    "notifications.salesround": "a record of its own of what the clock did about a week of a subscription",
    "notifications.attachment": "a part of a mail",
    "dip.operation": "an outbox row: it follows from a line of the journal, and records its own outcome",
    "contracts.batchrow": "one agreement of a batch: what becomes of it stands in the journal of that agreement",
    "dip.remoterecord": "what was last seen in DIP, word for word",
    "dip.syncrun": "a record of its own of what a pull did",
    "ticketing.ticketcount": "what a source tells; who entered it stands in a line of its performance",
    "ticketing.ticketcountpoint": "the history itself",
    "ticketing.toursums": "what performances and their counts make together; made anew at any time",
    "ticketing.owedcount": "what follows from performances and their counts; made anew at any time",
    "ticketing.forecastcheck": "reckoned anew every week, of counts that are there",
}


def test_every_model_is_journalled_or_exempt_with_a_reason() -> None:
    ours = {
        model._meta.label_lower
        for app in apps.get_app_configs()
        if app.name.startswith("dipportal.")
        for model in app.get_models()
    }
    assert ours == set(JOURNALLED) | set(EXEMPT)
    assert set(JOURNALLED) & set(EXEMPT) == set()
    assert {code for codes in JOURNALLED.values() for code in codes} - set(declared()) == set()


def test_every_journal_code_is_written_somewhere() -> None:
    """A code that nobody records is a promise that nobody keeps."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE if path.name != "codes.py")
    assert {code for code in declared() if f'"{code}"' not in text} == set()


def test_the_table_of_terms_has_a_column_for_each() -> None:
    columns = {field.name for field in apps.get_model("contracts", "Contract")._meta.get_fields()}
    assert {term.name for term in TERMS} <= columns


def test_no_production_code_asks_whether_it_is_tested() -> None:
    asks = re.compile(r"\bpytest\b|PYTEST_CURRENT_TEST|sys\.argv\[1\] == .test")
    assert [name_of(path) for path in CODE if asks.search(path.read_text(encoding="utf-8"))] == []
