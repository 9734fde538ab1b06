"""What `upload` prints in the end."""

from __future__ import annotations

import sys
from typing import Any

from openai_async._bulk.results import Orphan, UploadResult, Uploads

from . import screen
from .endings import line_of
from .session import Session


def show(session: Session, done: Uploads, vector_store: str | None, *, as_json: bool) -> None:
    """Prints the ids of the files, those that failed, and how many there are of each kind."""
    if as_json:
        screen.write_json(_as_json(done, vector_store), indent=2)
    else:
        rows: list[tuple[object, ...]] = [
            (result.file_id, result.status, result.path or result.name)
            for result in done
            if result.status != "failed"
        ]
        rows += [(orphan.file_id, _fate(orphan), orphan.name) for orphan in done.orphans]
        if rows:
            screen.table(("id", "status", "file"), rows)
        if done.failed:
            failed = [(each.path or each.name, _error(each)) for each in done.failed]
            screen.table(("failed", "error"), failed, sys.stderr)
    if done.unchecked is not None:
        session.say(f"There may be more orphans: {line_of(done.unchecked)}")
    session.say(_summary(done))


def _summary(done: Uploads) -> str:
    counts = [(len(done.ok), "uploaded"), (len(done.skipped), "there before")]
    counts += [(len(done.failed), "failed"), (len(done.orphans), "orphaned")]
    told = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    return f"{screen.count(len(done), 'file')}: {told}." if told else "No files."


def _fate(orphan: Orphan) -> str:
    return "orphan, deleted" if orphan.deleted else "orphan"


def _error(result: UploadResult) -> str | None:
    return None if result.error is None else line_of(result.error)


def _as_json(done: Uploads, vector_store: str | None) -> dict[str, Any]:
    return {
        "files": [
            {
                "path": result.path,
                "name": result.name,
                "status": result.status,
                "file_id": result.file_id,
                "bytes": result.size,
                "error": _error(result),
            }
            for result in done
        ],
        "orphans": [
            {
                "file_id": orphan.file_id,
                "name": orphan.name,
                "reason": orphan.reason,
                "deleted": orphan.deleted,
            }
            for orphan in done.orphans
        ],
        "vector_store_id": vector_store,
        "batches": [batch.to_dict() for batch in done.batches],
    }
