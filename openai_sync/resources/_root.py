from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chat import Chat
    from .embeddings import Embeddings
    from .files import Files
    from .models import Models
    from .vector_stores import VectorStores


class Namespaces:
    """The resources of a client, each made when it is first used."""

    _async: Any

    @cached_property
    def chat(self) -> Chat:
        from .chat import Chat  # noqa: PLC0415

        return Chat(self._async.chat)

    @cached_property
    def embeddings(self) -> Embeddings:
        from .embeddings import Embeddings  # noqa: PLC0415

        return Embeddings(self._async.embeddings)

    @cached_property
    def files(self) -> Files:
        from .files import Files  # noqa: PLC0415

        return Files(self._async.files)

    @cached_property
    def models(self) -> Models:
        from .models import Models  # noqa: PLC0415

        return Models(self._async.models)

    @cached_property
    def vector_stores(self) -> VectorStores:
        from .vector_stores import VectorStores  # noqa: PLC0415

        return VectorStores(self._async.vector_stores)
