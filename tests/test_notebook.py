"""The notebook in docs runs from its first cell to its last, and shows what it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator

pytest.importorskip("IPython", reason="IPython is not installed")

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"
BOOK: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in BOOK["cells"] if cell["cell_type"] == "code"]

#: Runs cells, in a loop that runs already (as a kernel does) or without one (as a terminal does).
SESSION = """
import asyncio, json, signal, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

signal.signal(signal.SIGINT, signal.default_int_handler)
shell = InteractiveShell.instance()

def report(done, captured):
    shown = [] if done.result is None else sorted(shell.display_formatter.format(done.result)[0])
    error = done.error_before_exec or done.error_in_exec
    return [repr(error) if error else None, captured.stdout, captured.stderr, shown]

def in_terminal(cell):
    with capture_output() as captured:
        done = shell.run_cell(cell, store_history=True)
    return report(done, captured)

async def in_kernel(cell):
    with capture_output() as captured:
        transformed = shell.transform_cell(cell)
        done = await shell.run_cell_async(cell, store_history=True, transformed_cell=transformed)
    return report(done, captured)

async def kernel(cells):
    return [await in_kernel(cell) for cell in cells]

cells = json.loads(input())
if sys.argv[1] == "kernel":
    loop = asyncio.new_event_loop()  # asyncio.run has an idea of its own about Ctrl-C
    reports = loop.run_until_complete(kernel(cells))
    loop.close()
else:
    reports = [in_terminal(cell) for cell in cells]
print(json.dumps(reports))
"""

#: How one cell ended: its error, what it printed and where, and the kinds its value is shown as.
Report = tuple[str | None, str, str, list[str]]


def run(place: str, **environment: str) -> dict[str, Report]:
    """The reports of all cells, by their code."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION, place],
        env={**os.environ, "NO_COLOR": "1", **environment},
        input=json.dumps(CODE),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    reports = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(CODE, map(tuple, reports), strict=True))


@pytest.fixture(scope="module", params=["kernel", "terminal"])
def reports(request: pytest.FixtureRequest, emulator_of_module: Emulator) -> dict[str, Report]:
    url = emulator_of_module.base_url
    return run(request.param, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=url)


@pytest.fixture(scope="module")
def emulator_of_module() -> Any:
    with Emulator() as emulator:
        yield emulator


def cell(reports: dict[str, Report], words: str) -> Report:
    """The report of the first cell with these words in it."""
    return next(report for code, report in reports.items() if words in code)


def test_every_cell_runs(reports: dict[str, Report]) -> None:
    assert [(code, report[0]) for code, report in reports.items() if report[0]] == []


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("client = OpenAI(", ["text/plain"]),
        ("answer = ", ["text/markdown", "text/plain"]),
        ("vectors = ", ["text/html", "text/plain"]),
        ("images = ", ["text/html", "text/plain"]),
        ("client.models.list()", ["text/html", "text/plain"]),
    ],
)
def test_values_are_shown_as(reports: dict[str, Report], words: str, kinds: list[str]) -> None:
    assert cell(reports, words)[3] == kinds


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("create?", "POST /chat/completions"),
        ("text = stream.print()", "You said: Why do programs wait? In one sentence.\n"),
        ("NotFoundError", "404 model_not_found req_"),
        ("raise_signal", "interrupted: incomplete\n"),
        ("await stream.print()", "You said: And this was awaited.\n"),
    ],
)
def test_cells_print(reports: dict[str, Report], words: str, printed: str) -> None:
    assert printed in cell(reports, words)[1]


def test_the_bar_is_filled(reports: dict[str, Report]) -> None:
    assert "20/20" in cell(reports, "with tqdm")[2]


def test_the_notebook_needs_no_key() -> None:
    without = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL"), "")
    assert [report[0] for report in run("kernel", **without).values() if report[0]] == []


def test_the_notebook_is_one() -> None:
    assert (BOOK["nbformat"], BOOK["nbformat_minor"]) == (4, 5)
    identifiers = [cell["id"] for cell in BOOK["cells"]]
    assert len(set(identifiers)) == len(identifiers)


def test_the_notebook_stores_nothing_that_was_run() -> None:
    stored = [cell for cell in BOOK["cells"] if cell.get("outputs") or cell.get("execution_count")]
    assert stored == []


def test_the_notebook_is_saved_as_jupyter_saves_it() -> None:
    text = json.dumps(BOOK, indent=1, ensure_ascii=False) + "\n"
    assert NOTEBOOK.read_text(encoding="utf-8") == text
