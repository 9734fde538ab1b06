"""What all commands have in common: their options, the client, messages, and how they end."""

from __future__ import annotations

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

import click

from .._azure import AzureOpenAI
from .._client import OpenAI
from .._module_choice import chosen
from .endings import Code, Refused, Terminated, code_of, line_of
from .screen import printable, write

C = TypeVar("C", bound=Callable[..., Any])

#: Where the same command may come further.
_WORTH_AGAIN = {Code.NO_ANSWER, Code.INTERRUPTED, Code.TERMINATED}

_SECONDS = click.FloatRange(min=0, min_open=True)


class Session:
    """One run of a command."""

    def __init__(
        self, *, base_url: str | None, timeout: float | None, deadline: float | None, quiet: bool
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._deadline = deadline
        self.quiet = quiet
        self.goes_on: Callable[[], str] | None = None
        """What is told when the command is cut off: how far it came, and how it goes on."""

    @cached_property
    def client(self) -> OpenAI:
        """The client that the environment and the options describe."""
        given: dict[str, Any] = {"deadline": self._deadline}
        if self._timeout is not None:
            given["timeout"] = self._timeout
        if self._base_url is None and chosen({}, os.environ) == "azure":
            return AzureOpenAI(**given)
        if not (os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_ADMIN_KEY")):
            raise Refused("There is no API key: set the environment variable OPENAI_API_KEY.")
        return OpenAI(base_url=self._base_url, **given)

    @property
    def shows(self) -> bool:
        """Whether somebody watches who wants to see how far it is."""
        return not self.quiet and _is_terminal(sys.stderr)

    def say(self, text: str) -> None:
        """A message, unless it shall be quiet."""
        if not self.quiet:
            complain(text)

    def close(self) -> None:
        """Closes the connections of the client, if there is one."""
        if "client" in self.__dict__:
            self.client.close()


def complain(text: str) -> None:
    """A line on standard error."""
    with suppress(OSError):  # nobody listens
        if sys.stderr is not None:
            write(printable(text) + "\n", sys.stderr)


def _is_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())


def common(function: Callable[..., int | None]) -> Callable[..., None]:
    """Makes `function(session, ...)` the body of a command: with the options of all, and an end."""

    @functools.wraps(function)
    def body(
        *,
        base_url: str | None,
        timeout: float | None,
        deadline: float | None,
        quiet: bool,
        debug: bool,
        **options: Any,
    ) -> None:
        session = Session(base_url=base_url, timeout=timeout, deadline=deadline, quiet=quiet)
        try:
            code = function(session, **options) or Code.OK
            session.close()
        except (click.ClickException, click.exceptions.Exit):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                _let_go()
            if debug:
                complain("".join(traceback.format_exception(error)).rstrip())
            found = code_of(error)
            if found is None:
                raise
            _tell(error, found, session)
            code = found
        raise click.exceptions.Exit(code)

    for decorate in reversed(_OPTIONS):
        body = decorate(body)
    return body


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--base-url", metavar="URL", help="Another server, instead of OPENAI_BASE_URL."),
    click.option("--timeout", type=_SECONDS, help="Seconds to wait for each step of a request."),
    click.option("--deadline", type=_SECONDS, help="Seconds for each whole call, with retries."),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress, and no messages."),
    click.option("--debug", is_flag=True, help="Show where in the program an error comes from."),
)


def _let_go() -> None:
    """From now on a signal ends the program at once."""
    with suppress(ValueError):  # only the main thread may say so
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)


def _tell(error: BaseException, code: Code, session: Session) -> None:
    """Says in a line or two how the command ended."""
    if code is Code.CLOSED:
        _drop_output()
        return
    if isinstance(error, KeyboardInterrupt):
        if _is_terminal(sys.stderr):
            complain("")  # leaves the line that has ^C
        head = "Terminated." if isinstance(error, Terminated) else "Interrupted."
    else:
        head = f"Error: {line_of(error)}"
    goes_on = session.goes_on if code in _WORTH_AGAIN else None
    complain(head if goes_on is None else f"{head} {goes_on()}")


def _drop_output() -> None:
    """Keeps Python from complaining at its end that what is left could not be written."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
