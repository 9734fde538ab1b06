from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from . import chat as chat
    from . import embeddings as embeddings
    from . import files as files
    from . import models as models
    from . import shared as shared
    from . import vector_stores as vector_stores
    from .chat._models import CompletionUsage as CompletionUsage
    from .embeddings._models import CreateEmbeddingResponse as CreateEmbeddingResponse
    from .embeddings._models import Embedding as Embedding
    from .embeddings._params import EmbeddingCreateParams as EmbeddingCreateParams
    from .embeddings._params import EmbeddingModel as EmbeddingModel
    from .files._models import FileDeleted as FileDeleted
    from .files._models import FileObject as FileObject
    from .files._params import FileCreateParams as FileCreateParams
    from .files._params import FileListParams as FileListParams
    from .files._params import FilePurpose as FilePurpose
    from .models._models import Model as Model
    from .models._models import ModelDeleted as ModelDeleted
    from .vector_stores._models import VectorStore as VectorStore
    from .vector_stores._params import (
        AutoFileChunkingStrategyParam as AutoFileChunkingStrategyParam,
    )
    from .vector_stores._params import FileChunkingStrategyParam as FileChunkingStrategyParam
    from .vector_stores._params import (
        StaticFileChunkingStrategyObjectParam as StaticFileChunkingStrategyObjectParam,
    )
    from .vector_stores._params import (
        StaticFileChunkingStrategyParam as StaticFileChunkingStrategyParam,
    )
    from .vector_stores._params import VectorStoreCreateParams as VectorStoreCreateParams
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            ".chat": ("chat",),
            ".chat._models": ("CompletionUsage",),
            ".embeddings": ("embeddings",),
            ".embeddings._models": ("CreateEmbeddingResponse", "Embedding"),
            ".embeddings._params": ("EmbeddingCreateParams", "EmbeddingModel"),
            ".files": ("files",),
            ".files._models": ("FileDeleted", "FileObject"),
            ".files._params": ("FileCreateParams", "FileListParams", "FilePurpose"),
            ".models": ("models",),
            ".models._models": ("Model", "ModelDeleted"),
            ".shared": ("shared",),
            ".vector_stores": ("vector_stores",),
            ".vector_stores._models": ("VectorStore",),
            ".vector_stores._params": (
                "AutoFileChunkingStrategyParam",
                "FileChunkingStrategyParam",
                "StaticFileChunkingStrategyObjectParam",
                "StaticFileChunkingStrategyParam",
                "VectorStoreCreateParams",
            ),
        },
    )
