"""Connections that break or fall silent."""

from __future__ import annotations

from openai_async import Timeout

from . import places
from .answers import CHUNKED, FIRST_EVENT, LAST_CHUNK, answer, chunk, head
from .case import (
    IMPATIENT,
    LIMIT,
    LONG,
    NOT_READ,
    NOT_WRITTEN,
    TOO_LATE,
    Case,
    Gives,
    Raises,
    answers,
    both,
    fails,
)
from .server import Step
from .steps import (
    answer_well,
    close,
    drip,
    drip_chunks,
    half_close,
    hang,
    read,
    read_head,
    reply,
    reset,
    send,
    stop_reading,
    when_told,
)

#: What servers do is remembered by model, and ports are used again by later tests.
OF_UNSEEN_MODEL = FIRST_EVENT.replace(b'"model":"m"', b'"model":"unseen"')


def _stream_without_end(first_event: bytes = FIRST_EVENT) -> Step:
    return send(head(CHUNKED, kind="text/event-stream") + chunk(first_event) + LAST_CHUNK)


CUTS = (
    Case("Closed without an answer", **fails("clos"), scripts=answers(close)),
    Case("Reset without an answer", **fails("reset"), scripts=answers(reset)),
    Case("Reset before the request was read", **fails("reset"), scripts=((read_head, reset),)),
    Case(
        "Closed inside the head",
        **fails("clos"),
        scripts=answers(send(b"HTTP/1.1 200 OK\r\nContent-"), close),
    ),
    Case(
        "Reset inside the head",
        **fails("reset"),
        scripts=answers(send(b"HTTP/1.1 200 OK\r\nContent-"), reset),
    ),
    Case(
        "Reset after the head",
        **fails("reset"),
        scripts=answers(reply(lambda good: good.head(LONG)), reset),
    ),
    Case(
        "Reset in the body",
        **fails("reset"),
        scripts=answers(reply(lambda good: good.head(LONG) + good.part), reset),
    ),
    Case(
        "Closed in the body",
        **fails("clos"),
        scripts=answers(reply(lambda good: good.head(LONG) + good.part), close),
    ),
    Case(
        "Length larger than what comes",
        Raises("APIConnectionError", "clos"),
        Gives(),  # all events were there, the terminator too
        scripts=answers(reply(lambda good: good.head(LONG) + good.body), close),
    ),
    Case(
        "Chunked body without its last chunk",
        **fails("clos"),
        scripts=answers(reply(lambda good: good.head(CHUNKED) + chunk(good.part)), close),
    ),
    Case(
        "Half closed without an answer",
        **fails("clos"),
        scripts=answers(half_close, hang),
    ),
    Case(
        "Half closed after the answer",
        **both(Gives()),
        scripts=answers(answer_well, half_close, hang),
    ),
    Case(
        "Server killed in the middle of its answer",
        **fails("the connection"),
        place=places.dying,
    ),
    Case(
        "Reset while much is sent",
        **fails("reset"),
        scripts=((read_head, reset),),
        large=True,
    ),
    Case(
        "Idle connection closed by the next request",
        **both(Gives()),
        scripts=((read, answer_well, read, close),),
        warm=True,
    ),
    Case(
        "Idle connection reset by the next request",
        **both(Gives()),
        scripts=((read, answer_well, read, reset),),
        warm=True,
    ),
    Case(
        "Idle connection closed by the server",
        **both(Gives()),
        scripts=((read, answer_well, when_told(close)),),
        warm=True,
        told=True,
    ),
    Case(
        "Unasked 408 on an idle connection",
        **both(Gives()),
        scripts=(
            (
                read,
                answer_well,
                when_told(send(answer(b"", status="408 Request Timeout"))),
                hang,
            ),
        ),
        warm=True,
        told=True,
    ),
    Case(
        "Stream without its end, from a server that has sent one before",
        None,
        Raises("StreamTruncated", "too early"),
        scripts=((read, answer_well, read, _stream_without_end()),),
        warm=True,
    ),
    Case(
        "Stream without its end, from a server that was never seen to send one",
        None,
        Gives("unknown"),
        scripts=answers(_stream_without_end(OF_UNSEEN_MODEL)),
    ),
)

STALLS = (
    Case("No answer", **both(NOT_READ), scripts=answers(hang), settings=IMPATIENT),
    Case(
        "Silence inside the head",
        **both(NOT_READ),
        scripts=answers(send(b"HTTP/1.1 200 OK\r\nContent-"), hang),
        settings=IMPATIENT,
    ),
    Case(
        "Silence in the body",
        **both(NOT_READ),
        scripts=answers(reply(lambda good: good.head(LONG) + good.part), hang),
        settings=IMPATIENT,
    ),
    Case(
        "Server stops reading",
        **both(NOT_WRITTEN),
        scripts=((read_head, stop_reading),),
        settings={"timeout": Timeout(60, write=LIMIT)},
        large=True,
    ),
    Case(
        "No answer, with a deadline",
        **both(TOO_LATE),
        scripts=answers(hang),
        settings={"deadline": LIMIT},
    ),
    Case(
        "Head that drips for ever",
        **both(TOO_LATE),
        scripts=answers(send(b"HTTP/1.1 200 OK\r\nX: "), drip(lambda _: b"x")),
        settings={"deadline": LIMIT},
    ),
    Case(
        "Body that drips for ever",
        **both(TOO_LATE),
        scripts=answers(reply(lambda good: good.head(CHUNKED)), drip_chunks),
        settings={"deadline": LIMIT},
    ),
    Case(
        "Nothing but comments, from the start",
        None,
        Raises("StreamStalled", "first_event"),
        scripts=answers(reply(lambda good: good.head(CHUNKED)), drip_chunks),
        settings={"first_event": LIMIT},
    ),
    Case(
        "Nothing but comments, after an event",
        None,
        Raises("StreamStalled", "event_gap"),
        scripts=answers(reply(lambda good: good.head(CHUNKED) + chunk(good.part)), drip_chunks),
        settings={"event_gap": LIMIT},
    ),
)
