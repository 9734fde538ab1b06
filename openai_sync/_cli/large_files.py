"""Files that are uploaded in parts, with the ledger of those that are not."""

from __future__ import annotations

import mimetypes
import os
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from openai_async import APIError, DeadlineExceeded, OpenAIError
from openai_async._bulk.history import Upload
from openai_async._bulk.inputs import Input
from openai_async._bulk.ledger import Ledger, LedgerError
from openai_async._bulk.reconcile import step
from openai_async._bulk.results import UploadResult, Uploads, UploadsFailed

from .._client import OpenAI

_PIECE = 1 << 20

#: How many files, and how many bytes, are done with.
Moved = Callable[[int, int], None]


class LargeFiles:
    """Files that go one after another, several parts of each at once."""

    def __init__(
        self,
        files: list[Input],
        ledger: str | None,
        *,
        purpose: str,
        concurrency: int,
        fail_fast: bool,
    ) -> None:
        self._files = files
        self._ledger = Ledger(ledger)
        self._purpose = purpose
        self._concurrency = concurrency
        self._fail_fast = fail_fast

    def __len__(self) -> int:
        return len(self._files)

    def upload(self, client: OpenAI, moved: Moved) -> list[UploadResult]:
        """A result for each file. Raises UploadsFailed only if one failed and that shall be fast.

        What an earlier run has left open must be settled before.
        """
        results: list[UploadResult] = []
        if not self._files:
            return results
        self._ledger.open()
        try:
            before = 0
            for file in self._files:
                size = file.size or 0

                def sent(now: int, total: int, before: int = before) -> None:
                    moved(len(results), before + now)

                results.append(self._result(client, file, sent))
                before += size
                moved(len(results), before)
                if self._fail_fast and results[-1].error is not None:
                    raise UploadsFailed(Uploads(results)) from results[-1].error
        finally:
            self._ledger.close()
        return results

    def _result(
        self, client: OpenAI, file: Input, sent: Callable[[int, int], None]
    ) -> UploadResult:
        assert file.path is not None
        result = UploadResult(file.name, "failed", file.path, size=file.size)
        try:
            self._upload(client, file.path, result, sent)
        except (DeadlineExceeded, LedgerError):
            raise
        except (APIError, OpenAIError, OSError, ValueError) as error:
            result.error = error
        return result

    def _upload(
        self,
        client: OpenAI,
        path: str,
        result: UploadResult,
        sent: Callable[[int, int], None],
    ) -> None:
        """Uploads one file, unless that was done before, and tells `result`."""
        before = _state(path)
        digest = _digest(path) if self._ledger.kept else None
        result.size = before[0]
        new = Upload(0, result.name, self._purpose, time.time(), path, result.size, digest)
        latest = self._ledger.history.latest.get(new.key)
        if step(latest, new.size, new.sha256) == "skip":
            assert latest is not None
            result.status, result.file_id = "skipped", latest.file_id
            return
        number = self._ledger.begin(
            path=path, name=new.name, size=new.size, sha256=digest, purpose=new.purpose
        )
        purpose: Any = self._purpose
        try:
            done = client.uploads.upload_file_chunked(
                file=path,
                mime_type=mimetypes.guess_type(path)[0] or "application/octet-stream",
                purpose=purpose,
                max_concurrency=self._concurrency,
                on_progress=sent,
            )
            if done.file is None:
                raise OpenAIError("The server answered without the id of the file.")
        except Exception as error:
            # Whether it was stored is found out when the next run begins.
            self._ledger.write("failed", upload=number, stored=None, error=type(error).__name__)
            raise
        result.status, result.file, result.file_id = "ok", done.file, done.file.id
        self._ledger.write(
            "done", upload=number, file_id=done.file.id, created_at=done.file.created_at
        )
        if digest is not None and _state(path) != before:
            self._ledger.write("changed", file_id=done.file.id)


def _state(path: str) -> tuple[int, int, int]:
    """What changes when a file does."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ino


def _digest(path: str) -> str:
    digest = sha256()
    with open(path, "rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
