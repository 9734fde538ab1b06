"""The type checkers find no fault with `tests/typing`, nor let its mistakes pass.

`make check` runs them over everything. Here they run only where they are installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "typing"

#: Both take the settings of the project, and the packages that this interpreter sees.
CHECKERS = {"mypy": "--python-executable", "pyright": "--pythonpath"}


def installed(name: str) -> str:
    """The checker beside this interpreter, or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: `make setup` does that")
    return found


@pytest.mark.parametrize("name", CHECKERS)
def test_the_examples_are_understood(name: str) -> None:
    command = [installed(name), CHECKERS[name], sys.executable, str(EXAMPLES)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    complaints = [line for line in done.stdout.splitlines() if "tests/typing/" in line]
    assert complaints == [], "\n".join(complaints)
    assert done.returncode in (0, 1), done.stderr  # 1: the checker has other complaints


def test_the_examples_cover_both_clients_and_mistakes() -> None:
    assert {"awaited.py", "blocking.py", "mistakes.py"} <= {
        path.name for path in EXAMPLES.glob("*.py")
    }
