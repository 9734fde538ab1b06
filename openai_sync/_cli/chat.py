"""`chat`: one answer, or a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from . import attachments, reading
from .asking import Asking
from .conversation import converse
from .session import Session, common

MODEL = "gpt-4o-mini"


@click.command()
@click.argument("prompt", required=False)
@click.option("-m", "--model", default=MODEL, show_default=True)
@click.option("-s", "--system", metavar="TEXT", help="What the model is told before all else.")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A text, an image or a PDF that goes with the prompt; - is standard input.",
)
@click.option(
    "--stream/--no-stream",
    default=None,
    help="Print the answer as it comes, or in one piece.  [default: stream, unless --json]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what the server sends, as JSON.")
@click.option("-t", "--temperature", type=float)
@click.option("--max-tokens", type=click.IntRange(min=1), help="How long the answer may be.")
@common
def chat(
    session: Session,
    prompt: str | None,
    model: str,
    system: str | None,
    files: Sequence[str],
    stream: bool | None,
    as_json: bool,
    temperature: float | None,
    max_tokens: int | None,
) -> None:
    """Ask PROMPT, or what standard input says; at a terminal, without PROMPT, talk."""
    asking = Asking(
        session,
        model,
        stream=not as_json if stream is None else stream,
        as_json=as_json,
        temperature=temperature,
        max_tokens=max_tokens,
    )
    messages: list[Any] = [] if system is None else [{"role": "system", "content": system}]
    if prompt is None and reading.is_terminal() and "-" not in files:
        converse(asking, messages, attachments.parts(files))
        return
    if (prompt in (None, "-")) + files.count("-") > 1:
        raise click.UsageError("Standard input can be read only once.")
    text = reading.text() if prompt in (None, "-") else prompt
    if not (text or "").strip() and not files:
        raise click.UsageError("There is no prompt: it is empty.")
    messages.append(attachments.message(text or "", attachments.parts(files)))
    asking.answer(messages)
