"""Faults on the way to a server: refused, not trusted, in TLS, at a proxy."""

from __future__ import annotations

from openai_async import Timeout

from . import places
from .answers import answer
from .case import (
    IMPATIENT,
    LIMIT,
    LONG,
    NOT_CONNECTED,
    NOT_READ,
    NOT_WRITTEN,
    REFUSED,
    TOO_BIG,
    Case,
    Gives,
    answers,
    both,
    fails,
)
from .server import Peer
from .steps import (
    answer_well,
    begin_tls,
    close,
    hang,
    read,
    read_head,
    reply,
    reset,
    send,
    stop_reading,
)

CONNECTING = (
    Case(
        "Connection refused",
        **fails("refused"),
        place=places.refusing,
    ),
    Case(
        "Host name unknown",
        **fails("nowhere.invalid"),
        place=places.at("http://nowhere.invalid/v1"),
    ),
    Case(
        "No answer to connecting",
        **both(NOT_CONNECTED),
        place=places.full,
        settings={"timeout": Timeout(60, connect=LIMIT)},
    ),
    Case(
        "TLS: certificate of an unknown authority",
        **fails("certificate"),
        place=places.tls("127.0.0.1", trusted=False),
    ),
    Case(
        "TLS: certificate of another host",
        **fails("certificate"),
        place=places.tls("other.test"),
    ),
    Case(
        "TLS: certificate expired",
        **fails("certificate"),
        place=places.tls("127.0.0.1", expired=True),
    ),
    Case(
        "TLS: the server speaks plain HTTP",
        **fails("no TLS"),
        scripts=((send(answer(b"", status="400 Bad Request")), hang),),
        place=places.tls_to_plain,
    ),
    Case(
        "TLS: closed in the handshake",
        **fails("securing"),
        scripts=((Peer.receive, close),),
        place=places.tls("127.0.0.1"),
    ),
    Case(
        "TLS: no answer in the handshake",
        **both(NOT_CONNECTED),
        scripts=((hang,),),
        place=places.tls("127.0.0.1"),
        settings={"timeout": Timeout(60, connect=LIMIT)},
    ),
    Case(
        "TLS: answer cut off without goodbye",
        **fails("cut off"),
        scripts=((begin_tls, read, reply(lambda good: good.head(LONG) + good.part), close),),
        place=places.tls("127.0.0.1"),
    ),
    Case(
        "TLS: body without a length, ended without goodbye",
        **fails("cut off"),
        scripts=((begin_tls, read, reply(lambda good: good.head() + good.part), close),),
        place=places.tls("127.0.0.1"),
    ),
    Case(
        "TLS: reset in the body",
        **fails("reset"),
        scripts=((begin_tls, read, reply(lambda good: good.head(LONG) + good.part), reset),),
        place=places.tls("127.0.0.1"),
    ),
    Case(
        "TLS: idle connection closed by the next request",
        **both(Gives()),
        scripts=((begin_tls, read, answer_well, read, close),),
        place=places.tls("127.0.0.1"),
        warm=True,
    ),
    Case(
        "TLS: silence in the body",
        **both(NOT_READ),
        scripts=((begin_tls, read, reply(lambda good: good.head(LONG) + good.part), hang),),
        place=places.tls("127.0.0.1"),
        settings=IMPATIENT,
    ),
    Case(
        "TLS: server stops reading",
        **both(NOT_WRITTEN),
        scripts=((begin_tls, read_head, stop_reading),),
        place=places.tls("127.0.0.1"),
        settings={"timeout": Timeout(60, write=LIMIT)},
        large=True,
    ),
    Case(
        "TLS: early 413, the rest is not read",
        **both(REFUSED),
        scripts=((begin_tls, read_head, send(TOO_BIG), stop_reading),),
        place=places.tls("127.0.0.1"),
        large=True,
    ),
    Case(
        "Connection to the proxy refused",
        **fails("proxy"),
        place=places.behind_refusing_proxy,
    ),
    Case(
        "Proxy closes the connection",
        **fails("proxy"),
        scripts=answers(close),
        place=places.behind_proxy,
    ),
    Case(
        "Proxy does not speak HTTP",
        **fails("HTTP"),
        scripts=answers(send(b"SSH-2.0-OpenSSH_9.9\r\n"), hang),
        place=places.behind_proxy,
    ),
    Case(
        "Proxy refuses the tunnel: 403",
        **fails("403"),
        scripts=answers(send(answer(b"No.", status="403 Forbidden")), hang),
        place=places.behind_proxy,
    ),
    Case(
        "Proxy wants a password: 407",
        **fails("407"),
        scripts=answers(send(answer(b"", status="407 Proxy Authentication Required")), hang),
        place=places.behind_proxy,
    ),
    Case(
        "Proxy does not answer",
        **both(NOT_CONNECTED),
        scripts=answers(hang),
        place=places.behind_proxy,
        settings={"timeout": Timeout(60, connect=LIMIT)},
    ),
)
