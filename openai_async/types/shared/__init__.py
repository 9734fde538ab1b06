from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import Metadata as Metadata
    from ._params import ChatModel as ChatModel
    from ._params import FunctionParameters as FunctionParameters
    from ._params import ReasoningEffort as ReasoningEffort
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": ("Metadata",),
            "._params": ("ChatModel", "FunctionParameters", "ReasoningEffort"),
        },
    )
