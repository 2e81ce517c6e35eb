"""How much more memory a first pull takes than parsing alone, each in a process of its own that starts with nothing."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import orjson

from bench import _payload
from bench.common import Ratio, say

WAYS = ("parse", "pull")


def ratios() -> list[Ratio]:
    found = []
    for factor in (1, 10):
        path = _payload.file_of(factor)
        say(f"memory at {factor} x")
        parsed, pulled = (_in_a_process(way, path, factor) for way in WAYS)
        note = f"{pulled / 1024:.0f} MB / {parsed / 1024:.0f} MB, the first pull of {path.stat().st_size / 1e6:.1f} MB"
        found.append(Ratio(f"memory of a pull / of parsing, {factor} x", pulled / parsed, 1.3, note=note))
    return found


def _in_a_process(way: str, path: Path, factor: int) -> int:
    """Kilobytes above what the process had before it began."""
    command = [sys.executable, "-m", "bench._memory", way, str(path), str(factor)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], env=os.environ, stdout=subprocess.PIPE, check=True)
    return int(done.stdout.split()[-1])


def main(way: str, path: str, factor: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dipportal.settings")
    import django

    django.setup()
    from bench import _house
    from dipportal.dip import pull

    dip = _house.Dip()
    pull.Client = dip  # type: ignore[misc, assignment]
    connection = _house.provider(f"memory-{way}-{factor}")
    # Everything that is loaded at the first use is loaded before: an agreement like the others, of another time.
    one = orjson.loads(_payload.some(path))
    dip.answers["/contracts"] = orjson.dumps([{**one, "id": 1, "childIds": [], "parentId": 0}])
    _house.pulled(connection, "contracts-full")
    gc.collect()
    before = _peak(anew=True)
    if way == "parse":
        parsed = orjson.loads(Path(path).read_bytes())
        assert len(parsed) > 1000
    else:
        dip.files["/contracts"] = Path(path)
        _house.pulled(connection, "contracts-full")
    sys.stdout.write(f"\n{_peak() - before}\n")


def _peak(*, anew: bool = False) -> int:
    """The most that this process held, in kilobytes; `anew`: from here on. What getrusage tells begins with the parent.

    Linux only.
    """
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(*sys.argv[1:])
