"""`batch run`: the requests of a file, as batches or live."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from openai_async._batches.files import BatchFiles
from openai_async._captured import checked, sender
from openai_async._jobs import WORKING
from openai_async._map_results import BatchProgress

from . import screen
from .bars import Bar, bar
from .endings import Code, line_of
from .request_lines import RequestLines
from .result_lines import ResultFiles, place
from .session import Session, common

if TYPE_CHECKING:
    from openai_async.types.batches import Batch

LEDGER = ".openai-batches.jsonl"


@click.command()
@click.argument("file", metavar="INPUT", type=click.Path(exists=True, allow_dash=True))
@click.option("--endpoint", metavar="PATH", help="Each line is a body for this endpoint.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Instead of printing them.")
@click.option("--errors", type=click.Path(dir_okay=False), help="A file for what failed.")
@click.option("--window", type=click.Choice(["24h"]), default="24h", show_default=True)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False),
    default=LEDGER,
    show_default=True,
    help="The file that remembers which batches were begun.",
)
@click.option("--no-ledger", is_flag=True, help="Begin new batches, and remember nothing.")
@click.option("--no-wait", is_flag=True, help="Begin the batches, and print their ids.")
@click.option("--live", is_flag=True, help="Send each request by itself, now, at full price.")
@common
def run(
    session: Session,
    file: str,
    endpoint: str | None,
    output: str | None,
    errors: str | None,
    window: str,
    ledger: str,
    no_ledger: bool,
    no_wait: bool,
    live: bool,
) -> int | None:
    """Have the requests in INPUT answered, a line of JSON each; - is standard input.

    Printed is a line for each answer, in the order of the requests. The ledger remembers what was
    begun: the same command with the same requests collects the results of the same batches.
    """
    if live and no_wait:
        raise click.UsageError("Choose one: --live or --no-wait.")
    kept = None if no_ledger or live else os.path.abspath(ledger)
    _spare((file, kept), {"--output": output, "--errors": errors})
    lines = RequestLines(file, None if endpoint is None else checked(endpoint))
    lines.check()
    if live:
        return _live(session, lines, ResultFiles(output, errors))
    job = _Job(session, lines, kept, window)
    session.goes_on = job.so_far
    if no_wait:
        return job.begin()
    with ResultFiles(output, errors) as files:
        with bar(session, "requests") as moving:
            results = job.results(moving)
        files.write(results)
    return _end(session, files, lines.total)


def _spare(used: tuple[str | None, ...], written: dict[str, str | None]) -> None:
    """Raises UsageError if a file that is used would be replaced by one that is written."""
    places = {place(name) for name in used} - {None, "-"}
    for option, name in written.items():
        if place(name) in places:
            raise click.UsageError(f"{option} would replace {name}: choose another file.")


def _live(session: Session, lines: RequestLines, files: ResultFiles) -> int | None:
    done = 0
    session.goes_on = lambda: (
        f"{done:,} of {screen.count(lines.total, 'request')} are done.{files.kept}"
    )
    with files, bar(session, "requests") as moving, session.client.map(lines.requests()) as results:
        for result in results:
            files.write([result])
            done += 1
            moving.move(done, lines.total, "requests")
    return _end(session, files, lines.total)


def _end(session: Session, files: ResultFiles, total: int) -> int | None:
    files.complain()
    failed = len(files.failed)
    session.say(
        f"{screen.count(total, 'request')}: {total - failed:,} answered, {failed:,} failed."
    )
    return Code.FAILED if failed else None


class _Job:
    """Requests that become batches."""

    def __init__(
        self, session: Session, lines: RequestLines, ledger: str | None, window: str
    ) -> None:
        self._session = session
        self._lines = lines
        self._ledger = ledger
        self._window: Any = window
        self._batches: dict[str, Batch] = {}

    def so_far(self) -> str:
        """Which batches go on, and how to get their results."""
        going = [each.id for each in self._batches.values() if each.status in WORKING["batches"]]
        if not going and not self._batches:
            return "No batch is known to have begun."
        told = f"At the server go on: {', '.join(going)}. " if going else ""
        if self._ledger is None:
            return f"{told}Without a ledger, get results by `batch results ID`."
        return f"{told}The same command picks them up."

    def begin(self) -> int | None:
        """Begins the batches, and prints them, and the requests that are in none."""
        counted = BatchFiles(sender(self._session.client._async, None), None)
        counted.add(self._lines.requests())
        with suppress(_AllBegun):
            self._map(len(counted.parts), None)
        rows = [(each.id, each.status) for each in self._batches.values()]
        if rows:
            screen.table(("batch", "status"), rows)
        if not counted.errors:
            return None
        names, numbers = [*counted.names], self._lines.numbers()
        failed = [
            (names[index], f"line {numbers[index]}: {line_of(error)}")
            for index, error in counted.errors.items()
        ]
        screen.table(("failed", "error"), failed, sys.stderr)
        return Code.FAILED

    def results(self, moving: Bar) -> Any:
        return self._map(None, moving)

    def _map(self, enough: int | None, moving: Bar | None) -> Any:
        def begun(batch: Batch) -> None:
            self._batches[batch.id] = batch
            self._session.say(f"Began {batch.id}.")

        def seen(progress: BatchProgress) -> None:
            self._batches.update({each.id: each for each in progress.batches})
            if moving is not None:
                number = screen.count(len(progress.batches), "batch", "batches")
                failed = f", {progress.failed:,} failed" if progress.failed else ""
                moving.move(progress.done, progress.total, number + failed)
            if len(self._batches) == enough:
                raise _AllBegun

        return self._session.client.batches.map(
            self._lines.requests(),
            completion_window=self._window,
            ledger=self._ledger,
            on_batch=begun,
            on_progress=seen,
        )


class _AllBegun(Exception):
    """There is a batch for every request."""
