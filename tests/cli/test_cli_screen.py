"""What terminals and pipes are given."""

from __future__ import annotations

import io
import json

import pytest

from openai_sync._cli import screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\n\twith lines", "plain text\n\twith lines"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("title \x1b]0;x\x07", "title \ufffd]0;x\ufffd"),
        ("over\rwritten", "over\ufffdwritten"),
        ("8-bit \x9b31m", "8-bit \ufffd31m"),
        ("txt\u202egnp.exe", "txt\ufffdgnp.exe"),
        ("two\r\nlines\r\n", "two\nlines\n"),
        ("caf\u00e9 \U0001f469\u200d\U0001f467", "caf\u00e9 \U0001f469\u200d\U0001f467"),
        ("10\u202fkm\u00a0\u3000", "10\u202fkm\u00a0\u3000"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("byte \udcff", "byte \ufffd"),
    ],
)
def test_terminals_are_given_nothing_to_obey(text: str, shown: str) -> None:
    assert screen.printable(text) == shown
    terminal, pipe = Terminal(), io.StringIO()
    screen.write(text, terminal)
    screen.write(text, pipe)
    assert (terminal.getvalue(), pipe.getvalue()) == (shown, text)


def test_tables_are_tables_on_terminals_alone() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    rows = [("[red]a.txt", None), ("\x1b[2J", 7)]
    screen.table(("name", "number"), rows, terminal)
    screen.table(("name", "number"), rows, pipe)
    assert "[red]a.txt" in terminal.getvalue()
    assert "name" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
    assert pipe.getvalue() == "[red]a.txt\t\n\x1b[2J\t7\n"


def test_values_with_tabs_fit_between_tabs() -> None:
    pipe = io.StringIO()
    screen.table(("name",), [("one\ttwo\nthree",)], pipe)
    assert pipe.getvalue() == "one two three\n"


def test_what_an_encoding_has_not_does_not_end_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    screen.write("caf\u00e9 ")
    screen.write_json({"text": "caf\u00e9"})
    text, _, rest = narrow.buffer.getvalue().partition(b" ")  # type: ignore[attr-defined]
    assert text == b"caf?"
    assert json.loads(rest) == {"text": "caf\u00e9"}


def test_json_has_what_no_encoding_has() -> None:
    assert json.loads(screen.as_json({"name": "\udcff"})) == {"name": "\udcff"}


@pytest.mark.parametrize(
    ("number", "counted"), [(0, "0 files"), (1, "1 file"), (2000, "2,000 files")]
)
def test_counts(number: int, counted: str) -> None:
    assert screen.count(number, "file") == counted
