"""Embeddings travel as base64, a quarter of the size of JSON numbers, and are decoded here."""

from __future__ import annotations

import array
import base64
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types.embeddings import CreateEmbeddingResponse


def decode_embeddings(response: CreateEmbeddingResponse) -> CreateEmbeddingResponse:
    """`response` with every vector as a list of floats. Raises ValueError if there is none."""
    if not response.data:
        raise ValueError("The server sent no embeddings.")
    for embedding in response.data:
        vector: Any = embedding.embedding
        if isinstance(vector, str):
            embedding.embedding = floats(vector)
    return response


def floats(encoded: str) -> list[float]:
    """The numbers in base64 of little-endian 32-bit floats.

    By numpy where the program has loaded it already; it is never loaded for this alone.
    """
    data = base64.b64decode(encoded)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        vector: list[float] = numpy.frombuffer(data, dtype="<f4").tolist()
        return vector
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()
