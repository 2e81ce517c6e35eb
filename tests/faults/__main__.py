"""`python -m tests.faults`: see long_form."""

import sys

from tests.faults.long_form import main

if __name__ == "__main__":
    sys.exit(main())
