"""Runs every case for both contenders in turn, several times, and prints medians and ratios.

`python -m benchmarks [--rounds N] [--json] [CASE ...]`. Each measurement is a process of its own,
and the two contenders alternate, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.case import CASES

CONTENDERS = ("ours", "official")

#: The part of the official package's CPU time that each case is meant to stay under.
GOALS = {
    "import, chat": 1 / 10,
    "import, responses": 1 / 10,
    "async call": 1 / 8,
    "async call, 100 at once": 1 / 12,
    "async stream, a chunk": 1 / 25,
    "sync call": 1 / 3,
    "sync stream, a chunk": 1 / 20,
    "32 embeddings": 1,
    "32 embeddings as numbers": 1 / 30,
}


def measure(contender: str, case: str, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.case", contender, case, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(case: str, url: str, rounds: int) -> dict[str, Any]:
    runs = [{each: measure(each, case, url) for each in CONTENDERS} for _ in range(rounds)]
    medians = {
        each: {
            figure: statistics.median(run[each][figure] for run in runs)
            for figure in ("cpu_us", "peak_mib", "modules")
        }
        for each in CONTENDERS
    }
    ratio = statistics.median(run["ours"]["cpu_us"] / run["official"]["cpu_us"] for run in runs)
    return {"case": case, **medians, "ratio": ratio, "goal": GOALS[case]}


def show(row: dict[str, Any]) -> str:
    def cost(value: float) -> str:
        return f"{value / 1000:8.2f} ms" if value >= 1000 else f"{value:8.1f} us"

    ours, official = row["ours"], row["official"]
    return (
        f"{row['case']:26} {cost(ours['cpu_us'])} {cost(official['cpu_us'])}   "
        f"1/{1 / row['ratio']:<5.1f} 1/{1 / row['goal']:<5.0f} "
        f"{ours['peak_mib']:5.0f} {official['peak_mib']:5.0f} MiB "
        f"{ours['modules']:5.0f} {official['modules']:5.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for case in options.cases:
        if case not in CASES:
            parser.error(f"no case {case!r}")
    # What is installed was compiled by its installer; what is checked out may never have been.
    packages = ["openai_async", "openai_sync"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], check=True)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
            if not options.json:
                print(
                    f"{'CPU per operation':26} {'ours':>11} {'official':>11}   "
                    f"ratio   goal    peak memory     modules"
                )
            rows = []
            for case in options.cases or CASES:
                rows.append(compare(case, url, options.rounds))
                if not options.json:
                    print(show(rows[-1]), flush=True)
            if options.json:
                print(json.dumps(rows, indent=2))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
