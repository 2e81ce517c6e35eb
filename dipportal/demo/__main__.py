"""`python -m dipportal.demo`: the whole portal on this machine, with a season to look at; Ctrl-C ends all of it."""

import argparse
import contextlib
import fcntl
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from dipportal.demo import portal
from dipportal.demo.people import PASSWORD, SHOWN
from dipportal.demo.processes import DEMO, AskedToStop, Stack, StartFailed, free_port, still_there

# Stands in a folder that a demo made, and nowhere else; it is also the lock.
MARKER = ".dipportal-demo"


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="make demo", description=__doc__)
    arguments.add_argument("--port", type=int, default=8000, help="of the portal; the next free one when taken")
    arguments.add_argument("--sandbox-port", type=int, default=8090, help="of the stand-in for DIP")
    arguments.add_argument("--var", type=Path, default=portal.ROOT / "var" / "demo", help="where everything is kept")
    arguments.add_argument("--fresh", action="store_true", help="throw the kept data away first")
    arguments.add_argument("--scale", default="", help="how large a world the stand-in for DIP makes")
    return arguments


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[TextIO]:
    """Two demos must not work on the same files. Raises StartFailed.

    Every process of the demo is given the open file, so it stays locked until the last of them is gone.
    """
    with (var / MARKER).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            lock.seek(0)
            raise StartFailed(who_is_there(var, still_there(lock.read()))) from taken
        yield lock


def who_is_there(var: Path, found: dict[str, int]) -> str:
    if DEMO in found or not found:
        return f"another demo is running on {var}. Stop that one, or give --var."
    left = ", ".join(f"{name} ({number})" for name, number in found.items())
    return f"a demo on {var} was killed and left processes behind: {left}. End these first, or give --var."


def must_be_a_demo(var: Path) -> None:
    """Raises StartFailed for a folder with things in it that no demo made."""
    if not (var / MARKER).exists() and any(var.iterdir()):
        raise StartFailed(f"{var} was not made by a demo; nothing in it is touched. Give another folder with --var.")


def empty(var: Path) -> None:
    """Throw away what an earlier demo kept."""
    for entry in var.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != MARKER:
            entry.unlink()


def say(text: str = "") -> None:
    print(text, flush=True)


def choose_addresses(options: argparse.Namespace) -> portal.Addresses:
    web = free_port(options.port)
    sandbox = free_port(options.sandbox_port, avoid=[web])
    for wanted, found in ((options.port, web), (options.sandbox_port, sandbox)):
        if wanted != found:
            say(f"Port {wanted} is taken, so {found} is used.")
    return portal.Addresses(web, sandbox)


def bring_up(stack: Stack, addresses: portal.Addresses, options: argparse.Namespace) -> None:
    say("Making the database …")
    stack.run("migrate", portal.manage("migrate", "--no-input", "--verbosity", "0"))
    say("Starting the stand-in for DIP …")
    portal.start_sandbox(stack, addresses, options.var / "sandbox.sqlite3", scale=options.scale)
    say("Filling the season (a minute at most, the first time) …")
    stack.run("seed", portal.manage("seed_demo"))
    say("Starting the worker, the clock and the web server …")
    portal.start_worker(stack)
    portal.start_beat(stack, options.var)
    portal.start_web(stack, addresses)


def tell(addresses: portal.Addresses) -> None:
    width = max(len(email) for email, _what in SHOWN)
    say()
    say("  dipportal is running.")
    say()
    say(f"  Portal             {addresses.web}/")
    say(f"  Mails as sent      {addresses.web}/demo/mail/")
    say(f"  DIP's dashboard    {addresses.sandbox}/dashboard/   (the stand-in: answer as a theater here)")
    say()
    say(f"  Password of all    {PASSWORD}")
    say()
    for email, what in SHOWN:
        say(f"  {email:<{width}}  {what}")
    say()
    say("  Ctrl-C stops everything. Next time the data is still here; `make demo-fresh` starts over.")
    say()


def run(options: argparse.Namespace, lock: TextIO) -> None:
    addresses = choose_addresses(options)
    with Stack(portal.ROOT, portal.environment(options.var, addresses), options.var / "logs", lock) as stack:
        stack.obey_signals()
        try:
            bring_up(stack, addresses, options)
            tell(addresses)
            stack.watch()
        except AskedToStop:
            say("Stopping …")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    options.var = options.var.resolve()
    options.var.mkdir(parents=True, exist_ok=True)
    try:
        must_be_a_demo(options.var)
        with only_one(options.var) as lock:
            if options.fresh:
                empty(options.var)
            run(options, lock)
    except StartFailed as problem:
        say(f"The demo stopped: {problem}")
        return 1
    say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
