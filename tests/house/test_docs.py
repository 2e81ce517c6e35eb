"""The pages say what the code does: settings, dependencies, assumptions, links."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def settings_variables() -> set[str]:
    """Every variable that settings.py reads: the first argument of each call of core.environment."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "dipportal/settings.py").read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "environment"
        ):
            assert isinstance(node.args[0], ast.Constant), f"line {node.lineno}: a name that cannot be listed"
            found.add(str(node.args[0].value))
    return found


def first_columns(page: Path, heading: str) -> list[str]:
    """The first cells of the tables below a heading, up to the next heading of that level or higher."""
    text = page.read_text(encoding="utf-8")
    level = heading.partition(" ")[0]
    assert f"\n{heading}\n" in text, f"{page.name} has no '{heading}'"
    section = text.split(f"\n{heading}\n", 1)[1]
    section = re.split(rf"\n#{{1,{len(level)}}} ", section)[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return [cell for cell in rows if cell and not set(cell) <= {"-", ":"}]


def test_every_setting_is_explained_and_nothing_else() -> None:
    explained = [cell.strip("`") for cell in first_columns(DOCS / "operations.md", "## Settings") if cell[0] == "`"]
    assert sorted(explained) == sorted(settings_variables())


def packages(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[<>=\[ ]", line)[0] for line in lines if line and line[0] not in "#-"}


def test_settings_say_nothing_about_variables_of_another_name() -> None:
    """A setting that is read outside of settings.py would be found nowhere."""
    for file in (ROOT / "dipportal").rglob("*.py"):
        if file.relative_to(ROOT).parts[1] in {"sandbox", "demo"} or file.name in {"environment.py", "settings.py"}:
            continue
        text = file.read_text(encoding="utf-8").replace('os.environ.setdefault("DJANGO_SETTINGS_MODULE"', "")
        assert "os.environ" not in text, f"{file} reads the environment itself"
        assert "getenv" not in text, f"{file} reads the environment itself"


@pytest.mark.parametrize(
    ("heading", "file"),
    [("### To run (`requirements/base.in`)", "base.in"), ("### To check and test (`requirements/dev.in`)", "dev.in")],
)
def test_every_dependency_has_its_reason(heading: str, file: str) -> None:
    explained = [cell for cell in first_columns(DOCS / "decisions.md", heading) if cell != "package"]
    assert sorted(explained) == sorted(packages(file) - {"base.in"})


def assumed_names(source: str) -> set[str]:
    """What each ASSUMED of a module belongs to: the function, class or assignment around it, or the next one below."""
    parts: list[tuple[int, int, str]] = []
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts.append((node.lineno, node.end_lineno or node.lineno, node.name))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            parts.append((node.lineno, node.end_lineno or node.lineno, ast.unparse(target)))
    first = tree.body[0]
    docstring_ends = first.end_lineno or 0 if ast.get_docstring(tree) is not None else 0
    lines = [number for number, line in enumerate(source.splitlines(), 1) if re.search(r"\bASSUMED\b", line)]
    return {next(name for _start, end, name in parts if line <= end) for line in lines if line > docstring_ends}


def test_marks_are_found_wherever_they_stand() -> None:
    source = (
        '"""ASSUMED is a word."""\n# ASSUMED below\nA = 1\nB: int = 2  # ASSUMED beside\n\n\n'
        'def f() -> None:\n    """ASSUMED within."""\n\n\ndef g() -> None:\n    """Known."""\n\n\n'
        "# ASSUMED of a class\nclass C:\n    pass\n"
    )
    assert assumed_names(source) == {"A", "B", "f", "C"}


def test_every_assumption_of_the_portal_is_on_the_list_and_no_other() -> None:
    files = [*sorted((ROOT / "dipportal/dip").glob("*.py")), ROOT / "dipportal/settings.py"]
    marked = {f"{file.stem}.{name}" for file in files for name in assumed_names(file.read_text(encoding="utf-8"))}
    listed = [cell for cell in first_columns(DOCS / "dip-api.md", "## Assumptions") if cell[0] == "`"]
    assert sorted(cell.strip("`") for cell in listed) == sorted(marked)


def test_each_assumption_says_why_and_how_to_find_out() -> None:
    text = (DOCS / "dip-api.md").read_text(encoding="utf-8").split("\n## Assumptions\n")[1]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for target in re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, flags=re.MULTILINE):
        assert target in targets, f"{page.name}: make {target}"
    for command in re.findall(r"manage\.py ([a-z_]+)", text):
        assert command in get_commands(), f"{page.name}: manage.py {command}"
    for script in re.findall(r"\bscripts/([\w.-]+\w)", text):
        assert (ROOT / "scripts" / script).exists(), f"{page.name}: scripts/{script}"


def test_the_pages_that_readme_promises_are_there() -> None:
    for name in ("architecture", "decisions", "operations", "dip-api"):
        assert (DOCS / f"{name}.md").stat().st_size > 3000


def test_the_variables_that_compose_insists_on_are_written_where_it_reads_them() -> None:
    """An exported variable is gone at the next log-in, and with it every later command of Compose."""
    needed = re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert needed
    for page in (ROOT / "README.md", DOCS / "operations.md"):
        text = page.read_text(encoding="utf-8")
        assert sorted(re.findall(r"^ {4}echo '(\w+)=.*' >> \.env$", text, flags=re.MULTILINE)) == sorted(needed)


def test_without_docker_static_files_are_collected_with_the_setting_that_needs_them() -> None:
    section = (DOCS / "operations.md").read_text(encoding="utf-8").split("\n### Without Docker\n")[1].split("\n## ")[0]
    assert re.search(r"STATIC_MANIFEST=true .*\n.*manage\.py collectstatic", section)
