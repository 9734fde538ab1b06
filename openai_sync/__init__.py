"""A client of the OpenAI API for blocking code: scripts, notebooks, threads.

    client = OpenAI()
    completion = client.chat.completions.create(model=..., messages=[...])

It runs the coroutines of `openai_async` on a loop thread; everything but the waiting is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_async import (
    DEFAULT_CONNECTION_LIMITS,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    NOT_GIVEN,
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    AuthenticationError,
    BadRequestError,
    BaseModel,
    ConflictError,
    ContentFilterFinishReasonError,
    DeadlineExceeded,
    HttpxBinaryResponseContent,
    InternalServerError,
    LengthFinishReasonError,
    Limits,
    NotFoundError,
    NotGiven,
    OAuthError,
    Omit,
    OpenAIError,
    PermissionDeniedError,
    PoolStats,
    RateLimitError,
    RequestOptions,
    Retry,
    StreamAlreadyConsumed,
    StreamStalled,
    StreamTruncated,
    Timeout,
    Unknown,
    UnprocessableEntityError,
    __title__,
    __version__,
    not_given,
    omit,
)
from openai_async._lazy import lazy_names

from ._bridge import Stream
from ._client import Client, OpenAI

if TYPE_CHECKING:
    from openai_async import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from openai_async import types as types

    from . import pagination as pagination
    from . import resources as resources
    from ._raw import APIResponse as APIResponse
    from ._raw import LegacyAPIResponse as LegacyAPIResponse
else:
    __getattr__, __dir__, _ = lazy_names(
        __name__,
        {
            "openai_async._httpx": ("DefaultAsyncHttpxClient",),
            "openai_async.types": ("types",),
            ".pagination": ("pagination",),
            ".resources": ("resources",),
            "._raw": ("APIResponse", "LegacyAPIResponse"),
        },
    )

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponse",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BaseModel",
    "Client",
    "ConflictError",
    "ContentFilterFinishReasonError",
    "DeadlineExceeded",
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "DefaultAsyncHttpxClient",
    "HttpxBinaryResponseContent",
    "InternalServerError",
    "LegacyAPIResponse",
    "LengthFinishReasonError",
    "Limits",
    "NOT_GIVEN",
    "NotFoundError",
    "NotGiven",
    "OAuthError",
    "Omit",
    "OpenAI",
    "OpenAIError",
    "PermissionDeniedError",
    "PoolStats",
    "RateLimitError",
    "RequestOptions",
    "Retry",
    "Stream",
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
