"""How complete the types are for those who install the packages: `pyright --verifytypes`.

`docs/typing.md` says what it reports and why. Here it runs where it is installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_typing import ROOT, installed

#: A line that makes a method of another one: its type is inferred from the call.
BRIDGE = re.compile(r"\s+(\w+ = )+(blocking|raw|streamed|overloads|copier|batch_map|_whatever)\(")

each_package = pytest.mark.parametrize("package", ["openai_async", "openai_sync"])


Report = dict[str, Any]


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {}


@pytest.fixture
def report(package: str, reports: dict[str, Report], tmp_path: Path) -> Report:
    """What pyright says of a package that is installed, not one of the project it runs in."""
    if package not in reports:
        command = [installed("pyright"), "--verifytypes", package, "--ignoreexternal"]
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]  # it asks the first python
        done = subprocess.run(
            [*command, "--outputjson"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        reports[package] = json.loads(done.stdout)["typeCompleteness"]
    return reports[package]


def inferred(report: Report) -> Iterator[tuple[str, str]]:
    """Symbols whose own type is inferred, each with the line that it stands on."""
    for symbol in report["symbols"]:
        for fault in symbol["diagnostics"]:
            if fault["severity"] == "error" and fault["file"]:  # else it is another symbol's
                lines = lines_of(fault["file"])
                yield symbol["name"], lines[fault["range"]["start"]["line"]]


@cache
def lines_of(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()


@each_package
def test_no_type_is_unknown(report: Report) -> None:
    assert report["exportedSymbolCounts"]["withKnownType"] > 6000
    assert report["exportedSymbolCounts"]["withUnknownType"] == 0
    assert report["otherSymbolCounts"]["withUnknownType"] == 0


@each_package
def test_only_the_bridge_is_inferred(report: Report) -> None:
    found = list(inferred(report))
    assert found
    assert [(name, line) for name, line in found if not BRIDGE.match(line)] == []
