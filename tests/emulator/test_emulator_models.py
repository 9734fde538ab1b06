from __future__ import annotations

import base64
import math
import struct
from typing import Any

import httpx
import pytest

MODEL = "text-embedding-3-small"


def embed(api: httpx.Client, given: Any, **more: Any) -> dict[str, Any]:
    response = api.post("/embeddings", json={"model": MODEL, "input": given, **more})
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def test_embedding_is_a_unit_vector_of_its_text(api: httpx.Client) -> None:
    first, second, third = embed(api, ["one", "two", "one"])["data"]
    assert first["embedding"] == third["embedding"] != second["embedding"]
    assert [item["index"] for item in (first, second, third)] == [0, 1, 2]
    assert len(first["embedding"]) == 1536
    assert math.isclose(math.hypot(*first["embedding"]), 1, abs_tol=1e-5)


def test_embedding_in_base64_is_the_same_vector(api: httpx.Client) -> None:
    floats = embed(api, "one", dimensions=16)["data"][0]["embedding"]
    packed = embed(api, "one", dimensions=16, encoding_format="base64")["data"][0]["embedding"]
    assert list(struct.unpack("<16f", base64.b64decode(packed))) == floats


@pytest.mark.parametrize(
    ("given", "count", "tokens"),
    [("a b", 1, 2), (["a", "b c"], 2, 3), ([1, 2, 3], 1, 3), ([[1, 2], [3]], 2, 3)],
)
def test_embedding_inputs(api: httpx.Client, given: Any, count: int, tokens: int) -> None:
    answer = embed(api, given)
    assert len(answer["data"]) == count
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}


def test_large_model_has_more_dimensions(api: httpx.Client) -> None:
    body = {"model": "text-embedding-3-large", "input": "x"}
    assert len(api.post("/embeddings", json=body).json()["data"][0]["embedding"]) == 3072


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x"}, "model"),
        ({"model": MODEL}, "input"),
        ({"model": MODEL, "input": ""}, "input"),
        ({"model": MODEL, "input": []}, "input"),
        ({"model": MODEL, "input": ["x", 1]}, "input"),
        ({"model": MODEL, "input": ["x"] * 2049}, "input"),
        ({"model": MODEL, "input": "x", "dimensions": 0}, "dimensions"),
        ({"model": MODEL, "input": "x", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_bad_embedding_request_names_its_param(
    api: httpx.Client, body: dict[str, Any], param: str
) -> None:
    response = api.post("/embeddings", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


def test_models_are_listed_and_retrieved(api: httpx.Client) -> None:
    listed = api.get("/models").json()
    assert listed["object"] == "list"
    for model in listed["data"]:
        assert api.get(f"/models/{model['id']}").json() == model


def test_model_with_an_escaped_slash(api: httpx.Client) -> None:
    assert api.get("/models/acme%2Fllama-3").json()["id"] == "acme/llama-3"


def test_deleted_model_is_gone(api: httpx.Client) -> None:
    name = "ft:gpt-4o-mini:acme::7qTVM5AR"
    deleted = api.delete(f"/models/{name}").json()
    assert deleted == {"id": name, "object": "model", "deleted": True}
    for response in (api.get(f"/models/{name}"), api.delete(f"/models/{name}")):
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "model_not_found"
