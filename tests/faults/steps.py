"""What scripts are made of: things a server does with one connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .answers import (
    COMPLETION,
    EVENT_STREAM,
    EVENTS,
    FILES,
    FIRST_EVENT,
    JSON,
    chunk,
    head,
    healthy,
)
from .server import PATIENCE, Gone, Peer, Step

#: How often one that drips sends something, in seconds. Far below all limits of the cases.
_DRIP = 0.01

read_head = Peer.read_head
read = Peer.read
hang = Peer.hang
close = Peer.close
reset = Peer.reset
half_close = Peer.half_close
begin_tls = Peer.begin_tls


@dataclass(frozen=True)
class Good:
    """The parts of the right answer to a request."""

    streaming: bool

    @property
    def body(self) -> bytes:
        return EVENTS if self.streaming else COMPLETION

    @property
    def part(self) -> bytes:
        """Some of the body: one event, or JSON that is not complete."""
        return FIRST_EVENT if self.streaming else COMPLETION[:20]

    @property
    def nothing(self) -> bytes:
        """Something that may begin the body, as often as one likes, and means nothing."""
        return b": still there\n\n" if self.streaming else b" "

    def head(self, *headers: str, version: str = "1.1") -> bytes:
        kind = EVENT_STREAM if self.streaming else JSON
        return head(*headers, kind=kind, version=version)


def send(data: bytes) -> Step:
    """Sends just that."""
    return lambda peer: peer.send(data)


def reply(build: Callable[[Good], bytes]) -> Step:
    """Sends what `build` makes of the right answer to the last request."""
    return lambda peer: peer.send(build(Good(peer.streaming)))


def answer_well(peer: Peer) -> None:
    """Sends the right answer to the last request."""
    peer.send(healthy(peer.request.target, streaming=peer.streaming))


def byte_by_byte(peer: Peer) -> None:
    """Sends the right answer in as many pieces as possible."""
    for byte in healthy(peer.request.target, streaming=peer.streaming):
        peer.send(bytes([byte]))


def reply_to_large(peer: Peer) -> None:
    """Sends the right answer to a request whose body nobody has read."""
    peer.send(healthy(peer.request.target, streaming=peer.request.target != FILES))


def drip(build: Callable[[Good], bytes]) -> Step:
    """Sends that over and over, with pauses, until the client hangs up."""

    def step(peer: Peer) -> None:
        piece = build(Good(peer.streaming))
        while not peer.gone_within(_DRIP):
            peer.send(piece)
        raise Gone

    return step


def drip_chunks(peer: Peer) -> None:
    """Sends a chunked body that never gets anywhere."""
    drip(lambda good: chunk(good.nothing))(peer)


def flood(data: bytes) -> Step:
    """Sends that over and over, without pauses, until the client hangs up."""

    def step(peer: Peer) -> None:
        while True:
            peer.send(data)

    return step


def stop_reading(peer: Peer) -> None:
    """Leaves what the client sends where it is, until its call is over."""
    assert peer.server.over.wait(PATIENCE), "the call did not end"
    peer.hang()


def when_told(step: Step) -> Step:
    """Does that when the test says so."""

    def wait(peer: Peer) -> None:
        assert peer.server.go.wait(PATIENCE), "nobody said so"
        step(peer)
        peer.server.acted.set()

    return wait
