from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import VectorStore as VectorStore
    from ._models import VectorStoreExpiresAfter as VectorStoreExpiresAfter
    from ._models import VectorStoreFileBatch as VectorStoreFileBatch
    from ._models import VectorStoreFileBatchFileCounts as VectorStoreFileBatchFileCounts
    from ._models import VectorStoreFileCounts as VectorStoreFileCounts
    from ._params import AutoFileChunkingStrategyParam as AutoFileChunkingStrategyParam
    from ._params import FileBatchCreateParams as FileBatchCreateParams
    from ._params import FileBatchCreateParamsFile as FileBatchCreateParamsFile
    from ._params import FileChunkingStrategyParam as FileChunkingStrategyParam
    from ._params import (
        StaticFileChunkingStrategyObjectParam as StaticFileChunkingStrategyObjectParam,
    )
    from ._params import StaticFileChunkingStrategyParam as StaticFileChunkingStrategyParam
    from ._params import VectorStoreCreateParams as VectorStoreCreateParams
    from ._params import VectorStoreCreateParamsExpiresAfter as VectorStoreCreateParamsExpiresAfter
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": (
                "VectorStore",
                "VectorStoreExpiresAfter",
                "VectorStoreFileBatch",
                "VectorStoreFileBatchFileCounts",
                "VectorStoreFileCounts",
            ),
            "._params": (
                "AutoFileChunkingStrategyParam",
                "FileBatchCreateParams",
                "FileBatchCreateParamsFile",
                "FileChunkingStrategyParam",
                "StaticFileChunkingStrategyObjectParam",
                "StaticFileChunkingStrategyParam",
                "VectorStoreCreateParams",
                "VectorStoreCreateParamsExpiresAfter",
            ),
        },
    )
