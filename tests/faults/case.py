"""What a fault is, and what is said of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openai_async import Timeout

from . import places
from .answers import ROUND, SAID, answer, error_body
from .places import MakePlace, Place
from .server import Script
from .steps import read


@dataclass(frozen=True)
class Raises:
    """The call raises exactly this error of the library, with these words in its message."""

    error: str
    says: str = ""
    status: int | None = None
    attempts: int = 1

    def __str__(self) -> str:
        return f"`{self.error}`" + (f" {self.status}" if self.status else "")


@dataclass(frozen=True)
class Gives:
    """The call gives what the server said; a stream ends in this way."""

    outcome: str = "complete"
    said: str = SAID

    def __str__(self) -> str:
        ending = "" if self.outcome == "complete" else f", `outcome` is `{self.outcome}`"
        return ("the answer" if self.said else "no events") + ending


Expected = Raises | Gives


def _nothing_more(_: Place) -> None:
    """There is nothing else to check."""


@dataclass(frozen=True)
class Case:
    """One fault."""

    title: str
    plain: Expected | None
    """None where it cannot happen to such a call."""
    stream: Expected | None
    #: What the server does with the connections that are made, in turn.
    scripts: tuple[Script, ...] = ()
    place: MakePlace = places.direct
    #: Settings of the client that makes the call.
    settings: dict[str, Any] = field(default_factory=dict)
    #: Whether the call sends much: a file, or a long message where it streams.
    large: bool = False
    #: Whether another call of the same kind used the connection before.
    warm: bool = False
    #: Whether the script waits to be let go between the two.
    told: bool = False
    check: Callable[[Place], None] = _nothing_more


#: Seconds after which the cases about limits end. Everything else has ample time.
LIMIT = 0.15

#: For servers that fall silent once they are connected.
IMPATIENT = {"timeout": Timeout(60, read=LIMIT)}

NOT_CONNECTED = Raises("APITimeoutError", "timeout.connect")
NOT_READ = Raises("APITimeoutError", "timeout.read")
NOT_WRITTEN = Raises("APITimeoutError", "timeout.write")
TOO_LATE = Raises("DeadlineExceeded", "deadline")
STRANGE = Raises("APIResponseValidationError")
REFUSED = Raises("APIStatusError", "Too big", status=413)
NO_EVENTS = Gives("unknown", said="")

#: The length of a body that is not going to be so long.
LONG = "Content-Length: 100000"

#: An early answer.
TOO_BIG = answer(error_body("Too big"), status="413 Too Large")


def both(expected: Expected) -> dict[str, Any]:
    """The same for a plain call and for a stream."""
    return {"plain": expected, "stream": expected}


def fails(says: str) -> dict[str, Any]:
    """For both, an error of the connection with these words in its message."""
    return both(Raises("APIConnectionError", says))


def answers(*steps: Any) -> tuple[Script, ...]:
    """One connection, on which a request is read first."""
    return ((read, *steps),)


def once(place: Place) -> None:
    """The request, and the one afterwards: nothing was tried again."""
    assert len([each for each in place.server.requests if each.target != ROUND]) == 2


def one_connection(place: Place) -> None:
    """What happened was no reason to give up the connection."""
    assert place.server.connections == 1
