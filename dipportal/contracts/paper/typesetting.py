"""From content to PDF: Typst in a process of its own, which can be stopped and reaches no file and no network.

The content goes in as data. Nothing in it is ever read as markup, whatever characters a title has.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dipportal.core.errors import PortalError

log = logging.getLogger(__name__)
SECONDS = 10.0
_PROGRAM = Path(__file__).with_name("typeset_in_child.py")
AGREEMENT = Path(__file__).with_name("agreement.typ")


class PaperError(PortalError):
    """The PDF could not be made."""

    code = "paper"
    status = 503
    sentence = _("The PDF could not be made. Try again; if it stays away, print this page instead.")


def typeset(content: dict[str, Any], *, template: Path = AGREEMENT, seconds: float = SECONDS) -> bytes:
    """`template`: a file of ours; it can read what lies beside it, and nothing else.

    Raises PaperError when it takes too long or goes wrong; what went wrong is in the log, without the content.
    """
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", str(_PROGRAM), str(template)],
            input=json.dumps(content).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Without the traceback: it would show the content.
        log.error("making a PDF took longer than %s seconds", seconds)  # noqa: TRY400
        raise PaperError from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        log.error("making a PDF failed with exit code %s", done.returncode)
        raise PaperError
    return done.stdout
