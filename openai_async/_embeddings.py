"""Embeddings travel as base64, a quarter of the size of JSON numbers, and are decoded here."""

from __future__ import annotations

import array
import base64
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types.embeddings import CreateEmbeddingResponse


def decode_embeddings(response: CreateEmbeddingResponse) -> CreateEmbeddingResponse:
    """`response` with every vector as a list of floats.

    Raises ValueError if there is none, or one that is no base64 of floats.
    """
    data: Any = response.data
    if not data or not isinstance(data, list):
        raise ValueError("The server sent no embeddings.")
    for embedding in data:
        vector: Any = getattr(embedding, "embedding", None)
        if isinstance(vector, str):
            embedding.embedding = floats(vector)
    return response


def floats(encoded: str) -> list[float]:
    """The numbers in base64 of little-endian 32-bit floats.

    By numpy where the program has loaded it already; it is never loaded for this alone. Raises
    ValueError for anything else.
    """
    try:
        return _floats(base64.b64decode(encoded))
    except ValueError as error:
        raise ValueError(f"The server sent an embedding that is broken: {error}.") from error


def _floats(data: bytes) -> list[float]:
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        vector: list[float] = numpy.frombuffer(data, dtype="<f4").tolist()
        return vector
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()
