from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import CreateEmbeddingResponse as CreateEmbeddingResponse
    from ._models import CreateEmbeddingResponseUsage as CreateEmbeddingResponseUsage
    from ._models import Embedding as Embedding
    from ._params import EmbeddingCreateParams as EmbeddingCreateParams
    from ._params import EmbeddingModel as EmbeddingModel
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": ("CreateEmbeddingResponse", "CreateEmbeddingResponseUsage", "Embedding"),
            "._params": ("EmbeddingCreateParams", "EmbeddingModel"),
        },
    )
