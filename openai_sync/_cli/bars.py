"""Bars that show how far a command has come: on a terminal, and only there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from .screen import console
from .session import Session

_COUNTS: tuple[ProgressColumn, ...] = (MofNCompleteColumn(), TimeElapsedColumn())
_BYTES: tuple[ProgressColumn, ...] = (DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())


class Bar:
    """One bar: `move` may be called by any thread."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def move(self, completed: float, total: float | None, text: str) -> None:
        """So much of `total` (None if nobody knows how much there is) is done."""
        self._progress.update(self._task, completed=completed, total=total, description=text)


@contextmanager
def bar(
    session: Session, text: str, *, of_bytes: bool = False, shown: bool = True
) -> Iterator[Bar]:
    """A bar that counts items or bytes, if `shown` and somebody watches; it is gone in the end."""
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *(_BYTES if of_bytes else _COUNTS),
        console=console(sys.stderr),
        transient=True,
        # Results go where they always go, not between the bars.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    # One that is disabled may write a line all the same.
    with progress if shown and session.shows else nullcontext():
        yield Bar(progress, progress.add_task(text, total=None))
