"""Where the browser of the tests stands. `scripts/run_tests.py` looks for it at the same place."""

import os

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
