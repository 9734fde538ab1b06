"""Embeddings without a model: unit vectors drawn from a hash of the input, so that equal inputs
have equal vectors in every process."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Callable
from typing import Any, TypeGuard

from .errors import invalid, missing
from .shapes import is_list
from .words import count_words

DEFAULT_DIMENSIONS = 1536
MAX_DIMENSIONS = 4096
MAX_INPUTS = 2048
DIMENSIONS = {"text-embedding-3-large": 3072}

Input = str | list[int]


def embed(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a request for embeddings."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise missing("model")
    inputs = inputs_of(body.get("input"))
    dimensions = dimensions_of(body.get("dimensions"), model)
    encode = encoder_of(body.get("encoding_format"))
    tokens = sum(count_words(text) if isinstance(text, str) else len(text) for text in inputs)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": encode(vector(text, dimensions))}
            for index, text in enumerate(inputs)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def vector(text: Input, dimensions: int = DEFAULT_DIMENSIONS) -> bytes:
    """The unit vector of a text or token list, as little-endian 32-bit floats."""
    seed = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else repr(text).encode()
    stream = hashlib.shake_256(seed).digest(4 * dimensions)
    numbers = [number / 2**31 for number in struct.unpack(f"<{dimensions}i", stream)]
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return struct.pack(f"<{dimensions}f", *(number / length for number in numbers))


def as_floats(packed: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(packed) // 4}f", packed))


def as_base64(packed: bytes) -> str:
    return base64.b64encode(packed).decode("ascii")


ENCODERS: dict[str | None, Callable[[bytes], list[float] | str]] = {
    None: as_floats,
    "float": as_floats,
    "base64": as_base64,
}


def encoder_of(name: Any) -> Any:
    if not (name is None or isinstance(name, str)) or name not in ENCODERS:
        raise invalid("encoding_format", "it must be 'float' or 'base64'")
    return ENCODERS[name]


def dimensions_of(given: Any, model: str) -> int:
    if given is None:
        return DIMENSIONS.get(model, DEFAULT_DIMENSIONS)
    if type(given) is not int or not 1 <= given <= MAX_DIMENSIONS:
        raise invalid("dimensions", f"it must be an integer from 1 to {MAX_DIMENSIONS}")
    return given


def inputs_of(given: Any) -> list[Input]:
    if given is None:
        raise missing("input")
    inputs: Any = [given] if isinstance(given, str) or is_tokens(given) else given
    if not is_list(inputs) or not 1 <= len(inputs) <= MAX_INPUTS:
        raise invalid("input", f"it must be a text, or 1 to {MAX_INPUTS} texts or token lists")
    for item in inputs:
        if not (isinstance(item, str) and item) and not is_tokens(item):
            raise invalid("input", "every item must be a text or a token list, and not be empty")
    return inputs


def is_tokens(given: Any) -> TypeGuard[list[int]]:
    return is_list(given) and bool(given) and all(type(item) is int for item in given)
