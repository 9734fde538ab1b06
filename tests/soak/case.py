"""Runs one case in this process: `python -m soak.case NAME COUNT SEED URL SECURE_URL AUTHORITY`."""

from __future__ import annotations

import faulthandler
import sys

from .cases import CASES
from .processes import Site

#: Seconds after which a case shows where it hangs, and for each time it repeats what it does.
_PATIENCE, _MORE = 30.0, 0.01


def main(name: str, count: str, seed: str, *site: str) -> None:
    faulthandler.dump_traceback_later(_PATIENCE + int(count) * _MORE, exit=True)
    try:
        print(CASES[name].run(Site(*site), int(count), int(seed)))
    except BaseException:
        print(f"{name}: count {count}, seed {seed}", file=sys.stderr)
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
