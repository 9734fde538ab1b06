"""The program: all its commands, and what signals mean to it."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from openai_async import __version__

from .batch import batch
from .chat import chat
from .embed import embed
from .endings import Code, Terminated
from .models import models
from .upload import upload

NAME = "python -m openai_sync"

_HELP = """Ask the OpenAI API, or a server that speaks like it.

The key is read from OPENAI_API_KEY, the server from OPENAI_BASE_URL; for Azure, see the variables
that begin with AZURE_OPENAI. Results go to standard output, all else to standard error.

\b
Exit codes:
  0    all is well
  1    some items failed, or a file here cannot be read or written
  2    the command cannot be run like this
  3    the API refused it
  4    no connection, no answer in time, or the server failed
  130  interrupted by Ctrl-C, 143 by SIGTERM
  141  nobody reads the output any more
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="openai-anyio")
def cli() -> None:
    pass


for _command in (chat, embed, upload, batch, models):
    cli.add_command(_command)


def run() -> NoReturn:
    """Runs the command of `sys.argv`, and ends the program."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(prog_name=NAME)
    except KeyboardInterrupt:  # another one, while the first was dealt with
        sys.exit(Code.INTERRUPTED)
    raise AssertionError  # click ends the program


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
