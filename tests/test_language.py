"""Dutch is complete: every source string has its translation, the compiled catalogue is the written one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent
DUTCH = ROOT / "locale" / "nl" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|\{[a-z_]*\}")


def test_every_line_is_translated_and_none_is_a_guess() -> None:
    catalogue = polib.pofile(str(DUTCH / "django.po"))
    assert len(catalogue) > 100
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_translations_keep_the_placeholders() -> None:
    for entry in polib.pofile(str(DUTCH / "django.po")):
        wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            # A singular may leave the number out ('one day').
            assert set(PLACEHOLDER.findall(text)) <= wanted, entry.msgid
            if not entry.msgid_plural:
                assert set(PLACEHOLDER.findall(text)) == wanted, entry.msgid


def test_the_compiled_catalogue_is_the_written_one() -> None:
    written = {(entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
               for entry in polib.pofile(str(DUTCH / "django.po"))}  # fmt: skip
    compiled = {(entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
                for entry in polib.mofile(str(DUTCH / "django.mo"))}  # fmt: skip
    assert compiled == written


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
