"""A client of the OpenAI API that is awaited, on asyncio and on trio.

    client = AsyncOpenAI()
    completion = await client.chat.completions.create(model=..., messages=[...])

The same client for blocking code is `openai_sync`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _logs
from ._binary import HttpxBinaryResponseContent
from ._client import AsyncClient, AsyncOpenAI
from ._engine import Retry
from ._errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFilterFinishReasonError,
    InternalServerError,
    LengthFinishReasonError,
    MutuallyExclusiveAuthError,
    NotFoundError,
    OAuthError,
    OpenAIError,
    PermissionDeniedError,
    RateLimitError,
    StreamAlreadyConsumed,
    UnprocessableEntityError,
)
from ._lazy import lazy_names
from ._models import BaseModel, Unknown
from ._options import RequestOptions
from ._retry import DEFAULT_MAX_RETRIES
from ._sentinels import NOT_GIVEN, NotGiven, Omit, not_given, omit
from ._stream import AsyncStream
from ._timeouts import DEFAULT_TIMEOUT, Timeout
from ._transport import DEFAULT_CONNECTION_LIMITS, Limits, PoolStats
from ._unfinished import DeadlineExceeded, StreamStalled, StreamTruncated
from ._version import __title__, __version__

if TYPE_CHECKING:
    from . import pagination as pagination
    from . import resources as resources
    from . import types as types
    from ._azure import AsyncAzureOpenAI as AsyncAzureOpenAI
    from ._httpx import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from ._responses import AsyncAPIResponse as AsyncAPIResponse
    from ._responses import LegacyAPIResponse as LegacyAPIResponse
else:
    __getattr__, __dir__, _ = lazy_names(
        __name__,
        {
            ".pagination": ("pagination",),
            ".resources": ("resources",),
            ".types": ("types",),
            "._azure": ("AsyncAzureOpenAI",),
            "._httpx": ("DefaultAsyncHttpxClient",),
            "._responses": ("AsyncAPIResponse", "LegacyAPIResponse"),
        },
    )

__all__ = [
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "NOT_GIVEN",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncAPIResponse",
    "AsyncAzureOpenAI",
    "AsyncClient",
    "AsyncOpenAI",
    "AsyncStream",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BaseModel",
    "ConflictError",
    "ContentFilterFinishReasonError",
    "DeadlineExceeded",
    "DefaultAsyncHttpxClient",
    "HttpxBinaryResponseContent",
    "InternalServerError",
    "LegacyAPIResponse",
    "LengthFinishReasonError",
    "Limits",
    "MutuallyExclusiveAuthError",
    "NotFoundError",
    "NotGiven",
    "OAuthError",
    "Omit",
    "OpenAIError",
    "PermissionDeniedError",
    "PoolStats",
    "RateLimitError",
    "RequestOptions",
    "Retry",
    "StreamAlreadyConsumed",
    "StreamStalled",
    "StreamTruncated",
    "Timeout",
    "Unknown",
    "UnprocessableEntityError",
    "__title__",
    "__version__",
    "not_given",
    "omit",
    "types",
]

_logs.set_up()
