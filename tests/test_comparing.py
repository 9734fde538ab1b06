"""The comparison of an OpenAPI document with the description of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen import comparing
from codegen.description import Description

OURS = {
    "things": {
        "models": {
            "Thing": {"fields": {"id": "str", "class_": {"type": "str", "wire": "class"}}},
        },
        "params": {"ThingCreateParams": {"required": {"name": "str"}}},
        "methods": {
            "things.create": {
                "http": "POST /things",
                "doc": "A new thing.",
                "result": "Thing",
                "params": ["ThingCreateParams"],
                "parameters": ["name"],
            },
            "things.retrieve": {
                "http": "GET /things/{thing_id}",
                "doc": "One thing.",
                "result": "Thing",
                "parameters": ["thing_id"],
            },
        },
    }
}


def _document(paths: dict[str, Any]) -> dict[str, Any]:
    thing = {"type": "object", "properties": {"id": {}, "class": {}}}
    new = {"allOf": [{"properties": {"name": {}}}, {"$ref": "#/components/schemas/Base"}]}
    return {
        "paths": paths,
        "components": {"schemas": {"Thing": thing, "New": new, "Base": {"properties": {}}}},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


SAME: dict[str, Any] = {
    "/things": {"post": {"requestBody": _ref("New"), "responses": {"200": _ref("Thing")}}},
    "/things/{id}": {"get": {"responses": {"200": _ref("Thing")}}},
}


def _lines(document: dict[str, Any]) -> list[str]:
    return [str(each) for each in comparing.compare(document, Description(OURS))]


def test_the_same_api_has_no_differences() -> None:
    assert _lines(_document(SAME)) == []


def test_operations_that_one_side_lacks() -> None:
    paths = {"/things": SAME["/things"], "/others": {"get": {"responses": {}}}}

    assert _lines(_document(paths)) == ["+ GET /others", "- GET /things/{}"]


def test_names_that_one_side_lacks() -> None:
    document = _document(SAME)
    document["components"]["schemas"]["Thing"]["properties"] = {"id": {}, "size": {}}
    document["components"]["schemas"]["Base"]["properties"] = {"color": {}}

    assert _lines(document) == [
        "- GET /things/{}: answers class",
        "+ GET /things/{}: answers size",
        "+ POST /things: sends color",
        "- POST /things: answers class",
        "+ POST /things: answers size",
    ]


def test_an_answer_of_several_kinds_is_not_compared() -> None:
    document = _document(SAME)
    document["components"]["schemas"]["Thing"] = {
        "oneOf": [{"properties": {"other": {}}}, {"type": "string"}]
    }

    assert _lines(document) == []


def test_fields_inside_fields_and_in_lists() -> None:
    part = {"type": "object", "properties": {"size": {"type": "string"}, "new": {}}}
    document = _document({"/things/{id}": SAME["/things/{id}"]})
    document["components"]["schemas"]["Thing"]["properties"] = {
        "id": {"type": ["string", "null"]},
        "class": {"allOf": [part]},
        "parts": {"type": "array", "items": {"anyOf": [part, {"type": "null"}]}},
    }
    ours = json.loads(json.dumps(OURS))
    ours["things"]["models"]["Part"] = {"fields": {"size": "int | None", "old": "str"}}
    ours["things"]["models"]["Thing"]["fields"] = {
        "id": "Literal['a', 'b']",
        "class_": {"type": "Part", "wire": "class"},
        "parts": "list[Part] | None",
    }

    lines = [str(each) for each in comparing.compare(document, Description(ours))]

    assert lines == [
        "+ GET /things/{}: answers class.new",
        "- GET /things/{}: answers class.old",
        "~ GET /things/{}: answers class.size: integer here, string there",
        "+ GET /things/{}: answers parts.[].new",
        "- GET /things/{}: answers parts.[].old",
        "~ GET /things/{}: answers parts.[].size: integer here, string there",
        "- POST /things",
    ]


def test_what_is_missing_without_a_reason_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(_document({**SAME, "/others": {"get": {"responses": {}}}})))

    assert comparing.report(Description(OURS), file) == 1
    monkeypatch.setitem(comparing.REASONS, ("GET", "/others", ""), "nobody needs it")
    assert comparing.report(Description(OURS), file) == 0
    assert "+ GET /others  (nobody needs it)" in capsys.readouterr().out
