"""The generated files as a whole: made, formatted, written, compared."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: What is generated: every Python file below these, and these single files.
FOLDERS = (
    "openai_async/types",
    "openai_async/resources",
    "openai_sync/types",
    "openai_sync/resources",
)
FILES = ("docs/api.md", "openai_sync/_module_resources.py")

RUFF = (sys.executable, "-m", "ruff")

_COMMANDS = [
    [
        "check",
        "--select=I",
        "--fix",
        "--config=lint.isort.known-first-party=['openai_async', 'openai_sync']",
    ],
    ["format"],
]


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """`files`, by path, with sorted imports and in the format of this repository."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        options = ["--isolated", "--no-cache", "--quiet", "--config=line-length=100"]
        for command in _COMMANDS:
            arguments = [command[0], *options, "--config=target-version='py310'", *command[1:]]
            subprocess.run([*RUFF, *arguments, folder], check=True)
        return {path: Path(folder, path).read_text(encoding="utf-8") for path in files}


def present(root: Path = ROOT) -> set[str]:
    """The paths of the generated files that exist."""
    found = {name for name in FILES if (root / name).exists()}
    for folder in FOLDERS:
        found |= {p.relative_to(root).as_posix() for p in (root / folder).rglob("*.py")}
    return found


def write(files: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Makes the tree what `files` says; returns the paths that changed."""
    changed = differences(files, root)
    for path in changed:
        target = root / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8", newline="\n")
        else:
            target.unlink()
    return changed


def differences(files: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """The paths of files that are missing, left over, or not what `files` says."""
    found = present(root)
    wrong = {path for path in found | {*files} if path not in files or path not in found}
    for path in found & {*files}:
        if (root / path).read_text(encoding="utf-8") != files[path]:
            wrong.add(path)
    return sorted(wrong)
