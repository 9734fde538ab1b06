"""What notebooks and terminals show of response objects: little, readable, and harmless."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from openai_async import AsyncOpenAI, AsyncStream, BaseModel, Unknown, _display, not_given, omit
from openai_async._brief import brief
from openai_async._decode import decode
from openai_async._markdown import fenced, literal, safe
from openai_async.pagination import AsyncCursorPage, CursorPage
from openai_async.types import Completion, CreateEmbeddingResponse, Image, ImagesResponse, Model
from openai_async.types.audio import Transcription, TranscriptionDiarized
from openai_async.types.beta import AgentSessionMessage
from openai_async.types.chat import ChatCompletion
from openai_async.types.responses import Response
from openai_sync import OpenAI
from openai_sync.pagination import SyncCursorPage

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(400)).decode()


def markdown(model: Any) -> str:
    shown = model._repr_markdown_()
    assert isinstance(shown, str)
    return shown


def html(model: Any) -> str:
    shown = model._repr_html_()
    assert isinstance(shown, str)
    return shown


def chat(*messages: dict[str, Any], **more: Any) -> ChatCompletion:
    choices = [
        {"index": n, "finish_reason": "stop", "message": {"role": "assistant", **message}}
        for n, message in enumerate(messages)
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    answer = {"id": "c", "model": "gpt-4o-mini", "choices": choices, "usage": usage, **more}
    return decode(json.dumps(answer), ChatCompletion)  # type: ignore[no-any-return]


def response(*output: Any, **more: Any) -> Response:
    return decode(json.dumps({"id": "r", "output": output, **more}), Response)  # type: ignore[no-any-return]


def said(*texts: str) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "role": "assistant", "content": parts}


def embeddings(*vectors: Any) -> CreateEmbeddingResponse:
    data = [{"index": n, "object": "embedding", "embedding": v} for n, v in enumerate(vectors)]
    return decode(json.dumps({"model": "m", "data": data}), CreateEmbeddingResponse)  # type: ignore[no-any-return]


def models(count: int, **more: Any) -> SyncCursorPage[Model]:
    data = [{"id": f"model-{n}", "object": "model", "created": n} for n in range(count)]
    return SyncCursorPage[Model].model_construct(
        data=[Model.model_construct(None, **each) for each in data], **more
    )


# Text


def test_the_text_of_an_answer_is_markdown() -> None:
    shown = markdown(chat({"content": "# Title\n\n- *one*\n- **two**"}))
    assert shown.startswith("# Title\n\n- *one*\n- **two**\n\n")


def test_usage_is_one_small_line() -> None:
    line = markdown(chat({"content": "hi"})).splitlines()[-1]
    assert line.startswith("<small>")
    assert "9 tokens in · 4 tokens out" in rendered(line)


def test_every_choice_is_shown() -> None:
    shown = markdown(chat({"content": "one"}, {"content": "two"}))
    assert shown.index("choice 1 of 2") < shown.index("one")
    assert shown.index("one") < shown.index("choice 2 of 2") < shown.index("two")


def test_a_refusal_is_shown_as_one() -> None:
    assert "**Refused:**\n\nNo, thanks." in markdown(chat({"refusal": "No, thanks."}))


def test_a_tool_call_is_a_block_of_code() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    assert '```\nf({"a": 1})\n```' in markdown(chat({"tool_calls": [call]}))


def test_a_custom_tool_call_is_a_block_of_code() -> None:
    call = {"id": "1", "type": "custom", "custom": {"name": "run", "input": "x = 1"}}
    assert "```\nrun(x = 1)\n```" in markdown(chat({"tool_calls": [call]}))


def test_an_early_end_is_told() -> None:
    answer = chat({"content": "hi"})
    assert "ended by" not in markdown(answer)
    answer.choices[0].finish_reason = "length"
    assert "ended by: length" in rendered(markdown(answer))


def test_parts_of_an_answer_are_shown_alone() -> None:
    choice = chat({"content": "hi *there*"}).choices[0]
    assert markdown(choice) == markdown(choice.message) == "hi *there*"


def test_a_completion_is_its_text() -> None:
    choice = {"index": 0, "text": "Once *upon*", "finish_reason": "stop"}
    shown = markdown(Completion.model_construct(choices=[choice], model="m"))
    assert shown.startswith("Once *upon*\n\n")


def test_a_response_is_the_text_of_its_messages() -> None:
    shown = markdown(response(said("one", "two"), {"type": "reasoning", "summary": []}))
    assert shown == "one\n\ntwo"


def test_a_response_names_its_tool_calls() -> None:
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "1"}
    search = {"type": "web_search_call", "id": "2", "status": "completed"}
    shown = rendered(markdown(response(call, search, {"type": "new_thing"})))
    assert "f({})" in shown
    assert "web_search_call: completed" in shown
    assert "new_thing" in shown


def test_a_response_shows_its_images() -> None:
    item = {"type": "image_generation_call", "result": PNG, "revised_prompt": "a *dot*"}
    shown = markdown(response(item))
    assert f'<img src="data:image/png;base64,{PNG}"' in shown
    assert "a *dot*" in rendered(shown)


def test_a_failed_response_says_why() -> None:
    shown = markdown(response(error={"code": "x", "message": "It broke."}))
    assert "**Error:**\n\nIt broke." in shown


def test_a_transcription_is_its_text() -> None:
    assert markdown(Transcription(text="Hello.")) == "Hello."


def test_a_transcription_names_its_speakers() -> None:
    segments = [{"speaker": "A", "text": "Hi."}, {"speaker": "B", "text": "Ho."}]
    shown = markdown(TranscriptionDiarized.model_construct(text="Hi. Ho.", segments=segments))
    assert shown == "**A:**\n\nHi.\n\n**B:**\n\nHo."


# Pictures and tables


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"GIF89a", "gif"),
        (b"<svg xmlns='x'/>", "svg+xml"),
        (b"something else", "png"),
    ],
)
def test_an_image_has_the_type_of_its_content(content: bytes, kind: str) -> None:
    encoded = base64.b64encode(content).decode()
    images = ImagesResponse(created=1, data=[Image(b64_json=encoded)])
    assert f'<img src="data:image/{kind};base64,{encoded}"' in html(images)


def test_an_image_of_unknown_content_has_the_type_that_was_said() -> None:
    images = ImagesResponse(created=1, output_format="webp", data=[Image(b64_json="AAAA")])
    assert "data:image/webp;base64,AAAA" in html(images)


def test_an_image_is_loaded_from_its_address() -> None:
    shown = html(Image(url="https://files.test/a.png?x=1&y=2"))
    assert '<img src="https://files.test/a.png?x=1&amp;y=2"' in shown


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x.test/a", "", 5]
)
def test_only_http_addresses_are_loaded(url: Any) -> None:
    assert "<img" not in html(Image(url=url))


def test_what_is_not_base64_is_not_shown() -> None:
    assert "<img" not in html(Image(b64_json='AAAA" onerror="alert(1)'))


def test_the_caption_is_the_revised_prompt() -> None:
    shown = html(Image(b64_json=PNG, revised_prompt="a <b>dot</b>"))
    assert "<figcaption>a &lt;b&gt;dot&lt;/b&gt;</figcaption>" in shown


def test_vectors_are_abbreviated() -> None:
    shown = html(embeddings([0.5] * 1536))
    assert "<td>1536</td><td>19.5959</td><td>0.5000, 0.5000, 0.5000, …</td>" in shown
    assert len(shown) < 500


def test_a_vector_in_base64_is_abbreviated() -> None:
    assert len(html(embeddings("A" * 8192))) < 500


def test_an_embedding_alone_is_a_row() -> None:
    assert "<td>2</td><td>5.0000</td><td>3.0000, 4.0000</td>" in html(
        embeddings([3.0, 4.0]).data[0]
    )


def test_a_page_is_a_table_of_its_first_items() -> None:
    shown = html(models(12, has_more=True))
    assert "SyncCursorPage: 12 items, more follow" in shown
    assert "<td>model-9</td>" in shown
    assert "model-10" not in shown
    assert "and 2 more on this page" in shown


def test_the_last_page_says_so() -> None:
    assert "1 item, the last page" in html(models(1, has_more=False))


@pytest.mark.parametrize("kind", [AsyncCursorPage, CursorPage, SyncCursorPage])
def test_pages_of_both_libraries_are_shown(kind: Any) -> None:
    assert f"<p>{kind.__name__}: 0 items</p>" in html(kind.model_construct(data=[]))


def test_a_front_end_is_given_one_of_the_two() -> None:
    shown = [chat(), response(), embeddings(), models(1), ImagesResponse(created=1)]
    given_both = [each for each in shown if each._repr_html_() and each._repr_markdown_()]
    assert given_both == []


def test_other_objects_are_shown_as_their_repr() -> None:
    model = Model.model_construct(id="m")
    assert (model._repr_markdown_(), model._repr_html_()) == (None, None)


def test_subclasses_are_shown_like_their_base() -> None:
    class Parsed(ChatCompletion):
        parsed: int | None = None

    choice = {"index": 0, "message": {"content": "hi"}}
    assert markdown(Parsed.model_construct(choices=[choice])) == "hi"


def test_classes_of_users_are_not_taken_for_ours() -> None:
    class Response(BaseModel):
        output: list[str]

    assert Response(output=["x"])._repr_markdown_() is None


def test_unknown_fields_do_not_change_how_an_answer_is_shown() -> None:
    plain, extended = chat({"content": "hi"}), chat({"content": "hi"}, reasoning="x")
    assert extended.model_extra == {"reasoning": "x"}
    assert markdown(extended) == markdown(plain)


# Nothing gets through


class Seen(HTMLParser):
    """The tags and attributes that a browser would act on, and the text that it would show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.add("!")

    def handle_pi(self, data: str) -> None:
        self.tags.add("?")

    def unknown_decl(self, data: str) -> None:
        self.tags.add("![")


#: Renders HTML as it is, and follows any link: as bad as a front end can be.
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
RENDERER.validateLink = lambda url: True  # type: ignore[method-assign]

HARMLESS_TAGS = {
    *("p", "code", "pre", "em", "strong", "s", "small", "br", "hr", "ul", "ol", "li", "a"),
    *("blockquote", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
HARMLESS_ATTRIBUTES = {"class", "title", "start", "style"}


def rendered(text: str) -> str:
    return Seen(RENDERER.render(text)).text


def harms(page: str) -> list[Any]:
    seen = Seen(page)
    bad: list[Any] = list(seen.tags - HARMLESS_TAGS)
    for name, value in seen.attributes:
        target = (value or "").strip().lower()
        harmless_link = target.startswith(("http:", "https:", "mailto:", "#")) or (
            ":" not in target.partition("/")[0].partition("?")[0].partition("#")[0]
        )
        if name not in HARMLESS_ATTRIBUTES and not (name == "href" and harmless_link):
            bad.append((name, value))
    return bad


ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//x.test>",
    "<img src=x onerror=alert(1)>",
    "![](https://x.test/?secret)",
    "![a][b]\n\n[b]: https://x.test/?secret",
    "[a](javascript:alert(1))",
    "[a](JavaScript:alert(1))",
    "[a](\njavascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](javascript&#58;alert(1))",
    "[a](java&Tab;script&colon;alert(1))",
    "[a](javascript\\:alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](data:text/html,x)",
    "[a][b]\n\n[b]: javascript:alert(1)",
    "[a][b]\n\n[b]:\n  vbscript:x",
    "> [a](\n> javascript:alert(1))",
    "[`a`](javascript:alert(1))",
    "<javascript:alert(1)>",
    "<https://onclick=alert(1)>",
    "<!-- --><b>",
    "<![CDATA[<script>]]>",
    "<?php ?>",
    "```\n</code></pre><script>\n```",
    "```\n```\n<script>",
    "```\n     ```\n```\n<script>",
    "   ```\n<script>\n```\n<script>\n```",
    "1. x\n   ```\n<script>\n",
    "para\n     ```html\n     <script>\n",
    "> ```\n<script>",
    "- ```\n<script>",
    "~~~ `\n```\n~~~\n<script>\n```",
    "~~~ ```\n<script>\n~~~\n<script>",
    "```` \n```\n<script>\n````\n<script>",
    "``` a`b\n<script>\n```",
    "\t```\n<script>",
    "`<script>",
    "``<script>`",
    "`a\n\n<script>`",
    "\\`<script>`",
    "<`a`script>",
    "a\r<script>\r\n```\r<script>",
    "| a |\n|---|\n| <script> `|` <script> |",
    "[x]: /u 'title\n```\n<script>\n```\n'",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_no_attack_gets_through(text: str) -> None:
    assert harms(RENDERER.render(safe(text))) == []


PIECES = [
    *("<script>", "<b onclick=x>", "</pre>", "<!--", "&lt;", "&#60;script>", "![", "](", "]: "),
    *("[a]", "javascript:x", ")", "```", "````", "~~~", "`", "``", "\n", "\n\n", "    ", "   "),
    *("\t", "> ", "- ", "1. ", "a", " ", "\\", "|", "|---|", "$", "<", "&", "!", "'", "\r", "\x00"),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_mixture_gets_through(text: str) -> None:
    assert harms(RENDERER.render(safe(text))) == []


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_no_answer_gets_through(text: str) -> None:
    call = {"function": {"name": text, "arguments": text}}
    message = {"content": text, "refusal": text, "tool_calls": [call]}
    answer = chat(message, {"content": text, "audio": {"transcript": text}}, model=text)
    answer.choices[0].finish_reason = text  # type: ignore[assignment]
    assert harms(RENDERER.render(markdown(answer))) == []


@settings(deadline=None)
@given(st.text())
def test_literal_text_is_shown_as_it_is(text: str) -> None:
    shown = rendered(f"<small>{literal(text)}</small>x")
    expected = "".join(each for each in text if each.isprintable() and not each.isspace())
    assert "".join(c for c in shown if c.isprintable() and not c.isspace()) == expected + "x"


@pytest.mark.parametrize(
    "text",
    ["a < b && b > c", "$a &= b < c$", "`<div>`", "`a_b_c` and ``x`y``", "AT&T &amp; co", "<b>"],
)
def test_what_is_not_harmful_looks_as_it_was_written(text: str) -> None:
    plain = text.replace("``", "\0").replace("x`y", "x\1y").replace("`", "").replace("\0", "")
    assert rendered(safe(text)).strip() == plain.replace("\1", "`")


def test_code_in_lists_stays_code() -> None:
    shown = safe("1. Do:\n\n   ```python\n   if a < b:\n       x()\n   ```\n2. Done")
    assert "\n```python\nif a < b:\n    x()\n```\n" in shown


def test_code_that_has_no_end_yet_is_code() -> None:
    assert safe("Look:\n```js\n<b>") == "Look:\n\n```js\n<b>\n```"


def test_a_fence_is_longer_than_those_inside() -> None:
    assert fenced("a\n````\nb") == "`````\na\n````\nb\n`````"


TABLES: list[Any] = [
    lambda text: ImagesResponse(created=1, data=[Image(b64_json=text, revised_prompt=text)]),
    lambda text: Image(url=text, revised_prompt=text),
    lambda text: embeddings(text, [text]),
    lambda text: SyncCursorPage[Any].model_construct(data=[{text: text}, text]),
]


@pytest.mark.parametrize("make", TABLES)
@pytest.mark.parametrize("text", [*ATTACKS, '"><script>', "' onload='x"])
def test_nothing_gets_into_tables(make: Any, text: str) -> None:
    seen = Seen(html(make(text)))
    assert seen.tags <= {*HARMLESS_TAGS, "figure", "figcaption"}
    assert seen.attributes == []


NAMES = st.sampled_from(["type", "text", "content", "name", "output", "message", "result", "usage"])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


SHOWN = [ChatCompletion, Completion, Response, Transcription, TranscriptionDiarized, ImagesResponse]
SHOWN += [CreateEmbeddingResponse, SyncCursorPage[Any]]  # type: ignore[list-item]


@pytest.mark.parametrize("model", SHOWN, ids=str)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_anything_that_a_server_sends_can_be_shown(model: Any, data: st.DataObject) -> None:
    cls = getattr(model, "__origin__", model)
    names = st.sampled_from(sorted(cls.__struct_fields__))
    values = data.draw(st.dictionaries(names, ANYTHING | st.lists(ANYTHING, max_size=3)))
    built = cls.model_construct(**values)
    assert isinstance(built._repr_markdown_() or built._repr_html_() or "", str)
    assert isinstance(repr(built), str)


@pytest.mark.parametrize("value", [10**30, -(10**400), 1e308, [10**400] * 20, [1e308] * 20])
def test_huge_numbers_can_be_shown(value: Any) -> None:
    data = [{"index": value, "embedding": value}]
    assert html(CreateEmbeddingResponse.model_construct(data=data))


HUGE: list[Any] = [
    lambda: chat(*[{"content": "word " * 100_000}] * 50),
    lambda: chat({"tool_calls": [{"function": {"name": "f", "arguments": "x" * 10**6}}] * 100}),
    lambda: response(*[said("<b>`~!" * 50_000)] * 100),
    lambda: embeddings(*[[0.1] * 3072] * 200),
    lambda: models(10_000),
    lambda: Transcription(text="word " * 10**6),
    lambda: ImagesResponse(created=1, data=[Image(b64_json="A" * 9_000_000)] * 12),
]


@pytest.mark.parametrize("make", HUGE)
def test_a_huge_object_stays_small(make: Any) -> None:
    model = make()
    shown = model._repr_markdown_() or model._repr_html_()
    assert 0 < len(shown) <= _display.MOST_TEXTS + 1000


def test_many_images_stay_within_bounds() -> None:
    image = {"type": "image_generation_call", "result": "A" * 7_900_000}
    shown = markdown(response(*[image] * 12))
    assert shown.count("<img") == 3
    assert len(shown) <= _display.LARGEST_IMAGES + 1000
    images = ImagesResponse(created=1, data=[Image(b64_json="A" * 7_900_000)] * 12)
    assert html(images).count("<img") == 3


# Plain text


def test_repr_abbreviates_vectors() -> None:
    assert "embedding=[0.5, 0.5, 0.5, ... 1536 numbers]" in repr(embeddings([0.5] * 1536))


def test_repr_abbreviates_base64() -> None:
    shown = repr(Image(b64_json=PNG))
    assert shown == f"Image(b64_json='{PNG[:20]}...' <{len(PNG)} characters>)"


def test_repr_abbreviates_what_unknown_fields_hold() -> None:
    shown = repr(Unknown.model_construct(type="new", data={"images": [PNG], "v": [1] * 99}))
    assert f"'{PNG[:20]}...'" in shown
    assert "[1, 1, 1, ... 99 numbers]" in shown
    assert len(shown) < 150


@pytest.mark.parametrize(
    "value", ["word " * 500, "a" * 256, [1] * 16, ["x"] * 99, [True] * 99, b"x" * 999, None, {}]
)
def test_other_values_are_shown_whole(value: Any) -> None:
    assert repr(brief(value)) == repr(value)


def test_rich_abbreviates_too() -> None:
    written = io.StringIO()
    Console(file=written, width=200).print(embeddings([0.5] * 1536))
    assert "embedding=[0.5, 0.5, 0.5, ... 1536 numbers]" in written.getvalue()


# What looks at objects


def test_the_two_names_are_all_that_is_added() -> None:
    model = chat({"content": "hi"})
    shown = [name for name in dir(model) if name.startswith("_repr_") or "ipython" in name.lower()]
    assert shown == ["_repr_html_", "_repr_markdown_"]
    assert not any(name.startswith("_repr") for name in [*model.to_dict(), *dict(model)])


def test_a_server_cannot_replace_how_an_answer_is_shown() -> None:
    model = chat({"content": "hi"}, _repr_html_="<script>", _repr_markdown_="<script>")
    assert "script" not in markdown(model)
    assert model._repr_html_() is None
    assert model.to_dict()["_repr_html_"] == "<script>"


PROBES = [
    "_ipython_display_",
    "_ipython_canary_method_should_not_exist_",
    "_repr_mimebundle_",
    "_repr_pretty_",
    "_repr_png_",
    "_repr_json_",
]


@pytest.mark.parametrize("probe", PROBES)
def test_nothing_answers_what_it_does_not_know(probe: str) -> None:
    awaited, blocking = AsyncOpenAI(api_key="k"), OpenAI(api_key="k")
    seen: list[Any] = [chat({"content": "hi"}), Unknown.model_construct(type="new"), models(1)]
    seen += [not_given, omit, AsyncStream.__new__(AsyncStream), awaited, blocking]
    seen += [awaited.files.list(), awaited.chat, blocking.chat, awaited.chat.with_raw_response]
    seen += [blocking.chat.with_streaming_response.completions]
    assert [each for each in seen if hasattr(each, probe)] == []


def test_nothing_of_this_is_loaded_before_a_notebook_asks() -> None:
    program = """
import sys, openai_sync
from openai_async.types.chat import ChatCompletion
chat = ChatCompletion.model_construct(choices=[])
print(repr(chat), "openai_async._display" in sys.modules)
print(repr(chat._repr_markdown_()), "openai_async._display" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[0] == "ChatCompletion(choices=[]) False"
    assert done.stdout.decode().split("\n")[1] == "'' True"


def test_ipython_shows_each_of_them() -> None:
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    shown = {
        "text/markdown": [chat({"content": "hi"}), response(said("hi")), Transcription(text="hi")],
        "text/html": [embeddings([0.5]), models(1), Image(b64_json=PNG)],
        "text/plain": [Unknown.model_construct(type="new"), not_given, OpenAI(api_key="k").chat],
    }
    for kind, objects in shown.items():
        for each in objects:
            data, _ = formatter.format(each)
            assert set(data) == {"text/plain", kind}


# Text as a property


def test_output_text_joins_the_text_of_messages() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "1"}
    assert response(said("a", "b"), call, refusal, said("c")).output_text == "abc"


@pytest.mark.parametrize("output", [[], None, "x", [None], [{"type": "message"}], [said()]])
def test_output_text_of_no_text_is_empty(output: Any) -> None:
    assert Response.model_construct(output=output).output_text == ""


def test_output_text_is_no_field() -> None:
    answer = response(said("a"))
    assert "output_text" not in {*answer.to_dict(), *answer.model_dump(), *dict(answer)}
    assert "output_text" in dir(answer)


def test_output_text_that_a_server_sends_is_kept() -> None:
    answer = response(said("a"), output_text="theirs")
    assert answer.output_text == "a"
    assert answer.to_dict()["output_text"] == "theirs"


def test_a_message_of_a_session_has_its_text() -> None:
    content = [{"type": "input_text", "text": "x"}, *said("a", "b")["content"]]
    assert AgentSessionMessage.model_construct(content=content).output_text == "ab"
    assert AgentSessionMessage.model_construct().output_text == ""
