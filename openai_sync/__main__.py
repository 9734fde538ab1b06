"""`python -m openai_sync`: the command line, if what it is made of is installed."""

from __future__ import annotations

import sys

_MADE_OF = {"click", "rich"}
_USAGE, _INTERRUPTED = 2, 130


def main() -> None:
    """Runs a command, and ends the program with its exit code."""
    try:
        from ._cli.program import run  # noqa: PLC0415  # says what is missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _MADE_OF:
            raise
        sys.stderr.write('The command line needs more packages: pip install "openai-anyio[cli]"\n')
        sys.exit(_USAGE)
    except KeyboardInterrupt:  # loading takes a moment
        sys.exit(_INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
