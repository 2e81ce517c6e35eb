"""`python -m bench [names]`: run benchmarks one after the other, print one table, end with 1 when one is too slow."""

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.common import Ratio, say, table, temporary_database

HERE = Path(__file__).parent
NOT_BENCHES = {"__init__", "__main__", "common"}


def names() -> list[str]:
    """The modules that have a `run`; helpers of a bench begin with an underscore."""
    found = {path.stem for path in HERE.glob("*.py")} - NOT_BENCHES
    return sorted(name for name in found if not name.startswith("_"))


def one(name: str) -> None:
    """In the child: set up Django on the database that was made, run, write the ratios as JSON to standard output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed is no ratio
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dipportal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    ratios = importlib.import_module(f"bench.{name}").run()
    with out:
        json.dump([ratio.as_json() for ratio in ratios], out)


def measured(name: str) -> list[Ratio]:
    """Run one in a process and a database of its own. Raises CalledProcessError when it broke."""
    say(f"— {name}")
    with temporary_database() as address:
        command = [sys.executable, "-m", "bench", "--one", name]
        environment = {**os.environ, "DATABASE_URL": address}
        done = subprocess.run(command, env=environment, cwd=HERE.parent, stdout=subprocess.PIPE, check=True)
    return [Ratio(**members) for members in json.loads(done.stdout)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; without: all")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        one(chosen.one)
        return 0
    unknown = set(chosen.names) - set(names())
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    ratios: list[Ratio] = []
    broken = []
    for name in chosen.names or names():
        try:
            ratios += measured(name)
        except subprocess.CalledProcessError:
            broken.append(name)
    sys.stdout.write(f"{table(ratios)}\n")
    for name in broken:
        say(f"{name} broke off; what it printed stands above")
    return 1 if broken or not all(ratio.ok for ratio in ratios) else 0


if __name__ == "__main__":
    raise SystemExit(main())
