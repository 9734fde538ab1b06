"""Answers that are not HTTP, or not what the API sends, or say no."""

from __future__ import annotations

import gzip

from .answers import (
    CHUNKED,
    DONE,
    FIRST_EVENT,
    LAST_CHUNK,
    ROUND,
    SAID,
    answer,
    chunk,
    error_body,
    event,
    head,
    length,
    redirect,
)
from .case import (
    NO_EVENTS,
    REFUSED,
    STRANGE,
    TOO_BIG,
    Case,
    Gives,
    Raises,
    answers,
    both,
    fails,
    once,
    one_connection,
)
from .places import Place
from .server import Peer
from .steps import (
    answer_well,
    byte_by_byte,
    close,
    flood,
    hang,
    read,
    read_head,
    reply,
    reply_to_large,
    send,
    stop_reading,
)

A_LOT = 16 * 1024 * 1024
SLOW_DOWN = answer(error_body("Slow down"), "Retry-After-ms: 1", status="429 Busy")


def _credentials_stayed(place: Place) -> None:
    (arrived,) = [each for each in place.elsewhere.requests if each.target == "/v1/elsewhere"]
    assert "authorization" not in arrived.headers
    assert "authorization" in place.server.requests[0].headers


def _redirect_elsewhere(peer: Peer) -> None:
    peer.send(redirect(f"{peer.server.neighbour}/elsewhere"))


BROKEN = (
    Case(
        "Bytes after the end",
        **fails("more than"),
        scripts=answers(reply(lambda good: good.head(length(good.body)) + good.body + b"x"), hang),
    ),
    Case(
        "Second answer that nobody asked for",
        **fails("more than"),
        scripts=answers(reply(lambda good: 2 * (good.head(length(good.body)) + good.body)), hang),
    ),
    Case(
        "Two lengths that differ",
        **fails("content-length"),
        scripts=answers(
            reply(lambda good: good.head("Content-Length: 5", length(good.body)) + good.body), hang
        ),
    ),
    Case(
        "Length beside chunks",
        **fails("transfer-encoding"),
        scripts=answers(
            reply(
                lambda good: good.head(length(good.body), CHUNKED) + chunk(good.body) + LAST_CHUNK
            ),
            hang,
        ),
    ),
    Case(
        "Length that is no number",
        **fails("content-length"),
        scripts=answers(reply(lambda good: good.head("Content-Length: many") + good.body), hang),
    ),
    Case(
        "Header without a colon",
        **fails("head"),
        scripts=answers(reply(lambda good: good.head("No colon", length(good.body))), hang),
    ),
    Case(
        "Unknown transfer encoding",
        **fails("transfer encoding"),
        scripts=answers(reply(lambda good: good.head("Transfer-Encoding: gzip")), hang),
    ),
    Case(
        "Unknown compression",
        **fails("compress"),
        scripts=answers(
            reply(lambda good: good.head("Content-Encoding: zip", length(good.body)) + good.body)
        ),
    ),
    Case(
        "101 that nobody asked for",
        **fails("protocol"),
        scripts=answers(
            send(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"), hang
        ),
    ),
    Case(
        "Broken chunks",
        **fails("chunk"),
        scripts=answers(
            reply(lambda good: good.head(CHUNKED) + chunk(good.part) + b"zz\r\n" + good.body), hang
        ),
    ),
    Case(
        "Endless extension of a chunk",
        **fails("65536"),
        scripts=answers(reply(lambda good: good.head(CHUNKED) + b"5;x="), flood(b"x" * 1000)),
    ),
    Case(
        "Not HTTP at all",
        **fails("HTTP"),
        scripts=answers(send(b"SSH-2.0-OpenSSH_9.9\r\n"), hang),
    ),
    Case(
        "Head over 64 KiB",
        **fails("65536"),
        scripts=answers(send(head(*(f"X-{number}: {'x' * 1000}" for number in range(100)))), hang),
    ),
    Case(
        "Endless line",
        **fails("65536"),
        scripts=answers(send(b"HTTP/1.1 200 "), flood(b"x" * 1000)),
    ),
    Case(
        "Endless 1xx answers",
        **fails("65536"),
        scripts=answers(flood(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")),
    ),
    Case(
        "Gzip that is none",
        **fails("gzip"),
        scripts=answers(
            reply(lambda good: good.head("Content-Encoding: gzip", length(good.body)) + good.body)
        ),
    ),
    Case(
        "Gzip that is cut",
        **fails("gzip"),
        scripts=answers(
            reply(
                lambda good: (
                    good.head("Content-Encoding: gzip", CHUNKED)
                    + chunk(gzip.compress(good.body)[:50])
                    + LAST_CHUNK
                )
            )
        ),
    ),
    Case(
        "Gzip that expands a thousandfold",
        **both(Gives()),
        scripts=answers(
            reply(
                lambda good: (
                    good.head("Content-Encoding: gzip", CHUNKED)
                    + chunk(gzip.compress(good.nothing * (A_LOT // len(good.nothing)) + good.body))
                    + LAST_CHUNK
                )
            )
        ),
        check=one_connection,
    ),
    Case(
        "204 with a body",
        STRANGE,
        NO_EVENTS,
        scripts=answers(
            reply(lambda good: head(length(good.body), status="204 No Content") + good.body), hang
        ),
    ),
    Case(
        "Redirect to what is not HTTP",
        **fails("redirect"),
        scripts=answers(send(redirect("file:///etc/hostname"))),
        settings={"max_retries": 2},
        check=once,
    ),
    Case(
        "Redirect to nowhere",
        **both(Raises("APIStatusError", "307", status=307)),
        scripts=answers(send(answer(b"", status="307 Temporary Redirect"))),
        check=one_connection,
    ),
    Case(
        "Redirects in a circle",
        **fails("redirect"),
        scripts=answers(send(redirect(ROUND))),
        settings={"max_retries": 2},
        check=once,
    ),
)

ANSWERS = (
    Case(
        "Invalid UTF-8",
        **both(STRANGE),
        scripts=answers(
            reply(
                lambda good: (
                    good.head(CHUNKED)
                    + chunk(good.body.replace(SAID.encode(), b"\xff\xfe"))
                    + LAST_CHUNK
                )
            )
        ),
    ),
    Case(
        "JSON that is cut",
        **both(STRANGE),
        scripts=answers(
            reply(
                lambda good: (
                    good.head(CHUNKED)
                    + chunk(event(b'{"id":') + DONE if good.streaming else good.part)
                    + LAST_CHUNK
                )
            )
        ),
    ),
    Case(
        "HTML with status 200",
        **both(STRANGE),
        scripts=answers(send(answer(b"<!doctype html><p>Sign in", kind="text/html"))),
        check=one_connection,
    ),
    Case(
        "Empty answer with status 200",
        STRANGE,
        NO_EVENTS,
        scripts=answers(send(answer(b""))),
    ),
    Case(
        "Error object with status 200",
        **both(Raises("APIStatusError", "Overloaded", status=200)),
        scripts=answers(send(answer(error_body("Overloaded")))),
        check=one_connection,
    ),
    Case(
        "Error object in the stream",
        None,
        Raises("APIError", "Overloaded"),
        scripts=answers(
            send(
                head(CHUNKED, kind="text/event-stream")
                + chunk(FIRST_EVENT + event(error_body("Overloaded")))
                + LAST_CHUNK
            )
        ),
    ),
    Case(
        "Early 413, the rest is not read",
        **both(REFUSED),
        scripts=((read_head, send(TOO_BIG), stop_reading),),
        large=True,
    ),
    Case(
        "Early 413, then closed",
        **both(REFUSED),
        scripts=((read_head, send(TOO_BIG), close),),
        large=True,
    ),
    Case(
        "Early answer, the rest is not read",
        **both(Gives()),
        scripts=((read_head, reply_to_large, stop_reading),),
        large=True,
    ),
    Case(
        "429 that asks for hours",
        **both(Raises("RateLimitError", "Slow down", status=429)),
        scripts=answers(
            send(answer(error_body("Slow down"), "Retry-After: 7200", status="429 Busy"))
        ),
        settings={"max_retries": 2},
        check=one_connection,
    ),
    Case(
        "429 again and again",
        **both(Raises("RateLimitError", "Slow down", status=429, attempts=4)),
        scripts=answers(
            *(send(SLOW_DOWN), read) * 3,
            send(SLOW_DOWN),
        ),
        settings={"max_retries": 3},
        check=one_connection,
    ),
    Case(
        "503 with Retry-After, then well",
        **both(Gives()),
        scripts=answers(send(answer(b"", "Retry-After-ms: 1", status="503 Busy"))),
        settings={"max_retries": 1},
        check=one_connection,
    ),
    Case(
        "503 without a retry left",
        **both(Raises("InternalServerError", "503", status=503)),
        scripts=answers(send(answer(b"", "Retry-After-ms: 1", status="503 Busy"))),
        check=one_connection,
    ),
    Case(
        "Redirect to another host",
        **both(Gives()),
        scripts=answers(_redirect_elsewhere),
        check=_credentials_stayed,
    ),
    Case(
        "103 before the answer",
        **both(Gives()),
        scripts=answers(
            send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"), answer_well
        ),
        check=one_connection,
    ),
    Case(
        "100 before the answer",
        **both(Gives()),
        scripts=answers(send(b"HTTP/1.1 100 Continue\r\n\r\n"), answer_well),
        check=one_connection,
    ),
    Case(
        "Byte by byte",
        **both(Gives()),
        scripts=answers(byte_by_byte),
        check=one_connection,
    ),
    Case(
        "Connection: close, but left open",
        **both(Gives()),
        scripts=answers(
            reply(lambda good: good.head("Connection: close", length(good.body)) + good.body), hang
        ),
    ),
    Case(
        "HTTP/1.0, without a length",
        **both(Gives()),
        scripts=answers(reply(lambda good: good.head(version="1.0") + good.body), close),
    ),
)
