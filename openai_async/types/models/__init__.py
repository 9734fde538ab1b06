from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import Model as Model
    from ._models import ModelDeleted as ModelDeleted
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": ("Model", "ModelDeleted"),
        },
    )
