from __future__ import annotations

from typing import TYPE_CHECKING

from openai_async._lazy import lazy_names

if TYPE_CHECKING:
    from .chat import Chat as Chat
    from .chat import Completions as Completions
    from .embeddings import Embeddings as Embeddings
    from .files import Files as Files
    from .models import Models as Models
    from .vector_stores import FileBatches as FileBatches
    from .vector_stores import VectorStores as VectorStores
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            ".chat": ("Chat", "Completions"),
            ".embeddings": ("Embeddings",),
            ".files": ("Files",),
            ".models": ("Models",),
            ".vector_stores": ("FileBatches", "VectorStores"),
        },
    )
