"""Files that go with a prompt, as parts of a message: texts, images, PDFs."""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Iterable
from typing import Any

from . import reading
from .endings import Refused

STDIN = "-"


def message(text: str, attached: list[dict[str, Any]]) -> dict[str, Any]:
    """What the user says; only text, for servers that know nothing else, if nothing is attached."""
    if not attached:
        return {"role": "user", "content": text}
    said = [{"type": "text", "text": text}] if text.strip() else []
    return {"role": "user", "content": [*said, *attached]}


def parts(files: Iterable[str]) -> list[dict[str, Any]]:
    """The parts that files become. Raises Refused for one that can be none."""
    return [_part(file) for file in files]


def _part(file: str) -> dict[str, Any]:
    if file == STDIN:
        name, content = "", reading.content()
    else:
        name = os.path.basename(file)
        with open(file, "rb") as opened:
            content = opened.read()
    kind = mimetypes.guess_type(name)[0] or ""
    if kind.startswith("image/") and kind != "image/svg+xml":
        return {"type": "image_url", "image_url": {"url": _url(kind, content)}}
    if kind == "application/pdf":
        return {"type": "file", "file": {"filename": name, "file_data": _url(kind, content)}}
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            f"{file} is no text in UTF-8, and neither an image nor a PDF by its name."
        ) from None
    return {"type": "text", "text": f"{name}:\n\n{text}" if name else text}


def _url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
