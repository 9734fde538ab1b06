"""`upload`: files, directories and patterns; what was done before is not done again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from openai_async._bulk.inputs import Input, inputs
from openai_async._bulk.results import UploadResult, Uploads, UploadsFailed, UploadsProgress

from . import screen, upload_report
from .bars import Bar, bar
from .endings import Code
from .large_files import LargeFiles
from .session import Session, common
from .stores import new_store

LEDGER = ".openai-uploads.jsonl"

#: The largest file that one request may bring, in bytes.
LARGEST = 512 * 2**20


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--purpose", default="assistants", show_default=True)
@click.option("--vector-store", metavar="ID", help="Add the files to this vector store.")
@click.option("--new-vector-store", metavar="NAME", help="Make a vector store for the files.")
@click.option("--concurrency", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False),
    default=LEDGER,
    show_default=True,
    help="The file that remembers what was uploaded.",
)
@click.option("--no-ledger", is_flag=True, help="Upload everything, and remember nothing.")
@click.option(
    "--orphans",
    type=click.Choice(["keep", "list", "delete"]),
    default="list",
    show_default=True,
    help="What happens to files that were left on the server and that nobody needs.",
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first file that fails.")
@click.option(
    "--chunked",
    is_flag=True,
    help="Upload every file in parts, as is always done above 512 MB.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what became of the files as JSON.")
@common
def upload(
    session: Session,
    paths: Sequence[str],
    purpose: str,
    vector_store: str | None,
    new_vector_store: str | None,
    concurrency: int,
    ledger: str,
    no_ledger: bool,
    orphans: str,
    fail_fast: bool,
    chunked: bool,
    as_json: bool,
) -> int | None:
    """Upload files; of directories all that is below them, of patterns what they match.

    The ledger remembers what was uploaded: the same command goes on where it was cut off, and later
    uploads what is new or has changed. Printed are the ids of the files.
    """
    if vector_store is not None and new_vector_store is not None:
        raise click.UsageError("Choose one: --vector-store or --new-vector-store.")
    kept = None if no_ledger else os.path.abspath(ledger)
    listed = list(inputs(list(paths), leave_out={kept} if kept else ()))
    job = _Job(
        session,
        listed,
        kept,
        chunked=chunked,
        given={
            "purpose": purpose,
            "max_concurrency": concurrency,
            "fail_fast": fail_fast,
            "orphans": orphans,
        },
    )
    session.goes_on = job.so_far
    if new_vector_store is not None:
        vector_store = new_store(session, new_vector_store, kept)
    with bar(session, "files", of_bytes=True) as moving:
        try:
            done = job.run(vector_store, moving)
        except UploadsFailed as failure:
            done = failure.uploads
    upload_report.show(session, done, vector_store, as_json=as_json)
    return Code.FAILED if done.failed else None


class _Job:
    """Files to upload: those that go as they are, and large ones, which go in parts."""

    def __init__(
        self,
        session: Session,
        listed: list[Input],
        ledger: str | None,
        *,
        chunked: bool,
        given: dict[str, Any],
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._given = given
        self._listed = listed
        large = [each for each in listed if _is_large(each, chunked)]
        self._small = [each for each in listed if not _is_large(each, chunked)]
        self._large = LargeFiles(
            large,
            ledger,
            purpose=given["purpose"],
            concurrency=given["max_concurrency"],
            fail_fast=given["fail_fast"],
        )
        #: Files and bytes that are done with, of either kind.
        self._counts: dict[str, tuple[int, int]] = {}
        self._bytes = sum(each.size or 0 for each in listed)

    def so_far(self) -> str:
        """How far it has come, and how it goes on."""
        files = sum(done for done, _ in self._counts.values())
        told = f"{files:,} of {screen.count(len(self._listed), 'file')} are done"
        rest = "the same command continues" if self._ledger else "there is no ledger to go on from"
        return f"{told}; {rest}."

    def run(self, vector_store: str | None, moving: Bar) -> Uploads:
        """What became of the files. Raises UploadsFailed as the library does."""
        client = self._session.client
        if self._large and vector_store is not None:
            client.vector_stores.retrieve(vector_store)  # before anything large is sent
        if self._large and self._ledger is not None:
            # Settles what an earlier run has left open, before anything is sent again.
            client.files.upload_many([], ledger=self._ledger, **self._given)

        def sent(files: int, of_bytes: int) -> None:
            self._counts["large"] = files, of_bytes
            self._show(moving, "")

        large = self._large.upload(client, sent)
        try:
            small = self._upload_small(vector_store, large, moving)
        except UploadsFailed as failure:
            raise UploadsFailed(self._together(large, failure.uploads)) from failure.__cause__
        return self._together(large, small)

    def _upload_small(
        self, vector_store: str | None, large: list[UploadResult], moving: Bar
    ) -> Uploads:
        def told(progress: UploadsProgress) -> None:
            self._counts["small"] = progress.done, progress.bytes_done
            failed = f", {progress.failed:,} failed" if progress.failed else ""
            processed = f", {progress.processed:,} processed" if progress.batch else ""
            self._show(moving, failed + processed)

        # Paths, so that nothing is taken for a pattern again.
        files = [Path(each.path or each.name) for each in self._small]
        given = {**self._given, "ledger": self._ledger, "on_progress": told}
        if vector_store is None:
            return self._session.client.files.upload_many(files, **given)
        ids = [result.file_id for result in large if result.file_id is not None]
        batches = self._session.client.vector_stores.file_batches
        return batches.upload_many(vector_store, files=files, file_ids=ids, **given)

    def _show(self, moving: Bar, more: str) -> None:
        files = sum(done for done, _ in self._counts.values())
        of_bytes = sum(each for _, each in self._counts.values())
        moving.move(of_bytes, self._bytes, f"{files:,}/{len(self._listed):,} files{more}")

    def _together(self, large: list[UploadResult], small: Uploads) -> Uploads:
        """All results in the order of the files."""
        in_parts = {result.file_id: result for result in large if result.file_id is not None}
        results = list(large)
        for result in small:
            part = in_parts.get(result.file_id or "")
            if part is None:
                results.append(result)
            elif result.error is not None:  # it was uploaded, but could not be processed
                part.status, part.error = result.status, result.error
        rank = {each.path: position for position, each in enumerate(self._listed)}
        results.sort(key=lambda result: rank.get(result.path, len(rank)))
        return Uploads(
            results, orphans=small.orphans, unchecked=small.unchecked, batches=small.batches
        )


def _is_large(file: Input, chunked: bool) -> bool:
    return file.error is None and (chunked or (file.size or 0) > LARGEST)
