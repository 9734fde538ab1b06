"""`embed`: the embeddings of texts, many at once."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import click

from . import reading, screen
from .bars import Bar, bar
from .endings import Code, line_of
from .session import Session, common, complain

MODEL = "text-embedding-3-small"

#: What one request may hold: so many texts, and so many tokens, each of which is a byte or more.
MOST_TEXTS, MOST_BYTES = 2048, 300_000

#: How many numbers of a vector a table shows.
_SHOWN = 3


class Line(NamedTuple):
    """A text, and its number among all of them; the first is 0."""

    number: int
    text: str


class Row(NamedTuple):
    """A line of the output."""

    number: int
    text: str
    embedding: list[float]


@click.command()
@click.argument("texts", nargs=-1)
@click.option(
    "-f",
    "--file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file with a text in each line; - is standard input.",
)
@click.option("-m", "--model", default=MODEL, show_default=True)
@click.option("--dimensions", type=click.IntRange(min=1), help="How long the vectors shall be.")
@click.option("--json", "form", flag_value="json", help="Print one JSON array.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print JSON, a line for each text.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV: number, text, the vector.")
@click.option("--concurrency", type=click.IntRange(min=1), help="How many requests may run.")
@common
def embed(
    session: Session,
    texts: Sequence[str],
    file: str | None,
    model: str,
    dimensions: int | None,
    form: str | None,
    concurrency: int | None,
) -> int | None:
    """Embed TEXTS, or each line of a file or of standard input.

    Blank lines are left out, but counted. At a terminal it prints a table with the beginnings of
    the vectors, elsewhere --jsonl, unless told otherwise.
    """
    if texts and file is not None:
        raise click.UsageError("Give texts or a file, not both.")
    lines = [*_lines(texts or _read(file))]
    given = {} if dimensions is None else {"dimensions": dimensions}
    create: Any = session.client.embeddings.create
    work = _Work(lines)
    session.goes_on = lambda: f"{screen.count(work.done, 'text')} of {len(lines):,} are embedded."
    chosen = form or ("table" if sys.stdout.isatty() else "jsonl")
    with (
        bar(session, "texts", shown=chosen == "table" or not sys.stdout.isatty()) as moving,
        session.client.map(
            work.requests(),
            partial(create, model=model, **given),
            max_concurrency=concurrency,
        ) as results,
    ):
        _WRITERS[chosen](work.rows(results, moving))
    session.goes_on = None
    return work.end()


def _read(file: str | None) -> list[str]:
    """The lines of a file. Texts may have other ends of lines inside, hence only `\\n`."""
    if file is None or file == "-":
        return reading.text().split("\n")
    with open(file, encoding="utf-8-sig") as opened:
        return opened.read().split("\n")


def _lines(texts: Iterable[str]) -> Iterator[Line]:
    return (Line(index, text) for index, text in enumerate(texts) if text.strip())


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines in lists that one request may hold; one that is too long for all is alone."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        length = len(line.text.encode("utf-8", "replace"))
        if batch and (len(batch) == MOST_TEXTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield batch


class _Work:
    """Texts that become requests, and results that become rows."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._running: dict[int, list[Line]] = {}
        self._failures: list[tuple[list[Line], Exception]] = []
        self.done = 0

    def requests(self) -> Iterator[dict[str, Any]]:
        for number, batch in enumerate(batches(self._lines)):
            self._running[number] = batch
            yield {"input": [line.text for line in batch]}

    def rows(self, results: Iterable[Any], moving: Bar) -> Iterator[Row]:
        """The rows of what went well."""
        failed = 0
        for result in results:
            batch = self._running.pop(result.index)
            try:
                vectors = _vectors(result.get(), len(batch))
            except Exception as error:
                self._failures.append((batch, error))
                failed += len(batch)
            else:
                for line, vector in zip(batch, vectors, strict=True):
                    yield Row(line.number, line.text, vector)
                    self.done += 1
            moving.move(self.done + failed, len(self._lines), "texts")

    def end(self) -> int | None:
        """Says what failed. Raises that if all did."""
        if self._failures and not self.done:
            raise self._failures[0][1]
        for batch, error in self._failures:
            first, last = batch[0].number, batch[-1].number
            which = f"text {first}" if first == last else f"texts {first} to {last}"
            complain(f"Error: {which}: {line_of(error)}")
        return Code.FAILED if self._failures else None


def _vectors(answer: Any, number: int) -> list[list[float]]:
    """The vectors in an answer. Raises ValueError unless there are so many."""
    data = sorted(answer.data or (), key=lambda each: each.index)
    if len(data) != number:
        raise ValueError(f"The server sent {len(data)} embeddings for {number} texts.")
    return [each.embedding for each in data]


def _table(rows: Iterable[Row]) -> None:
    screen.table(
        ("number", "text", "embedding", "dimensions"),
        [(number, text, _beginning(vector), len(vector)) for number, text, vector in rows],
    )


def _beginning(vector: list[float]) -> str:
    return " ".join([*(f"{each:.4f}" for each in vector[:_SHOWN]), "..."])


def _object(row: Row) -> dict[str, Any]:
    return {"index": row.number, "text": row.text, "embedding": row.embedding}


def _json(rows: Iterable[Row]) -> None:
    before = "[\n"
    for row in rows:
        screen.write(before + screen.as_json(_object(row)))
        before = ",\n"
    screen.write("\n]\n" if before == ",\n" else "[]\n")


def _json_lines(rows: Iterable[Row]) -> None:
    for row in rows:
        screen.write_json(_object(row))


def _csv(rows: Iterable[Row]) -> None:
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([row.number, row.text])
        screen.write(f"{line.getvalue()[:-1]},{screen.as_json(row.embedding)[1:-1]}\n")


_WRITERS: dict[str, Callable[[Iterable[Row]], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
}
