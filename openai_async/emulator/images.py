"""Images without a model: PNGs of one colour each, drawn from a hash of the prompt."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import zlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import invalid, missing
from .generation import json_body
from .replies import JsonReply
from .rows import Rows

CREATED = 1_750_000_000
MOST_IMAGES = 10
DEFAULT_SIZE, LARGEST_SIDE = 256, 2048


def rows() -> Rows:
    return [("POST", "/v1/images/generations", generate)]


async def generate(request: Request) -> Response:
    return JsonReply(generated(await json_body(request)))


def generated(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a request for images."""
    prompt, count = body.get("prompt"), body.get("n")
    if not isinstance(prompt, str) or not prompt:
        raise missing("prompt")
    if count is None:
        count = 1
    if type(count) is not int or not 1 <= count <= MOST_IMAGES:
        raise invalid("n", f"it must be an integer from 1 to {MOST_IMAGES}")
    width, height = size_of(body.get("size"))
    pictures = [png(width, height, colour(f"{prompt}\0{number}")) for number in range(count)]
    return {
        "created": CREATED,
        "output_format": "png",
        "data": [
            {"b64_json": base64.b64encode(each).decode("ascii"), "revised_prompt": prompt}
            for each in pictures
        ],
    }


def size_of(given: Any) -> tuple[int, int]:
    if given in (None, "auto"):
        return DEFAULT_SIZE, DEFAULT_SIZE
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", given) if isinstance(given, str) else None
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise invalid("size", f"it must be 'auto' or, up to {LARGEST_SIDE}, like '1024x1024'")
    return sides


def colour(seed: str) -> bytes:
    return hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:3]


def png(width: int, height: int, rgb: bytes) -> bytes:
    """A PNG of one colour, which stands in a palette of one."""
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height))
    chunks = [(b"IHDR", header), (b"PLTE", rgb), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
