from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import FileDeleted as FileDeleted
    from ._models import FileObject as FileObject
    from ._params import FileCreateParams as FileCreateParams
    from ._params import FileCreateParamsExpiresAfter as FileCreateParamsExpiresAfter
    from ._params import FileListParams as FileListParams
    from ._params import FilePurpose as FilePurpose
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": ("FileDeleted", "FileObject"),
            "._params": (
                "FileCreateParams",
                "FileCreateParamsExpiresAfter",
                "FileListParams",
                "FilePurpose",
            ),
        },
    )
