"""What becomes of many requests: one result for each of them, live or from a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from msgspec import Struct

from ._errors import OpenAIError

if TYPE_CHECKING:
    from .types.batches import Batch

T = TypeVar("T")


class MapResult(Struct, Generic[T]):
    """What became of one request: its `value`, or the `error` that the call raised."""

    index: int
    """The position of the request among all of them; the first is 0."""
    custom_id: str
    """What the request was called; `request-<index>` if it had no name."""
    value: T | None = None
    error: Exception | None = None
    request: Any = None
    """The request as it was given; None where it was not kept."""

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    def get(self) -> T:
        """The value. Raises the error if there is none."""
        if self.error is not None:
            raise self.error
        return cast(T, self.value)

    def __repr__(self) -> str:
        outcome = f"value={self.value!r}" if self.ok else f"error={self.error!r}"
        return f"MapResult(index={self.index}, custom_id={self.custom_id!r}, {outcome})"


class MapProgress(Struct):
    """How far `client.map` has come."""

    done: int
    failed: int
    """How many of those that are done have an error."""
    total: int | None
    """How many there will be; None when the requests come from an iterator that cannot tell."""
    result: MapResult[Any]
    """The last one."""


class BatchProgress(Struct):
    """How far `batches.map` has come: the counts of all its batches together."""

    completed: int
    failed: int
    total: int
    batches: list[Batch]
    """Each batch as it was last seen."""

    @property
    def done(self) -> int:
        """How many requests the server is done with, failed or not."""
        return self.completed + self.failed


class BatchRequestError(OpenAIError):
    """A request of a batch was not executed, so there is no answer.

    `code` says why: what the API says of the request (`batch_expired`, `batch_cancelled`) or of the
    whole batch (such as `invalid_json_line`, with the `line` of its file), or `missing` if the
    files of a batch that has ended say nothing about it.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        batch_id: str | None = None,
        custom_id: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.batch_id = batch_id
        self.custom_id = custom_id
        self.line = line


def name_of(index: int) -> str:
    """The `custom_id` of a request that was given none: the same in every run."""
    return f"request-{index}"
