"""What a program could do without a client package: aiohttp by hand, and next to nothing.

`Raw` is the limit: an `asyncio.Protocol`, httptools, request bytes made once, answers decoded by
msgspec to plain dicts. It checks nothing, times nothing out and survives no failure.
"""

from __future__ import annotations

import array
import asyncio
import base64
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec

from benchmarks.payloads import KEY, MODEL, chat, embedding
from benchmarks.server import CHUNKS


def _floats(vector: Any) -> list[float]:
    if isinstance(vector, str):
        return array.array("f", base64.b64decode(vector)).tolist()
    return vector  # type: ignore[no-any-return]


class Aiohttp:
    """An aiohttp session, with the JSON of the standard library and lines split by hand."""

    def __init__(self, url: str, trust: ssl.SSLContext | None, room: int) -> None:
        import aiohttp

        self.url = url
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=room, ssl=trust or True),
            headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"},
        )

    async def call(self) -> None:
        body = json.dumps(chat())
        async with self.session.post(f"{self.url}/chat/completions", data=body) as reply:
            assert json.loads(await reply.read())["choices"][0]["message"]["content"]

    async def stream(self, model: str = MODEL) -> None:
        pieces, rest = 0, b""
        body = json.dumps(chat(model, stream=True))
        async with self.session.post(f"{self.url}/chat/completions", data=body) as reply:
            async for data in reply.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: ") and line != b"data: [DONE]":
                        chunk = json.loads(line[6:])
                        pieces += chunk["choices"][0]["delta"]["content"] is not None
        assert pieces == CHUNKS

    async def embed(self, *, as_numbers: bool) -> None:
        body = json.dumps(embedding(as_numbers=as_numbers))
        async with self.session.post(f"{self.url}/embeddings", data=body) as reply:
            answer = json.loads(await reply.read())
        vectors = [_floats(each["embedding"]) for each in answer["data"]]
        assert vectors[0][0]

    async def close(self) -> None:
        await self.session.close()


class Raw:
    """The limit: connections that carry canned bytes."""

    def __init__(self, url: str, trust: ssl.SSLContext | None, _room: int) -> None:
        address = urlsplit(url)
        self.host, self.port, self.trust = address.hostname, address.port, trust
        self.idle: list[_Connection] = []
        path = address.path
        self._call = self._canned(f"{path}/chat/completions", chat())
        self._streams = {
            model: self._canned(f"{path}/chat/completions", chat(model, stream=True))
            for model in (MODEL, f"{MODEL}-paced")
        }
        self._embed = [
            self._canned(f"{path}/embeddings", embedding(as_numbers=as_numbers))
            for as_numbers in (False, True)
        ]

    def _canned(self, path: str, request: dict[str, Any]) -> bytes:
        body = msgspec.json.encode(request)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n"
            f"authorization: Bearer {KEY}\r\naccept: application/json\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _connection(self) -> _Connection:
        if self.idle:
            return self.idle.pop()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            _Connection, self.host, self.port, ssl=self.trust
        )
        return connection

    async def _exchange(self, request: bytes) -> Any:
        connection = await self._connection()
        connection.begin(request)
        while not connection.whole:
            await connection.read()
        body = b"".join(connection.body)
        self.idle.append(connection)
        return msgspec.json.decode(body)

    async def call(self) -> None:
        assert (await self._exchange(self._call))["choices"][0]["message"]["content"]

    async def stream(self, model: str = MODEL) -> None:
        pieces, rest = 0, b""
        connection = await self._connection()
        connection.begin(self._streams[model])
        while not connection.whole:
            await connection.read()
            *events, rest = (rest + b"".join(connection.body)).split(b"\n\n")
            connection.body.clear()
            for event in events:
                if event != b"data: [DONE]":
                    chunk = msgspec.json.decode(memoryview(event)[6:])
                    pieces += chunk["choices"][0]["delta"]["content"] is not None
        self.idle.append(connection)
        assert pieces == CHUNKS

    async def embed(self, *, as_numbers: bool) -> None:
        answer = await self._exchange(self._embed[as_numbers])
        vectors = [_floats(each["embedding"]) for each in answer["data"]]
        assert vectors[0][0]

    async def close(self) -> None:
        for connection in self.idle:
            connection.transport.close()


class _Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.loop = asyncio.get_running_loop()

    def begin(self, request: bytes) -> None:
        self.body: list[bytes] = []
        self.whole = False
        self.arrived = self.loop.create_future()
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(request)

    async def read(self) -> None:
        """Waits for the next network read."""
        await self.arrived
        self.arrived = self.loop.create_future()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)
        if not self.arrived.done():
            self.arrived.set_result(None)

    def on_body(self, piece: bytes) -> None:
        self.body.append(piece)

    def on_message_complete(self) -> None:
        self.whole = True
