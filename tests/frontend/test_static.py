"""Nothing on a page comes from another host or is hidden in it: files, licences, icons, templates."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MAIL_FOLDERS = {"email", "emails", "mail", "mails"}

TEMPLATES = [path for path in sorted((ROOT / "templates").rglob("*.html")) if not MAIL_FOLDERS.intersection(path.parts)]
SHEETS = sorted(STATIC.rglob("*.css"))
SCRIPTS = sorted(STATIC.rglob("*.js"))
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def markup(path: Path) -> str:
    """The template as it goes to the browser, more or less: without comments and without template tags."""
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
    return re.sub(r"{#.*?#}|{%.*?%}", "", text, flags=re.S)


@pytest.mark.parametrize("folder", [path.name for path in VENDOR.iterdir() if path.is_dir()])
def test_a_vendored_folder_has_a_licence_and_a_line_in_the_table(folder: str) -> None:
    table = (VENDOR / "README.md").read_text()
    assert (VENDOR / folder / "LICENSE").read_text().strip()
    assert f"`{folder}/LICENSE`" in table
    for path in (VENDOR / folder).iterdir():
        assert f"{folder}/{path.name}" in table, f"{path.name} is not in static/vendor/README.md"


@pytest.mark.parametrize("path", SHEETS, ids=short)
def test_a_style_sheet_refers_only_to_files_that_are_here(path: Path) -> None:
    text = path.read_text()
    assert "sourceMappingURL" not in text
    assert "@import" not in text
    for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", text):
        assert address.startswith(("data:", "#")) or (path.parent / address).exists(), address


@pytest.mark.parametrize("path", SCRIPTS, ids=short)
def test_a_script_refers_only_to_files_that_are_here(path: Path) -> None:
    text = path.read_text()
    assert "sourceMappingURL" not in text
    for address in re.findall(r'^import .* from "([^"]+)"', text, flags=re.M):
        assert (path.parent / address).exists(), address


def test_the_files_can_be_collected_for_production(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    assert list(tmp_path.glob("css/theme.*.css.gz"))


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_a_template_holds_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = markup(path)
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert not re.search(r"<style\b", text), "inline style sheet"
    assert not re.search(r"""\son[a-z]+\s*=\s*["']""", text), "inline event handler"
    assert "javascript:" not in text
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes, "inline script"


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_a_template_loads_nothing_from_another_host(path: Path) -> None:
    loads = re.findall(
        r"""<(?:script|img|link|iframe|source|use|form)\b[^>]*?(?:src|href|action)=["']([^"']*)""", markup(path)
    )
    assert not [address for address in loads if re.match(r"(https?:)?//", address)]


def icons_used() -> set[tuple[str, str]]:
    found = set()
    for path in TEMPLATES:
        for tag in re.findall(r"{%.*?%}", path.read_text(), flags=re.S):
            names = re.findall(r'\b(?:\w+_)?icon="([a-z0-9-]+)"', tag)
            if "components/icon.html" in tag:
                names += re.findall(r'name="([a-z0-9-]+)"|default:"([a-z0-9-]+)"', tag)
            names += re.findall(r'{% icon "([a-z0-9-]+)"', tag)
            for name in names:
                found |= {(short(path), part) for part in ([name] if isinstance(name, str) else name) if part}
    for path in sorted((ROOT / "dipportal").rglob("*.py")):
        found |= {
            (short(path), name)
            for name in re.findall(r'"icon": "([a-z0-9-]+)"|icon="([a-z0-9-]+)"', path.read_text())
            for name in name
            if name
        }
    return found


@pytest.mark.parametrize(("place", "name"), sorted(icons_used()))
def test_an_icon_that_is_used_is_in_the_sprite(place: str, name: str) -> None:
    assert name in SYMBOLS, f"{place} shows an icon that static/icons.svg does not have"


def test_the_icons_stand_in_order_and_once() -> None:
    names = re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())
    assert names == sorted(set(names))
