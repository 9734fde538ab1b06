"""What an OpenAPI document has that the description lacks, and the other way round.

Compared are operations by verb and path, and for each operation that both have, the names of what
is sent (query and body), and every field of the answer with its kind, as deep as it goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from . import expressions, shapes
from .description import Description, Method
from .shapes import Schemas, Shape

#: What a document may have and we do not, and why: whole operations, or names of one (None: any).
REASONS: dict[tuple[str, str, str | None], str] = {
    ("POST", "/evals/{}/runs/{}", ""): "the former URL of cancelling a run; now it ends in /cancel",
    ("POST", "/images/edits", "sends images"): "of the JSON form; ours is the multipart form",
    ("POST", "/images/edits", "sends moderation"): "of the JSON form; ours is the multipart form",
    ("POST", "/realtime/sessions", None): "ours is the beta; since then realtime.client_secrets",
    ("POST", "/realtime/transcription_sessions", None): "ours is the beta, as it was",
    ("GET", "/responses/{}", "answers output_text"): "made by clients, not sent by the API",
    ("POST", "/responses", "answers output_text"): "made by clients, not sent by the API",
    ("POST", "/responses/{}/cancel", "answers output_text"): "made by clients, not sent by the API",
}

_VERBS = ("get", "post", "put", "patch", "delete")

Key = tuple[str, str]


class Operation(Struct):
    """What is sent, by name, and the shape of the answer."""

    sent: set[str]
    received: Shape


class Difference(Struct, order=True):
    """One line of the comparison: `+` is new in the document, `-` in ours alone, `~` changed."""

    key: Key
    sign: str
    name: str = ""

    @property
    def reason(self) -> str:
        """Why we lack it on purpose, if so."""
        if self.sign == "-":
            return ""
        return REASONS.get((*self.key, self.name)) or REASONS.get((*self.key, None), "")

    def __str__(self) -> str:
        where = " ".join(self.key) + (f": {self.name}" if self.name else "")
        return f"{self.sign} {where}" + (f"  ({self.reason})" if self.reason else "")


def compare(document: Mapping[str, Any], description: Description) -> list[Difference]:
    theirs, ours = dict(_documented(document)), _described(description)
    found: list[Difference] = []
    for key in sorted(theirs.keys() | ours.keys()):
        if key not in ours:
            found.append(Difference(key, "+"))
        elif key not in theirs:
            found.append(Difference(key, "-"))
        else:
            found += _names(key, "sends ", theirs[key].sent, ours[key].sent)
            for line in shapes.differences(theirs[key].received, ours[key].received):
                sign, _, place = line.partition(" ")
                found.append(Difference(key, sign, f"answers {place}"))
    return found


def _names(key: Key, verb: str, theirs: set[str], ours: set[str]) -> Iterator[Difference]:
    for sign, names in (("+", theirs - ours), ("-", ours - theirs)):
        for name in sorted(names):
            yield Difference(key, sign, verb + name)


def _key(verb: str, path: str) -> Key:
    return verb.upper(), re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])


def _described(description: Description) -> dict[Key, Operation]:
    found: dict[Key, Operation] = {}
    for name, method in description.methods.items():
        verb, _, path = method.http.partition(" ")
        operation = _of_method(description, method, name.partition(".")[0])
        known = found.setdefault(_key(verb, path), operation)
        known.sent |= operation.sent  # two methods may share an operation
    return found


def _of_method(description: Description, method: Method, root: str) -> Operation:
    in_path = set(re.findall(r"\{([^}]*)\}", method.http))
    sent = {each.rstrip("?") for each in method.parameters} - in_path
    if method.page or method.result in ("None", "binary"):
        return Operation(sent, Shape())
    result = expressions.parse(method.result)
    return Operation(sent, shapes.of_expression(description, result, root))


def _documented(document: Mapping[str, Any]) -> Iterator[tuple[Key, Operation]]:
    schemas = Schemas(document)
    for path, verbs in document["paths"].items():
        shared = verbs.get("parameters", [])
        for verb in _VERBS:
            if verb in verbs:
                yield _key(verb, path), _of_document(schemas, verbs[verb], shared)


def _of_document(schemas: Schemas, operation: Any, shared: list[Any]) -> Operation:
    parameters = [schemas.resolved(each) for each in (*shared, *operation.get("parameters", []))]
    sent = {each["name"].removesuffix("[]") for each in parameters if each["in"] == "query"}
    for content in schemas.resolved(operation.get("requestBody", {})).get("content", {}).values():
        sent |= schemas.shape(content.get("schema", {})).fields.keys()
    answer = schemas.resolved(operation.get("responses", {}).get("200", {}))
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return Operation(sent, schemas.shape(schema) if schema else Shape())


def report(description: Description, path: Path) -> int:
    """Prints the comparison; 1 if the document has something that we lack without a reason."""
    found = compare(json.loads(path.read_text(encoding="utf-8")), description)
    for each in found:
        print(each)
    missing = [each for each in found if each.sign == "+" and not each.reason]
    print(f"{len(found)} differences, {len(missing)} of them missing here without a reason")
    return 1 if missing else 0
