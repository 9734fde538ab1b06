"""The documentation: its files, the code in them, and the same code in the other style."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import styles

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

#: Words of a block that has no twin in the other style, and why it has none.
ONE_STYLE = {
    "import openai_sync": "the module itself is a client for blocking code only",
    "ThreadPoolExecutor": "how blocking code does many things at once; tasks need no such thing",
    "openai_async.types": "answers are the same in both styles",
}


class Block(NamedTuple):
    """A block of code, with the line that its first line stands on."""

    document: Path
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def twin(self) -> str | None:
        """The same in the other style, if there is such a thing."""
        if any(words in self.code for words in ONE_STYLE):
            return None
        return styles.blocking(self.code) if "await" in self.code else styles.awaited(self.code)

    def write(self, directory: Path) -> None:
        """Puts the code of both styles into files, for type checkers."""
        name = re.sub(r"\W+", "_", f"{self.document.stem}_{self.line}")
        (directory / f"{name}.py").write_text(self.code, encoding="utf-8")
        if self.twin is not None:
            (directory / f"{name}_twin.py").write_text(self.twin, encoding="utf-8")


def blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]


BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
