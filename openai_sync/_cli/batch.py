"""`batch`: many requests at half the price, answered within a day."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from openai_async._jobs import WORKING

from . import screen
from .batch_run import run
from .endings import Code
from .models import day
from .result_lines import ResultFiles
from .session import Session, common

if TYPE_CHECKING:
    from openai_async.types.batches import Batch

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def batch() -> None:
    """Have many requests answered within a day, at half the price."""


batch.add_command(run)


@batch.command()
@click.argument("batch_id", metavar="ID")
@_JSON
@common
def status(session: Session, batch_id: str, as_json: bool) -> None:
    """Show how far a batch is."""
    _show(session.client.batches.retrieve(batch_id), as_json)


@batch.command()
@click.argument("batch_id", metavar="ID")
@_JSON
@common
def cancel(session: Session, batch_id: str, as_json: bool) -> None:
    """Cancel a batch; what is answered already can be had all the same."""
    _show(session.client.batches.cancel(batch_id), as_json)


@batch.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--all", "everything", is_flag=True, help="However many there are.")
@_JSON
@common
def list_batches(session: Session, limit: int, everything: bool, as_json: bool) -> None:
    """List the batches, the newest first."""
    pages = session.client.batches.list(limit=100 if everything else min(limit, 100))
    found = list(islice(pages, None if everything else limit))
    if as_json:
        screen.write_json([each.to_dict() for each in found], indent=2)
    else:
        columns = ("id", "status", "done", "failed", "total", "endpoint", "created")
        rows = [
            (each.id, each.status, *_counts(each), each.endpoint, day(each.created_at))
            for each in found
        ]
        screen.table(columns, rows)


@batch.command()
@click.argument("batch_id", metavar="ID")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Instead of printing them.")
@click.option("--errors", type=click.Path(dir_okay=False), help="A file for what failed.")
@common
def results(session: Session, batch_id: str, output: str | None, errors: str | None) -> int | None:
    """Get the results of a batch, in the order of its requests; wait for its end before."""
    found = session.client.batches.retrieve(batch_id)
    if found.status in WORKING["batches"]:
        session.say(f"{batch_id} is {found.status}. Waiting for its end.")
        session.goes_on = lambda: f"{batch_id} goes on; the same command waits for it."
    with ResultFiles(output, errors) as files:
        files.write(session.client.batches.results(batch_id))
    files.complain()
    return Code.FAILED if files.failed else None


def _show(found: Batch, as_json: bool) -> None:
    if as_json:
        screen.write_json(found.to_dict(), indent=2)
        return
    done, failed, total = _counts(found)
    shown: list[tuple[str, Any]] = [
        ("id", found.id),
        ("status", found.status),
        ("endpoint", found.endpoint),
        ("requests", f"{done} done, {failed} failed, {total} in all"),
        ("created", day(found.created_at)),
        ("output file", found.output_file_id),
        ("error file", found.error_file_id),
    ]
    shown += [("error", _mistake(each)) for each in (found.errors and found.errors.data) or ()]
    screen.table(("batch", found.id), [(name, value) for name, value in shown if value is not None])


def _counts(found: Batch) -> tuple[int, int, int]:
    counts = found.request_counts
    if counts is None:
        return 0, 0, 0
    return counts.completed, counts.failed, counts.total


def _mistake(error: Any) -> str:
    where = "" if error.line is None else f"line {error.line}: "
    return f"{where}{error.message or error.code}"
