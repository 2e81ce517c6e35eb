from __future__ import annotations

from dipportal.sandbox.cli import main

if __name__ == "__main__":
    main()
