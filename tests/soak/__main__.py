"""`python -m soak [WORD]`: runs the long form of every case, or of those with that word."""

from __future__ import annotations

import os
import sys
import time

from .cases import CASES
from .processes import run, serving


def main(word: str = "") -> int:
    failed = 0
    with serving() as site:
        for name, case in CASES.items():
            if word not in name:
                continue
            began, seed = time.perf_counter(), int.from_bytes(os.urandom(3), "big")
            outcome = run(name, case.long, seed, site)
            good = outcome.code == 0 and not outcome.complaints
            failed += not good
            seconds = time.perf_counter() - began
            print(
                f"{'ok  ' if good else 'FAIL'} {name}, {case.long:,}: {outcome.figures} "
                f"[{seconds:.0f} s, seed {seed}]",
                outcome.complaints,
                flush=True,
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
