"""The type checkers find no fault with `tests/typing` and the docs, nor let mistakes pass.

`make check` runs them over everything. Here they run only where they are installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import BLOCKS

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "typing"

#: Both take the settings of the project, and the packages that this interpreter sees.
CHECKERS = {
    # What examples show beside the client (tqdm) need not be typed.
    "mypy": ["--disable-error-code=import-untyped", "--python-executable"],
    "pyright": ["--pythonpath"],
}


def installed(name: str) -> str:
    """The checker beside this interpreter, or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: `make setup` does that")
    return found


@pytest.mark.parametrize("name", CHECKERS)
def test_the_examples_are_understood(name: str, tmp_path: Path) -> None:
    """Those in `tests/typing`, and those of the documentation in both styles."""
    for block in BLOCKS:
        block.write(tmp_path)
    given = [str(EXAMPLES), str(tmp_path), str(ROOT / "docs" / "demo.py")]
    command = [installed(name), *CHECKERS[name], sys.executable, *given]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    places = ("tests/typing/", "docs/", tmp_path.name)
    complaints = [line for line in done.stdout.splitlines() if any(at in line for at in places)]
    assert complaints == [], "\n".join(complaints)
    assert done.returncode in (0, 1), done.stderr  # 1: the checker has other complaints


def test_the_examples_cover_both_clients_and_mistakes() -> None:
    assert {"awaited.py", "blocking.py", "mistakes.py"} <= {
        path.name for path in EXAMPLES.glob("*.py")
    }
