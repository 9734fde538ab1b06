"""Jobs: what the server works on after it has answered, and when each kind of them has ended.

A status that no list has ends a wait: whoever waits sees it, and is not kept for ever by a word
that is newer than this library. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Done = Callable[[Any], bool]

#: The statuses in which a job goes on by itself, by the resource that knows it.
WORKING: dict[str, frozenset[str]] = {
    "batches": frozenset({"validating", "in_progress", "finalizing", "cancelling"}),
    "beta.responses": frozenset({"queued", "in_progress"}),
    "beta.threads.runs": frozenset({"queued", "in_progress", "cancelling"}),
    "evals.runs": frozenset({"queued", "in_progress"}),
    "files": frozenset({"uploaded", "pending", "running"}),
    "fine_tuning.jobs": frozenset({"validating_files", "queued", "running", "paused"}),
    "responses": frozenset({"queued", "in_progress"}),
    "vector_stores.files": frozenset({"in_progress"}),
    "videos": frozenset({"queued", "in_progress"}),
}


def _by_status(working: frozenset[str]) -> Done:
    return lambda job: not (isinstance(job.status, str) and job.status in working)


def _batch_is_done(batch: Any) -> bool:
    """Whether nothing is in progress any more; a batch without counts goes by its status."""
    left = getattr(batch.file_counts, "in_progress", None)
    return not left if isinstance(left, int) else batch.status != "in_progress"


#: Whether a job has ended, by its resource.
DONE: dict[str, Done] = {
    **{resource: _by_status(working) for resource, working in WORKING.items()},
    "vector_stores.file_batches": _batch_is_done,
}
