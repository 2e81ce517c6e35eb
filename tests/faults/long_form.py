"""`make faults`: every schedule of up to three faults, then random ones; prints what was run and what came of it.

Three faults an operation; two of several operations that are under way at once, of which three take many hours.

python -m tests.faults [--faults 3] [--several 2] [--only "NAME;NAME"] [--processes 2] [--plain] [--random 300]
python -m tests.faults --seed SEED
With a seed only that random history is played again.
"""

import argparse
import gc
import multiprocessing
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.faults import portal

MOST_OF_SEVERAL = 2
# New objects before the collector looks for cycles: its looking takes a tenth of the time as Python comes.
GARBAGE = 50_000


def explored(name: str, faults: int, several: int, plain: bool) -> tuple[str, object, float]:
    """One operation, in a process of its own."""
    portal.set_up()
    from tests.faults.explore import Exploration, theater
    from tests.faults.scenarios import BY_NAME

    began = time.perf_counter()
    scenario = BY_NAME[name]
    most = min(faults, several) if scenario.several else faults
    with theater() as house:
        # Nothing of what stands now goes away any more; looking for it each time costs a tenth.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE)
        return name, Exploration(house, scenario, plain=plain).run(most), time.perf_counter() - began


def results(names: list[str], options: argparse.Namespace) -> Iterator[tuple[str, object, float]]:
    if options.processes == 1:
        yield from (explored(name, options.faults, options.several, options.plain) for name in names)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        jobs = [pool.submit(explored, name, options.faults, options.several, options.plain) for name in names]
        for job in as_completed(jobs):
            yield job.result()


def all_schedules(options: argparse.Namespace) -> bool:
    from tests.faults.explore import Figures
    from tests.faults.scenarios import SCENARIOS

    names = options.only.split(";") if options.only else [one.name for one in SCENARIOS]
    several = f" (of up to {options.several} where several are under way)" if options.faults > options.several else ""
    print(f"All schedules of up to {options.faults} faults, {len(names)} operations{several}:", flush=True)
    total = Figures()
    for number, (name, figures, seconds) in enumerate(results(names, options), start=1):
        assert isinstance(figures, Figures)
        total.add(figures)
        print(f"[{number}/{len(names)}] {name}: {figures.told()} in {seconds:.0f} s", flush=True)
        for failure in figures.failures:
            print(f"    {failure}", flush=True)
    print(f"\nTogether: {total.told()}")
    for sort in ("lost", "doubled", "stuck", "wrong", "unsafe"):
        times = total.violations[sort]
        zero = f" (0 of {total.total:,}: at most {3 / max(1, total.total):.1e} with 95 % confidence, were they drawn)"
        print(f"  {sort:8} {times}{zero if not times else ''}")
    print("Branches reached: " + ", ".join(f"{name} {times:,}" for name, times in sorted(total.branches.items())))
    return not total.failures


def random_histories(options: argparse.Namespace) -> bool:
    portal.set_up()
    from tests.faults.explore import theater
    from tests.faults.histories import History

    seeds = [options.seed] if options.seed is not None else [random.randrange(10**9) for _ in range(options.random)]
    failed = 0
    with theater() as house:
        for number, seed in enumerate(seeds, start=1):
            found = History(house, seed).play()
            if found:
                failed += 1
                print(f"    SEED={seed}: {'; '.join(str(one) for one in found)}", flush=True)
            if number % 50 == 0:
                print(f"  {number} random histories", flush=True)
    print(f"Random histories: {len(seeds)}, of which {failed} with a violation (3/N = {3 / max(1, len(seeds)):.1e})")
    return not failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--several", type=int, default=MOST_OF_SEVERAL, help="faults where several are under way")
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="each schedule by itself, nothing taken together")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--random", type=int, default=300)
    options = parser.parse_args()
    if options.seed is not None:
        return 0 if random_histories(options) else 1
    portal.set_up()
    good = all_schedules(options)
    return 0 if (random_histories(options) if options.random else True) and good else 1
