"""Embeddings travel as base64 and arrive as lists of floats."""

from __future__ import annotations

import array
import base64
import json
import struct
import sys
from typing import Any

import httpx
import numpy
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from openai_async import AsyncOpenAI, _embeddings
from openai_async._decode import decode
from openai_async._embeddings import decode_embeddings, floats
from openai_async.types import CreateEmbeddingResponse


def _encoded(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _answer(data: object, **extra: object) -> dict[str, Any]:
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "model": "m", "usage": usage, "data": data, **extra}


def _response(data: object, **extra: object) -> CreateEmbeddingResponse:
    response: CreateEmbeddingResponse = decode(
        json.dumps(_answer(data, **extra)), CreateEmbeddingResponse
    )
    return response


def _embedding(vector: object, **extra: object) -> dict[str, object]:
    return {"object": "embedding", "index": 0, "embedding": vector, **extra}


@pytest.fixture(params=["numpy", "array"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With numpy loaded by the program, and without it."""
    if request.param == "numpy":
        monkeypatch.setitem(sys.modules, "numpy", numpy)
    else:
        monkeypatch.delitem(sys.modules, "numpy")


@pytest.mark.usefixtures("_way")
def test_base64_becomes_floats() -> None:
    numbers = [0.5, -1.0, 3.4028234663852886e38, 1e-45, 0.0]
    decoded = floats(_encoded(numbers))
    assert decoded == list(struct.unpack("<5f", struct.pack("<5f", *numbers)))
    assert {type(number) for number in decoded} == {float}


@pytest.mark.usefixtures("_way")
def test_an_empty_vector_is_empty() -> None:
    assert floats("") == []


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("text", ["A", "AAAA", "AAAAAAA=", "é"])
def test_what_is_no_base64_of_floats_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="The server sent an embedding that is broken"):
        floats(text)


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_both_ways_give_the_same(numbers: list[float]) -> None:
    with_numpy = floats(_encoded(numbers))
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "numpy")
        assert floats(_encoded(numbers)) == with_numpy == numbers


def test_bytes_are_swapped_on_big_endian_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")
    swapped = array.array("f", struct.pack("<f", 0.5))
    swapped.byteswap()
    assert floats(_encoded([0.5])) == swapped.tolist()


def test_numpy_is_not_loaded_for_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy")
    _embeddings.floats(_encoded([0.5]))
    assert "numpy" not in sys.modules


@pytest.mark.parametrize("extra", [{}, {"provider": "elsewhere"}])
def test_every_vector_of_an_answer_is_decoded(extra: dict[str, str]) -> None:
    for _ in range(2):
        response = _response(
            [_embedding(_encoded([0.5]), **extra), _embedding(_encoded([1.0, 2.0]), index=1)],
            **extra,
        )
        assert decode_embeddings(response) is response
        assert [each.embedding for each in response.data] == [[0.5], [1.0, 2.0]]
        assert response.to_dict()["data"][0] == _embedding([0.5], **extra)  # type: ignore[index]


def test_vectors_that_are_lists_already_are_left_alone() -> None:
    response = decode_embeddings(_response([_embedding([0.5, 1])]))
    assert response.data[0].embedding == [0.5, 1.0]


def test_what_is_no_embedding_is_left_alone() -> None:
    data = [None, "x", _embedding(None), {"index": 3}]
    assert decode_embeddings(_response(data)).to_dict() == _answer(data)


@pytest.mark.parametrize("data", [[], None, "AAAA", 3, {}, {"embedding": "AAAA"}])
def test_an_answer_without_embeddings_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="The server sent no embeddings"):
        decode_embeddings(_response(data))


@pytest.mark.parametrize("input", ["x", ("x", "y"), [1, 2], range(1, 3), {1: "a"}.keys()])
async def test_the_client_asks_for_base64_and_gives_lists(client: AsyncOpenAI, input: Any) -> None:
    response = await client.embeddings.create(model="text-embedding-3-small", input=input)
    assert all(isinstance(number, float) for number in response.data[0].embedding)
    assert len(response.data[0].embedding) > 1


@pytest.mark.parametrize(("encoding", "vector"), [("base64", "AAAAPw=="), ("float", [0.5])])
async def test_an_explicit_encoding_is_left_to_the_caller(encoding: Any, vector: object) -> None:
    with respx.mock(base_url="http://api.test/v1") as router:
        route = router.post("/embeddings")
        route.respond(json=_answer([_embedding(vector)]))
        async with AsyncOpenAI(
            api_key="k", base_url="http://api.test/v1", http_client=httpx.AsyncClient()
        ) as client:
            response = await client.embeddings.create(
                model="m", input="x", encoding_format=encoding
            )
    assert json.loads(route.calls.last.request.content)["encoding_format"] == encoding
    assert response.data[0].embedding == vector
