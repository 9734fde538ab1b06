"""Measures every case for every contender and prints medians, ratios and goals.

Each measurement is a process of its own, and the contenders alternate, so that a machine that slows
down slows them all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from fnmatch import fnmatch

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Task, ask
from benchmarks.site import Site, site

#: What `--quick` divides the number of operations by.
_QUICK = 5


def tasks(name: str, contenders: list[str], place: Site, *, quick: bool) -> list[Task]:
    case = CASES[name]
    count = max(1, case.count // _QUICK) if quick else case.count
    return [
        Task(each, name, count, place)
        for each in case.contenders
        if each in contenders and CONTENDERS[each].available
    ]


def profile(task: Task) -> None:
    """Prints a profile of ours, in a process of its own."""
    plain = ask(task)
    if isinstance(plain, str):
        sys.exit(plain)
    kernel = f", {plain['kernel_us']:.1f} in the kernel" if "kernel_us" in plain else ""
    print(f"{task.case}: {plain['cpu_us']:.1f} us of CPU each{kernel}; in detail:", flush=True)
    task.profile = True
    failure = ask(task)
    if isinstance(failure, str):
        sys.exit(failure)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"Cases: {'; '.join(CASES)}.",
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help='a case, or a pattern: "async *"')
    parser.add_argument("--contenders", default=",".join(CONTENDERS), metavar="A,B")
    parser.add_argument("--rounds", type=int, help="of each measurement; 5, or 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="a fifth of the operations")
    parser.add_argument("--json", action="store_true", help="all figures instead of tables")
    parser.add_argument("--profile", metavar="CASE", help="where the time of ours goes in a case")
    chosen = parser.parse_args()
    for pattern in [*chosen.cases, chosen.profile or "*"]:
        if not any(fnmatch(name, pattern) for name in CASES):
            parser.error(f"no case {pattern!r}")
    for contender in chosen.contenders.split(","):
        if contender not in CONTENDERS:
            parser.error(f"no contender {contender!r}: one of {', '.join(CONTENDERS)}")
    return chosen


def main() -> None:
    chosen = options()
    contenders = chosen.contenders.split(",")
    patterns = chosen.cases or ["*"]
    names = [name for name in CASES if any(fnmatch(name, each) for each in patterns)]
    # What is installed was compiled by its installer; what is checked out may never have been.
    packages = ["openai_async", "openai_sync"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], check=True)
    rounds = chosen.rounds or (1 if chosen.quick else 5)
    with site() as place:
        if chosen.profile:
            [task] = tasks(chosen.profile, ["ours"], place, quick=chosen.quick)
            profile(task)
            return
        if not chosen.json:
            print(report.HEAD)
        rows = []
        for name in names:
            each = tasks(name, contenders, place, quick=chosen.quick)
            runs = [{task.contender: ask(task) for task in each} for _ in range(rounds)]
            rows.append(report.row(name, runs))
            if not chosen.json:
                print(report.line(rows[-1]), flush=True)
        if chosen.json:
            print(json.dumps(rows, indent=2))
        else:
            print(*report.aside(rows), *report.failures(rows), sep="\n")


if __name__ == "__main__":
    main()
