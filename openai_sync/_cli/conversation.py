"""A conversation at a terminal: questions and answers, each of which knows those before it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from openai_async import APIError

from . import screen
from .asking import Asking
from .attachments import message
from .endings import Terminated, line_of
from .session import complain

with suppress(ImportError):  # not on Windows, whose consoles edit lines themselves
    import readline  # noqa: F401  # lets `input` edit lines and remember them

_PROMPT = "> "


def converse(asking: Asking, messages: list[Any], attached: list[dict[str, Any]]) -> None:
    """Answers what is typed, until Ctrl-D; `attached` goes with the first question.

    Ctrl-C ends the running answer, of which what was there is part of the conversation. Where
    nothing runs it raises KeyboardInterrupt.
    """
    asking.session.say("Ctrl-C ends an answer, Ctrl-D the conversation.")
    while (question := _question()) is not None:
        if not question.strip():
            continue
        messages.append(message(question, attached))
        try:
            asking.answer(messages)
        except Terminated:
            raise
        except KeyboardInterrupt:
            complain("")
        except APIError as error:
            complain(f"Error: {line_of(error)}")
        if asking.said:
            messages.append({"role": "assistant", "content": asking.said})
            attached = []
        else:
            messages.pop()  # it was not answered, and may be asked again


def _question() -> str | None:
    """The next line that is typed, None at the end."""
    if sys.stdout.isatty():
        try:
            return input(_PROMPT)
        except EOFError:
            screen.write("\n")
            return None
    sys.stderr.write(_PROMPT)
    sys.stderr.flush()
    return sys.stdin.readline() or None
