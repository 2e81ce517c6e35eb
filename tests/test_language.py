"""Dutch is complete: every source string has its translation, the compiled catalogue is the written one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import allauth
import django
import polib
import pytest
from django.utils import translation

ROOT = Path(__file__).resolve().parent.parent
DUTCH = ROOT / "locale" / "nl" / "LC_MESSAGES"
# django-allauth's own strings, in the words of this portal, and what Django's own Dutch lacks.
ACCOUNTS = ROOT / "locale" / "accounts" / "nl" / "LC_MESSAGES"
BOTH = pytest.mark.parametrize("folder", [DUTCH, ACCOUNTS], ids=["portal", "accounts"])
ALLAUTH = Path(allauth.__file__).parent
DJANGO = Path(django.__file__).parent
INFORMAL = re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE)
SHOWN = re.compile(r"(templates/)?(account|mfa|usersessions)/")
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|\{[a-z_]*\}")


@BOTH
def test_every_line_is_translated_and_none_is_a_guess(folder: Path) -> None:
    catalogue = polib.pofile(str(folder / "django.po"))
    assert len(catalogue) > 100
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


@BOTH
def test_translations_keep_the_placeholders(folder: Path) -> None:
    for entry in polib.pofile(str(folder / "django.po")):
        wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            # A singular may leave the number out ('one day').
            assert set(PLACEHOLDER.findall(text)) <= wanted, entry.msgid
            if not entry.msgid_plural:
                assert set(PLACEHOLDER.findall(text)) == wanted, entry.msgid


@BOTH
def test_the_compiled_catalogue_is_the_written_one(folder: Path) -> None:
    written = {(entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
               for entry in polib.pofile(str(folder / "django.po"))}  # fmt: skip
    compiled = {(entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
                for entry in polib.mofile(str(folder / "django.mo"))}  # fmt: skip
    assert compiled == written


def test_the_second_catalogue_has_only_what_others_say_and_the_portal_does_not() -> None:
    """A string that the portal has too belongs in its own catalogue; one that they dropped is of no use."""
    own = {entry.msgid for entry in polib.pofile(str(DUTCH / "django.po"))}
    sources = [
        ALLAUTH / "locale/nl",
        *(DJANGO / room / "locale/en" for room in ("conf", "contrib/auth", "contrib/admin")),
    ]
    theirs = {entry.msgid for source in sources for entry in polib.pofile(str(source / "LC_MESSAGES" / "django.po"))}
    overridden = {entry.msgid for entry in polib.pofile(str(ACCOUNTS / "django.po"))}
    assert overridden - theirs == set()
    assert overridden & own == set()


def test_people_are_addressed_with_u() -> None:
    """Nobody is called 'je': not in our own Dutch, and not in allauth's as far as its pages are used here."""
    for folder in (DUTCH, ACCOUNTS):
        for entry in polib.pofile(str(folder / "django.po")):
            assert not INFORMAL.search(" ".join([entry.msgstr, *entry.msgstr_plural.values()])), entry.msgid
    said = [
        gettext_in_dutch(entry.msgid)
        for entry in polib.pofile(str(ALLAUTH / "locale" / "nl" / "LC_MESSAGES" / "django.po"))
        if any(SHOWN.match(path) and "/email/" not in path for path, _line in entry.occurrences)
    ]
    assert len(said) > 150
    assert [text for text in said if INFORMAL.search(text)] == []


def gettext_in_dutch(text: str) -> str:
    with translation.override("nl"):
        return translation.gettext(text)


@pytest.mark.gettext
def test_no_string_of_the_source_is_missing(tmp_path: Path) -> None:
    for name in ("dipportal", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "sandbox"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "manage.py", "makemessages", "--locale", "nl", "--no-location"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = polib.pofile(str(tmp_path / "locale" / "nl" / "LC_MESSAGES" / "django.po"))
    source = {(entry.msgctxt, entry.msgid) for entry in found}
    catalogue = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(DUTCH / "django.po"))}
    assert (source - catalogue, catalogue - source) == (set(), set())
