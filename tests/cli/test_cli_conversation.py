"""`chat` at a terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from openai_async.emulator import Emulator

from .commands import Command

#: `input` notices a signal that comes in the moment before it waits only after that.
LOOK_UP = "\n"


class Person:
    """Somebody at a terminal."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self.seen = ""

    def reads(self, words: str) -> str:
        """Everything up to the next time that `words` are on the screen."""
        while words not in self.seen:
            self.seen += os.read(self._screen, 4096).decode("utf-8", "ignore")
        before, _, self.seen = self.seen.partition(words)
        return before

    def types(self, text: str) -> None:
        os.write(self._screen, text.encode())


@pytest.fixture
def person(terminal: tuple[int, int]) -> Person:
    return Person(terminal[0])


@pytest.fixture
def chat(terminal: tuple[int, int]) -> Iterator[Command]:
    screen = terminal[1]
    arguments = ("chat", "-s", "Be kind.")
    with Command(*arguments, stdin=screen, stdout=screen, stderr=screen) as command:
        os.close(screen)
        yield command


def said(emulator: Emulator) -> list[tuple[str, Any]]:
    """What the model was told last."""
    messages = emulator.requests[-1].json()["messages"]
    return [(message["role"], message["content"]) for message in messages]


def test_each_question_knows_those_before(
    chat: Command, person: Person, emulator: Emulator
) -> None:
    person.reads("> ")
    person.types("first\n")
    person.reads("You said: first")
    person.reads("> ")
    person.types("\n")
    person.reads("> ")
    person.types("second\n")
    person.reads("You said: second")
    person.reads("> ")
    person.types("\x04")
    assert chat.wait() == 0
    assert said(emulator) == [
        ("system", "Be kind."),
        ("user", "first"),
        ("assistant", "You said: first"),
        ("user", "second"),
    ]


def test_ctrl_c_ends_an_answer_and_then_the_conversation(
    chat: Command, person: Person, emulator: Emulator
) -> None:
    emulator.fault("pings=3")
    person.reads("> ")
    person.types("first\n")
    person.reads("You said")
    chat.send_signal(signal.SIGINT)
    person.reads("> ")
    person.types("second\n")
    person.reads("You said: second")
    person.reads("> ")
    beginning = said(emulator)[2]
    assert beginning[0] == "assistant"
    assert "You said: first".startswith(beginning[1])
    chat.send_signal(signal.SIGINT)
    person.types(LOOK_UP)
    person.reads("Interrupted.")
    assert chat.wait() == 130


def test_an_error_ends_no_conversation(chat: Command, person: Person, emulator: Emulator) -> None:
    emulator.fault("status=400; message=Not that.")
    person.reads("> ")
    person.types("first\n")
    person.reads("Error: 400: Not that.")
    person.reads("> ")
    person.types("second\n")
    person.reads("You said: second")
    assert said(emulator) == [("system", "Be kind."), ("user", "second")]
    chat.send_signal(signal.SIGTERM)
    person.types(LOOK_UP)
    person.reads("Terminated.")
    assert chat.wait() == 143


def test_bars_and_tables_are_for_terminals(
    terminal: tuple[int, int], person: Person, emulator: Emulator
) -> None:
    screen = terminal[1]
    with Command("embed", "some words", stdin=screen, stdout=screen, stderr=screen) as command:
        os.close(screen)
        shown = person.reads("1536")
        assert command.wait() == 0
    assert "texts" in shown
    assert "some words" in shown
