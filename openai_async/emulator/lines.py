"""The lines of a batch: what is wrong with them before anything runs, and what is written about
each of them in the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

MAX_LINES = 50_000
MAX_MISTAKES = 100  # more are not told


class Line(msgspec.Struct):
    """One line of the input, as far as it is what it should be."""

    custom_id: Any = None
    method: Any = None
    url: Any = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class Model(msgspec.Struct):
    """What matters of a body before it is answered."""

    model: Any = None


@dataclass(frozen=True)
class Mistake:
    """Why a batch cannot run."""

    code: str
    message: str
    param: str | None = None
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


READ_LINE = msgspec.json.Decoder(Line)
READ_MODEL = msgspec.json.Decoder(Model)


def split(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers."""
    rest, number = b"", 0
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


def read_lines(blocks: Iterable[bytes], endpoint: str) -> tuple[list[Line], list[Mistake]]:
    """The lines of an input file, and what is wrong with them."""
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    seen: set[str] = set()
    first_model: str | None = None
    for number, raw in split(blocks):
        if len(lines) == MAX_LINES:
            message = f"A batch has at most {MAX_LINES} requests."
            return [], [Mistake("too_many_tasks", message)]
        line, mistake = read_line(raw, endpoint, seen)
        if mistake is None:
            model = model_of(line)
            first_model = first_model or model
            mistake = mistake_about(model, first_model)
        lines.append(line)
        if mistake is not None and len(mistakes) < MAX_MISTAKES:
            mistakes.append(replace(mistake, line=number))
    if not lines:
        mistakes.append(Mistake("empty_file", "The input file has no requests."))
    return lines, mistakes


def read_line(raw: bytes, endpoint: str, seen: set[str]) -> tuple[Line, Mistake | None]:
    try:
        raw.decode()  # for what is only skipped is not looked at
        line = READ_LINE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Line(), Mistake("invalid_json_line", "This line is not a JSON object.")
    return line, mistake_in(line, endpoint, seen)


def mistake_in(line: Line, endpoint: str, seen: set[str]) -> Mistake | None:
    for param in ("custom_id", "method", "url"):
        if not isinstance(getattr(line, param), str) or not getattr(line, param):
            message = f"The parameter '{param}' is missing, or is not a string."
            return Mistake("missing_required_parameter", message, param)
    if line.custom_id in seen:
        message = f"The custom_id '{line.custom_id}' was used before in this file."
        return Mistake("duplicate_custom_id", message, "custom_id")
    seen.add(line.custom_id)
    if line.method != "POST":
        return Mistake("invalid_method", "The method must be POST.", "method")
    if line.url != endpoint:
        message = f"The url must be the endpoint of the batch, '{endpoint}'."
        return Mistake("invalid_url", message, "url")
    if not bytes(line.body).lstrip().startswith(b"{"):
        message = "The parameter 'body' is missing, or is not an object."
        return Mistake("missing_required_parameter", message, "body")
    return None


def model_of(line: Line) -> str | None:
    """The model that must be the same everywhere. Those which are missing make a line fail, and
    not the batch, so that tests can have both kinds of line in one."""
    model = READ_MODEL.decode(line.body).model
    return model if isinstance(model, str) and not model.startswith("missing-") else None


def mistake_about(model: str | None, first: str | None) -> Mistake | None:
    if model in {None, first}:
        return None
    message = f"All requests of a batch must have the same model, and the first has '{first}'."
    return Mistake("mismatched_model", message, "body.model")


def record(batch: str, custom_id: str, status: int, body: dict[str, Any]) -> bytes:
    """The line that stands for it in the output, or among the errors."""
    mark = mark_of(batch, custom_id)
    response = {"status_code": status, "request_id": f"req_{mark}", "body": body}
    return encoded(mark, custom_id, response, None)


def unfinished(batch: str, custom_id: str, code: str, message: str) -> bytes:
    return encoded(mark_of(batch, custom_id), custom_id, None, {"code": code, "message": message})


def encoded(mark: str, custom_id: str, response: Any, error: Any) -> bytes:
    shown = {
        "id": f"batch_req_{mark}",
        "custom_id": custom_id,
        "response": response,
        "error": error,
    }
    return msgspec.json.encode(shown) + b"\n"


def mark_of(batch: str, custom_id: str) -> str:
    name = f"{batch} {custom_id}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(name).hexdigest()[:24]
