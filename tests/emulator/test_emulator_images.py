"""The images of the emulator."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import httpx
import pytest

from openai_async.emulator.images import png


def generate(api: httpx.Client, prompt: str, **more: Any) -> list[bytes]:
    response = api.post("/images/generations", json={"prompt": prompt, **more})
    assert response.status_code == 200
    return [base64.b64decode(each["b64_json"]) for each in response.json()["data"]]


def test_an_image_is_that_of_its_prompt(api: httpx.Client) -> None:
    assert generate(api, "a cat") == generate(api, "a cat") != generate(api, "a dog")


def test_images_of_one_prompt_differ(api: httpx.Client) -> None:
    assert len(set(generate(api, "a cat", n=3))) == 3


@pytest.mark.parametrize(
    ("size", "sides"), [(None, (256, 256)), ("auto", (256, 256)), ("32x16", (32, 16))]
)
def test_an_image_has_the_size_asked_for(api: httpx.Client, size: Any, sides: Any) -> None:
    (image,) = generate(api, "a cat", size=size)
    assert struct.unpack(">II", image[16:24]) == sides


def test_a_png_has_a_palette_index_for_each_pixel() -> None:
    image = png(3, 2, b"\1\2\3")
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    start = image.index(b"IDAT") + 4
    length = struct.unpack(">I", image[start - 8 : start - 4])[0]
    assert zlib.decompress(image[start : start + length]) == bytes(2 * (1 + 3))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": "x", "n": 0}, "n"),
        ({"prompt": "x", "n": "1"}, "n"),
        ({"prompt": "x", "size": "huge"}, "size"),
        ({"prompt": "x", "size": "0x10"}, "size"),
        ({"prompt": "x", "size": 7}, "size"),
    ],
)
def test_images_that_cannot_be_made(api: httpx.Client, body: dict[str, Any], param: str) -> None:
    response = api.post("/images/generations", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
