"""What response objects look like in notebooks: Markdown where they are text, else HTML.

Pure, and loaded when a notebook first asks. A front end that is given both prefers HTML, so each
class has one of the two. Whatever a server sent is escaped or made safe (see `_markdown`), pictures
come from the answer itself or over http(s), and the constants below bound what is shown: everything
here is stored in the notebook.
"""

from __future__ import annotations

import html as _html
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from ._brief import NUMBERS_SHOWN, brief
from ._fields import members, public_class
from ._markdown import fenced, literal, safe

#: Characters of one text, of the arguments of a tool call, of a cell of a table, and of a URL.
MOST_TEXT, MOST_CODE, MOST_CELL, MOST_URL = 20_000, 2_000, 60, 2_000

#: Characters of all texts of one object.
MOST_TEXTS = 100_000

#: Choices, items of an output, vectors, images, and items of a list.
MOST_PARTS, MOST_VECTORS, MOST_IMAGES, MOST_ITEMS = 20, 10, 10, 10

#: Columns of the table that shows a list.
MOST_COLUMNS = 6

#: Characters of base64 of one image, and of all images of one object: 6 and 18 MB.
LARGEST_IMAGE, LARGEST_IMAGES = 8_000_000, 24_000_000

#: How the base64 of images begins.
_KINDS_OF_IMAGES = {
    "iVBORw0KGgo": "png",
    "/9j/": "jpeg",
    "UklGR": "webp",
    "R0lGOD": "gif",
    "PHN2Zy": "svg+xml",
    "PD94bW": "svg+xml",
}
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


def markdown(model: Struct) -> str | None:
    """`model` as Markdown; None if it is not mostly text."""
    describe = _described_by(model, _AS_MARKDOWN)
    return None if describe is None else _joined(describe(model))


def html(model: Struct) -> str | None:
    """`model` as HTML; None if Markdown says it better, or its `repr`."""
    describe = _described_by(model, _AS_HTML)
    return None if describe is None else _joined(describe(model))


def _described_by(model: Struct, table: dict[str, Callable[[Any], Any]]) -> Any:
    names = (f"{cls.__module__}.{cls.__qualname__}" for cls in type(model).__mro__)
    return next((table[name] for name in names if name in table), None)


def _joined(parts: Iterable[str]) -> str:
    """`parts` as paragraphs, as far as there is room for text and for images.

    No part may stand behind another on one line: a fence is one at the left margin only.
    """
    shown: list[str] = []
    room = {True: LARGEST_IMAGES, False: MOST_TEXTS}
    for part in parts:
        is_image = part.startswith(("<img", "<figure"))
        room[is_image] -= len(part)
        if room[is_image] < 0:
            shown.append(_small("and more, which is not shown"))
            break
        shown.append(part)
    return "\n\n".join(part for part in shown if part)


# Text


def _chat(completion: Any) -> Iterable[str]:
    choices = _list(completion.choices)
    for number, choice in enumerate(choices[:MOST_PARTS], 1):
        if len(choices) > 1:
            yield _small(f"choice {number} of {len(choices)}")
        yield from _choice(choice)
    yield _footer(completion)


def _choice(choice: Any) -> Iterable[str]:
    message, reason = _get(choice, "message"), _get(choice, "finish_reason")
    yield from _message(message) if message is not None else [_prose(_get(choice, "text"))]
    if reason not in ("stop", "tool_calls", "function_call", None):
        yield _small(f"ended by: {reason}")


def _message(message: Any) -> Iterable[str]:
    yield _prose(_get(message, "content"))
    yield from _refusal(_get(message, "refusal"))
    calls = [*_list(_get(message, "tool_calls")), _get(message, "function_call")]
    for call in calls[:MOST_PARTS]:
        for inner in (_get(call, "function"), _get(call, "custom"), call):
            if _get(inner, "name") is not None:
                yield _call(inner)
                break
    yield _prose(_get(_get(message, "audio"), "transcript"))


def _response(response: Any) -> Iterable[str]:
    items = _list(response.output)
    for item in items[:MOST_PARTS]:
        yield from _item(item)
    if len(items) > MOST_PARTS:
        yield _small(f"and {len(items) - MOST_PARTS} more items")
    if _get(response.error, "message"):
        yield "**Error:**"
        yield _prose(_get(response.error, "message"))
    if _get(response.incomplete_details, "reason"):
        yield _small(f"ended by: {_get(response.incomplete_details, 'reason')}")
    yield _footer(response)


def _item(item: Any) -> Iterable[str]:
    kind = str(_get(item, "type"))
    if kind == "message":
        for part in _list(_get(item, "content"))[:MOST_PARTS]:
            yield _prose(_get(part, "text"))
            yield from _refusal(_get(part, "refusal"))
    elif kind == "reasoning":
        pass
    elif kind == "image_generation_call" and _get(item, "result"):
        yield _picture(_get(item, "result"), None, _get(item, "output_format"))
        yield _small(_get(item, "revised_prompt") or "")
    elif _get(item, "name") is not None:
        yield _call(item)
    else:
        yield _small(f"{kind}: {_get(item, 'status')}" if _get(item, "status") else kind)


def _transcription(transcription: Any) -> Iterable[str]:
    speakers = [each for each in _list(_get(transcription, "segments")) if _get(each, "speaker")]
    for each in speakers:
        yield f"**{literal(_cut(str(_get(each, 'speaker')), MOST_CELL))}:**"
        yield _prose(_get(each, "text"))
    if not speakers:
        yield _prose(transcription.text)


def _prose(text: object) -> str:
    return safe(_cut(text, MOST_TEXT)) if isinstance(text, str) else ""


def _refusal(text: object) -> Iterable[str]:
    if isinstance(text, str) and text:
        yield "**Refused:**"
        yield _prose(text)


def _call(call: Any) -> str:
    """A call of a tool, as code."""
    given = next((v for n in ("arguments", "input") if (v := _get(call, n)) is not None), "")
    return fenced(_cut(f"{_get(call, 'name')}({given})", MOST_CODE))


def _footer(answer: Any) -> str:
    """Who answered, and for how many tokens."""
    usage = _get(answer, "usage")
    words = [_get(answer, "model")]
    for said, names in (
        ("in", ("input_tokens", "prompt_tokens")),
        ("out", ("output_tokens", "completion_tokens")),
    ):
        counts = [count for name in names if isinstance(count := _get(usage, name), int)]
        words += [f"{counts[0]} tokens {said}"] if counts else []
    return _small(" · ".join(str(word) for word in words if word))


def _small(text: object) -> str:
    line = literal(_cut(str(text), MOST_CODE))
    return f"<small>{line}</small>" if line else ""


# Pictures and tables


def _images(response: Any) -> Iterable[str]:
    images = _list(response.data)
    for image in images[:MOST_IMAGES]:
        yield from _image(image, response.output_format)
    if len(images) > MOST_IMAGES:
        yield f"<p>and {len(images) - MOST_IMAGES} more images</p>"
    if not images:
        yield "<p>no images</p>"


def _image(image: Any, output_format: object = None) -> Iterable[str]:
    caption = _get(image, "revised_prompt")
    shown = _picture(_get(image, "b64_json"), _get(image, "url"), output_format)
    said = f"<figcaption>{_cell(caption, MOST_CODE)}</figcaption>" if caption else ""
    yield f"<figure>{shown}{said}</figure>"


def _picture(encoded: object, url: object, output_format: object) -> str:
    """An <img>, or a word on why there is none."""
    if isinstance(encoded, str) and encoded:
        if len(encoded) > LARGEST_IMAGE:
            return _small(f"an image of {len(encoded) * 3 // 4} bytes, too large to be shown")
        if _BASE64.fullmatch(encoded) is None:
            return _small("an image that is not base64")
        source = f"data:image/{_kind_of_image(encoded, output_format)};base64,{_packed(encoded)}"
    elif isinstance(url, str) and len(url) <= MOST_URL and _ADDRESS.fullmatch(url):
        source = _html.escape(url)
    else:
        return _small("an image without content or http address")
    return f'<img src="{source}" alt="image" style="max-width: 100%">'


def _packed(encoded: str) -> str:
    return "".join(encoded.split())


def _kind_of_image(encoded: str, output_format: object) -> str:
    for beginning, kind in _KINDS_OF_IMAGES.items():
        if encoded.startswith(beginning):
            return kind
    said = "svg+xml" if output_format == "svg" else output_format
    return said if isinstance(said, str) and said in _KINDS_OF_IMAGES.values() else "png"


def _vectors(response: Any) -> Iterable[str]:
    vectors = _list(response.data)
    rows = [_vector_row(each) for each in vectors[:MOST_VECTORS]]
    yield _table(("index", "dimensions", "norm", "vector"), rows)
    more = f"and {len(vectors) - MOST_VECTORS} more · " if len(vectors) > MOST_VECTORS else ""
    yield f"<p>{more}{_footer(response)}</p>"


def _vector(embedding: Any) -> Iterable[str]:
    yield _table(("index", "dimensions", "norm", "vector"), [_vector_row(embedding)])


def _vector_row(embedding: Any) -> tuple[object, ...]:
    index, vector = _get(embedding, "index"), _get(embedding, "embedding")
    if not isinstance(vector, list):
        return index, "", "", vector
    numbers = [each for each in vector if isinstance(each, float)]
    norm = f"{math.hypot(*numbers):.4f}" if numbers and len(numbers) == len(vector) else ""
    first = [f"{each:.4f}" for each in numbers[:NUMBERS_SHOWN]]
    return index, len(vector), norm, ", ".join([*first, "…"] if len(vector) > len(first) else first)


def _page(page: Any) -> Iterable[str]:
    items = _list(page.data)
    more = _get(page, "has_more")
    follow = ", more follow" if more is True else ", the last page" if more is False else ""
    noun = "item" if len(items) == 1 else "items"
    yield f"<p>{public_class(type(page)).__name__}: {len(items)} {noun}{follow}</p>"
    rows = [_atoms(item) for item in items[:MOST_ITEMS]]
    columns = list(dict.fromkeys(name for row in rows for name in row))[:MOST_COLUMNS]
    yield _table(columns, [[row.get(name, "") for name in columns] for row in rows])
    if len(items) > MOST_ITEMS:
        yield f"<p>and {len(items) - MOST_ITEMS} more on this page</p>"


def _atoms(item: Any) -> dict[str, object]:
    """The fields of `item` that fit in a cell."""
    if isinstance(item, Struct):
        fields = {name: value for name, _, value in members(item)}
    else:
        fields = item if isinstance(item, dict) else {"": item}
    kinds = (str, int, float, bool, type(None))
    return {name: value for name, value in fields.items() if isinstance(value, kinds)}


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    lines = ["".join(f"<td>{_cell(each)}</td>" for each in row) for row in rows]
    titles = "".join(f"<th>{_cell(each)}</th>" for each in head)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>" if lines else ""


def _cell(value: object, most: int = MOST_CELL) -> str:
    text = value if isinstance(value, str) else "" if value is None else repr(brief(value))
    return _html.escape(_cut(text, most))


# What came from a server, which may be anything


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"


_TYPES = "openai_async.types"

_AS_MARKDOWN: dict[str, Callable[[Any], Iterable[str]]] = {
    f"{_TYPES}.chat._models.ChatCompletion": _chat,
    f"{_TYPES}.chat._models.ChatCompletionChoice": _choice,
    f"{_TYPES}.chat._models.ChatCompletionMessage": _message,
    f"{_TYPES}.completions._models.Completion": _chat,
    f"{_TYPES}.responses._models.Response": _response,
    f"{_TYPES}.audio._models.Transcription": _transcription,
    f"{_TYPES}.audio._models.TranscriptionDiarized": _transcription,
    f"{_TYPES}.audio._models.TranscriptionVerbose": _transcription,
    f"{_TYPES}.audio._models.Translation": _transcription,
    f"{_TYPES}.audio._models.TranslationVerbose": _transcription,
}

_AS_HTML: dict[str, Callable[[Any], Iterable[str]]] = {
    f"{_TYPES}.images._models.ImagesResponse": _images,
    f"{_TYPES}.images._models.Image": _image,
    f"{_TYPES}.embeddings._models.CreateEmbeddingResponse": _vectors,
    f"{_TYPES}.embeddings._models.Embedding": _vector,
    "openai_async.pagination.Page": _page,
}
