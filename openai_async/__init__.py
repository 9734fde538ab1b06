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
from ._unfinished import DeadlineExceeded, StreamStalled, StreamTruncated, WaitTimeout
from ._version import __title__, __version__

if TYPE_CHECKING:
    from . import pagination as pagination
    from . import resources as resources
    from . import types as types
    from ._assistants import AsyncAssistantEventHandler as AsyncAssistantEventHandler
    from ._assistants import AsyncAssistantStreamManager as AsyncAssistantStreamManager
    from ._azure import AsyncAzureOpenAI as AsyncAzureOpenAI
    from ._bulk.ledger import LedgerError as LedgerError
    from ._bulk.results import FileProcessingError as FileProcessingError
    from ._bulk.results import Orphan as Orphan
    from ._bulk.results import UploadResult as UploadResult
    from ._bulk.results import Uploads as Uploads
    from ._bulk.results import UploadsFailed as UploadsFailed
    from ._bulk.results import UploadsProgress as UploadsProgress
    from ._httpx import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from ._map import AsyncMap as AsyncMap
    from ._map_results import BatchProgress as BatchProgress
    from ._map_results import BatchRequestError as BatchRequestError
    from ._map_results import MapProgress as MapProgress
    from ._map_results import MapResult as MapResult
    from ._responses import AsyncAPIResponse as AsyncAPIResponse
    from ._responses import LegacyAPIResponse as LegacyAPIResponse
else:
    __getattr__, __dir__, _ = lazy_names(
        __name__,
        {
            ".pagination": ("pagination",),
            ".resources": ("resources",),
            ".types": ("types",),
            "._assistants": ("AsyncAssistantEventHandler", "AsyncAssistantStreamManager"),
            "._azure": ("AsyncAzureOpenAI",),
            "._httpx": ("DefaultAsyncHttpxClient",),
            "._bulk.ledger": ("LedgerError",),
            "._map": ("AsyncMap",),
            "._map_results": ("BatchProgress", "BatchRequestError", "MapProgress", "MapResult"),
            "._responses": ("AsyncAPIResponse", "LegacyAPIResponse"),
            "._bulk.results": (
                "FileProcessingError",
                "Orphan",
                "UploadResult",
                "Uploads",
                "UploadsFailed",
                "UploadsProgress",
            ),
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
    "AsyncAssistantEventHandler",
    "AsyncAssistantStreamManager",
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
    "FileProcessingError",
    "HttpxBinaryResponseContent",
    "InternalServerError",
    "LedgerError",
    "LegacyAPIResponse",
    "LengthFinishReasonError",
    "Limits",
    "MutuallyExclusiveAuthError",
    "NotFoundError",
    "NotGiven",
    "OAuthError",
    "Omit",
    "OpenAIError",
    "Orphan",
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
    "UploadResult",
    "Uploads",
    "UploadsFailed",
    "UploadsProgress",
    "WaitTimeout",
    "__title__",
    "__version__",
    "not_given",
    "omit",
    "types",
    "AsyncMap",
    "BatchProgress",
    "BatchRequestError",
    "MapProgress",
    "MapResult",
]

_logs.set_up()
