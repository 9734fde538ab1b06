"""Multipart forms: what is sent, how long it is, and how little memory that takes."""

from __future__ import annotations

import enum
import io
import mmap
import os
import tempfile
import tracemalloc
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import MultipartParser, parse_options_header

from openai_async import AsyncOpenAI
from openai_async._multipart import MultipartBody
from openai_async._sentinels import not_given, omit
from openai_async._sources import PIECE
from openai_async.emulator import Emulator

CONTENT = bytes(range(256)) * 5000  # several pieces, and not a whole number of them


class Part(NamedTuple):
    """One part of a form, as a server reads it."""

    name: str
    filename: str | None
    headers: dict[str, str]
    content: bytes


class Reader:
    """A server's parser of forms."""

    def __init__(self, boundary: bytes) -> None:
        self.parts: list[Part] = []
        self._name, self._value, self._content = b"", b"", bytearray()
        self._headers: dict[str, str] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, a, b: self._grow("_name", data[a:b]),
                "on_header_value": lambda data, a, b: self._grow("_value", data[a:b]),
                "on_header_end": self._header,
                "on_part_data": lambda data, a, b: self._grow("_content", data[a:b]),
                "on_part_end": self._end,
            },
        )

    def read(self, body: bytes) -> list[Part]:
        self._parser.write(body)
        self._parser.finalize()
        return self.parts

    def _grow(self, attribute: str, data: bytes) -> None:
        setattr(self, attribute, getattr(self, attribute) + data)

    def _begin(self) -> None:
        self._headers, self._content = {}, bytearray()

    def _header(self) -> None:
        name = self._name.decode().lower()
        assert name not in self._headers
        self._headers[name] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _end(self) -> None:
        kind, options = parse_options_header(self._headers.pop("content-disposition"))
        assert kind == b"form-data"
        filename = options.get(b"filename")
        self.parts.append(
            Part(
                options[b"name"].decode(),
                None if filename is None else filename.decode(),
                self._headers,
                bytes(self._content),
            )
        )


def form(fields: dict[str, Any] | None = None, **files: Any) -> MultipartBody:
    return MultipartBody(fields or {}, files.items())


async def sent(body: MultipartBody) -> bytes:
    return b"".join([piece async for piece in body])


async def parts(body: MultipartBody) -> list[Part]:
    boundary = body.content_type.removeprefix("multipart/form-data; boundary=")
    return Reader(boundary.encode()).read(await sent(body))


async def only(body: MultipartBody) -> Part:
    [part] = await parts(body)
    return part


async def test_fields_come_before_files() -> None:
    body = form({"purpose": "assistants", "n": 2}, file=("a.txt", b"hello"))
    assert await parts(body) == [
        Part("purpose", None, {}, b"assistants"),
        Part("n", None, {}, b"2"),
        Part("file", "a.txt", {"content-type": "text/plain"}, b"hello"),
    ]


async def test_files_keep_their_order_and_may_share_a_name() -> None:
    body = MultipartBody({}, [("image[]", b"b"), ("image[]", b"a"), ("mask", b"c")])
    read = [(part.name, part.content) for part in await parts(body)]
    assert read == [("image[]", b"b"), ("image[]", b"a"), ("mask", b"c")]


async def test_the_standard_library_reads_the_same() -> None:
    body = form({"purpose": "assistants"}, file=("a.txt", b"hello\r\n--x\r\n"))
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    field, file = BytesParser(policy=HTTP).parsebytes(head + await sent(body)).iter_parts()
    assert (field.get_param("name", header="content-disposition"), field.get_content()) == (
        "purpose",
        "assistants",
    )
    assert (file.get_filename(), file.get_content_type()) == ("a.txt", "text/plain")
    assert file.get_payload(decode=True) == b"hello\r\n--x\r\n"


async def test_a_form_without_anything_is_a_form() -> None:
    body = form()
    boundary = body.content_type.partition("boundary=")[2]
    assert await sent(body) == f"--{boundary}--\r\n".encode()
    assert (body.length, body.replayable) == (len(boundary) + 6, True)


def test_each_form_has_its_own_boundary() -> None:
    assert form().content_type != form().content_type


class Purpose(enum.Enum):
    VISION = "vision"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"a": "x"}, [("a", "x")]),
        ({"a": ""}, [("a", "")]),
        ({"a": "x\r\ny é 🦊"}, [("a", "x\r\ny é 🦊")]),
        ({"a": True, "b": False}, [("a", "true"), ("b", "false")]),
        ({"a": 1, "b": 0, "c": 1.5}, [("a", "1"), ("b", "0"), ("c", "1.5")]),
        ({"a": None, "b": omit, "c": not_given}, []),
        ({"a": Purpose.VISION}, [("a", "vision")]),
        ({"a": ["x", "y"]}, [("a[]", "x"), ("a[]", "y")]),
        ({"a": ("x", None, omit)}, [("a[]", "x")]),
        ({"a": []}, []),
        ({"a": {"b": "x", "c": {"d": 1}}}, [("a[b]", "x"), ("a[c][d]", "1")]),
        ({"a": {"b": None}}, []),
        ({"a": [{"k": 1}, {"k": 2}]}, [("a[][k]", "1"), ("a[][k]", "2")]),
        (
            {"expires_after": {"anchor": "created_at", "seconds": 3600}},
            [("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")],
        ),
    ],
)
async def test_fields(fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    read = await parts(form(fields))
    assert [(part.name, part.content.decode()) for part in read] == expected


NAMES = [
    ("plain", "plain"),
    ("with space", "with space"),
    ('with "quotes"', "with %22quotes%22"),
    ("with\r\nbreaks", "with%0D%0Abreaks"),
    ('x"\r\nContent-Type: text/html', "x%22%0D%0AContent-Type: text/html"),
    ("semi;colon=x", "semi;colon=x"),
    ("é🦊", "é🦊"),
    ("100%", "100%"),
]


@pytest.mark.parametrize(("name", "read"), NAMES)
async def test_the_name_of_a_field(name: str, read: str) -> None:
    assert await only(form({name: "x"})) == Part(read, None, {}, b"x")


@pytest.mark.parametrize(("name", "read"), NAMES)
async def test_the_name_of_a_file(name: str, read: str) -> None:
    body = MultipartBody({}, [(name, (name, b"x", "a/b"))])
    assert await only(body) == Part(read, read, {"content-type": "a/b"}, b"x")


async def test_a_file_name_that_is_no_text_is_sent_as_far_as_it_is() -> None:
    assert (await only(form(file=("a\udcff.txt", b"x")))).filename == "a?.txt"


@given(st.dictionaries(st.text(min_size=1), st.text()), st.binary(), st.text(min_size=1))
async def test_any_form_is_as_long_as_it_says(
    fields: dict[str, str], content: bytes, filename: str
) -> None:
    body = form(fields, file=(filename, content))
    assert body.length == len(await sent(body))


@pytest.mark.parametrize(
    ("mime_type", "headers"),
    [
        ("text/plain\r\nX-Evil: 1", {}),
        ("text/plain\n", {}),
        (None, {"X-Mine": "a\r\nX-Evil: 1"}),
        (None, {"X-Mine": "a\nb"}),
        (None, {"X-Mine: a\r\nX-Evil": "1"}),
        (None, {"": "1"}),
    ],
)
def test_headers_of_a_file_cannot_smuggle_others(
    mime_type: str | None, headers: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="header"):
        form(file=("a.txt", b"x", mime_type, headers))


def test_headers_of_a_file_are_text() -> None:
    with pytest.raises(TypeError, match="The header X-Mine must be a string"):
        form(file=("a.txt", b"x", None, {"X-Mine": 1}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


TEXT = {"content-type": "text/plain"}
BINARY = {"content-type": "application/octet-stream"}


class PathOfBytes:
    """What `os.PathLike` allows besides text."""

    def __init__(self, path: Path) -> None:
        self._path = os.fsencode(path)

    def __fspath__(self) -> bytes:
        return self._path


FORMS: dict[str, tuple[Callable[[Path], Any], str, dict[str, str]]] = {
    "bytes": (lambda path: CONTENT, "upload", BINARY),
    "bytearray": (lambda path: bytearray(CONTENT), "upload", BINARY),
    "memoryview": (lambda path: memoryview(CONTENT), "upload", BINARY),
    "BytesIO": (lambda path: io.BytesIO(CONTENT), "upload", BINARY),
    "path": (lambda path: path, "notes.txt", TEXT),
    "path of bytes": (PathOfBytes, "notes.txt", TEXT),
    "name and bytes": (lambda path: ("a.txt", CONTENT), "a.txt", TEXT),
    "name and BytesIO": (lambda path: ("a.txt", io.BytesIO(CONTENT)), "a.txt", TEXT),
    "name and path": (lambda path: ("a.bin", path), "a.bin", BINARY),
    "no name and path": (lambda path: (None, path), "notes.txt", TEXT),
    "no name and bytes": (lambda path: (None, CONTENT), "upload", BINARY),
    "empty name": (lambda path: ("", CONTENT), "upload", BINARY),
    "name with directories": (lambda path: ("a/b.txt", CONTENT), "a/b.txt", TEXT),
    "type": (lambda path: ("a.txt", CONTENT, "a/b"), "a.txt", {"content-type": "a/b"}),
    "no type": (lambda path: ("a.txt", CONTENT, None), "a.txt", TEXT),
    "headers": (
        lambda path: ("a.txt", CONTENT, "a/b", {"X-Mine": "1"}),
        "a.txt",
        {"content-type": "a/b", "x-mine": "1"},
    ),
    "no headers": (lambda path: ("a.txt", CONTENT, "a/b", None), "a.txt", {"content-type": "a/b"}),
    "type among the headers": (
        lambda path: ("a.txt", CONTENT, None, {"content-type": "c/d"}),
        "a.txt",
        {"content-type": "c/d"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "filename", "headers"), FORMS.values(), ids=FORMS)
async def test_what_can_be_sent_as_a_file(
    path: Path, make: Callable[[Path], Any], filename: str, headers: dict[str, str]
) -> None:
    body = form(file=make(path))
    assert await only(body) == Part("file", filename, headers, CONTENT)
    assert (body.length, body.replayable) == (len(await sent(body)), True)


@pytest.mark.parametrize("buffering", [-1, 0])
async def test_an_open_file_is_sent(path: Path, buffering: int) -> None:
    with path.open("rb", buffering) as file:
        assert await only(form(file=file)) == Part("file", "notes.txt", TEXT, CONTENT)


@pytest.mark.parametrize("stands", [0, 1000, len(CONTENT), len(CONTENT) + 5])
async def test_a_file_is_sent_whole_wherever_it_stands(path: Path, stands: int) -> None:
    with path.open("rb") as file:
        file.seek(stands)
        body = form(file=file)
        assert file.tell() == stands
        assert (await only(body)).content == CONTENT
        assert body.length == len(await sent(body))


async def test_what_was_just_written_is_sent() -> None:
    file = io.BytesIO()
    file.write(CONTENT)
    assert (await only(form(file=("a.txt", file)))).content == CONTENT


async def test_a_temporary_file_is_sent() -> None:
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(CONTENT)
        name = os.path.basename(file.name)
        assert await only(form(file=file)) == Part("file", name, TEXT, CONTENT)


@pytest.mark.parametrize("most_in_memory", [0, 10, 10**8])
async def test_a_spooled_file_is_sent(most_in_memory: int) -> None:
    with tempfile.SpooledTemporaryFile(max_size=most_in_memory) as file:
        file.write(CONTENT)
        body = form(file=file)
        assert await only(body) == Part("file", "upload", BINARY, CONTENT)
        assert body.length == len(await sent(body))


async def test_a_mapped_file_is_sent(path: Path) -> None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        body = form(file=("a.txt", mapped))
        assert (await only(body)).content == CONTENT
        assert body.length == len(await sent(body))


async def test_a_file_known_by_its_number_has_no_name(path: Path) -> None:
    with os.fdopen(os.open(path, os.O_RDONLY), "rb") as file:
        assert (await only(form(file=file))).filename == "upload"


async def test_a_file_opened_by_a_path_of_bytes_has_a_name(path: Path) -> None:
    with io.FileIO(os.fsencode(path)) as file:
        assert (await only(form(file=file))).filename == "notes.txt"


@pytest.mark.parametrize("make", [f[0] for f in FORMS.values()], ids=FORMS)
async def test_a_form_is_the_same_when_it_is_sent_again(
    path: Path, make: Callable[[Path], Any]
) -> None:
    body = form({"a": 1}, file=make(path))
    assert await sent(body) == await sent(body)


async def test_an_open_file_is_sent_again_whole(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(7)
        body = form(file=file)
        assert (await only(body)).content == CONTENT
        assert (await only(body)).content == CONTENT


async def test_a_form_that_was_left_halfway_is_sent_again_whole(path: Path) -> None:
    with path.open("rb") as file:
        body = form(file=file)
        whole = await sent(body)
        pieces = body.__aiter__()
        await pieces.__anext__()
        await pieces.__anext__()
        await pieces.aclose()  # type: ignore[attr-defined]
        assert await sent(body) == whole


async def test_a_file_that_was_opened_here_is_closed_when_left_halfway(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO(CONTENT)
    monkeypatch.setattr("builtins.open", lambda path, mode: file)
    pieces = form(file=path).__aiter__()
    await pieces.__anext__()
    await pieces.__anext__()
    monkeypatch.undo()
    assert not file.closed
    await pieces.aclose()  # type: ignore[attr-defined]
    assert file.closed


async def test_a_file_of_the_caller_is_left_open(path: Path) -> None:
    with path.open("rb") as file:
        await sent(form(file=file))
        assert not file.closed


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("notes.txt", r"document must be bytes, a path \(pathlib.Path\), .* not str"),
        (("a.txt", "text"), r"document must be bytes, .* not str"),
        (5, "document must be bytes, .* not int"),
        (None, "document must be bytes, .* not NoneType"),
        ([b"x"], "document must be bytes, .* not list"),
        ({"a": b"x"}, "document must be bytes, .* not dict"),
        (("a.txt", None), "document must be bytes, .* not NoneType"),
        (io.StringIO("text"), r"document must be opened in binary mode: open\(path, 'rb'\)"),
        (("a.txt", io.StringIO("text")), "document must be opened in binary mode"),
        ((b"x",), "document must be a tuple of 2 to 4 items"),
        ((), "document must be a tuple of 2 to 4 items"),
        (("a", b"x", None, {}, 5), "document must be a tuple of 2 to 4 items"),
        ((5, b"x"), "document: the file name must be text, not int"),
        ((Path("a.txt"), b"x"), "document: the file name must be text"),
    ],
)
def test_what_is_no_file_is_refused_by_name(file: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        form(document=file)


def test_a_file_in_text_mode_is_refused_by_name(path: Path) -> None:
    with (
        path.open(encoding="latin-1") as file,
        pytest.raises(TypeError, match=r"document must be opened .*open\(path, 'rb'\)"),
    ):
        form(document=file)


@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_a_file_that_is_only_written_is_refused_by_name(path: Path, mode: str) -> None:
    with (
        path.open(mode) as file,
        pytest.raises(ValueError, match=r"document must be opened for reading: open\(path, 'rb'\)"),
    ):
        form(document=file)


def test_a_temporary_file_in_text_mode_is_refused_by_name() -> None:
    with (
        tempfile.NamedTemporaryFile("w+") as file,
        pytest.raises(TypeError, match=r"document must be opened .*open\(path, 'rb'\)"),
    ):
        form(document=file)


class Awaited:
    """A file of a web framework."""

    async def read(self, size: int = -1) -> bytes:
        return b""


def test_a_file_that_is_awaited_is_refused_by_name() -> None:
    with pytest.raises(
        TypeError, match=r"document must be .* without await, not Awaited: pass its"
    ):
        form(document=Awaited())


def test_a_missing_file_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        form(file=tmp_path / "missing")


class Source:
    """Something that can only be read, and in short pieces."""

    def __init__(self, content: Any) -> None:
        self._left = content

    def read(self, size: int) -> Any:
        taken, self._left = self._left[: min(size, 1000)], self._left[min(size, 1000) :]
        return taken


async def test_a_source_that_can_only_be_read_is_sent_once() -> None:
    body = form(file=("a.txt", Source(CONTENT)))
    assert (body.length, body.replayable) == (None, False)
    assert (await only(body)).content == CONTENT


async def test_a_source_that_gives_text_is_refused_by_name() -> None:
    body = form(document=("a.txt", Source("text")))
    with pytest.raises(TypeError, match="document must be opened in binary mode: reading"):
        await sent(body)


class Counted(Source):
    """A source that knows where it is but cannot go elsewhere."""

    def tell(self) -> int:
        return 5


class Stuck(Counted):
    """A source that claims it could."""

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")


@pytest.mark.parametrize("kind", [Counted, Stuck])
async def test_a_source_that_cannot_be_rewound_is_sent_once(kind: type[Source]) -> None:
    body = form(file=kind(CONTENT))
    assert (body.length, body.replayable) == (None, False)
    assert (await only(body)).content == CONTENT


async def test_a_pipe_is_sent_once() -> None:
    read, write = os.pipe()
    os.write(write, b"hello")
    os.close(write)
    with os.fdopen(read, "rb") as file:
        body = form(file=file)
        assert (body.length, body.replayable) == (None, False)
        assert (await only(body)).content == b"hello"


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="needs paths of open files")
async def test_a_path_of_a_pipe_is_not_taken_for_an_empty_file() -> None:
    read, write = os.pipe()
    os.write(write, b"hello")
    os.close(write)
    try:
        body = form(file=Path(f"/dev/fd/{read}"))
        assert (body.length, body.replayable) == (None, False)
        assert (await only(body)).content == b"hello"
    finally:
        os.close(read)


async def test_a_file_that_grew_is_sent_as_long_as_it_was(path: Path) -> None:
    body = form(file=path)
    with path.open("ab") as file:
        file.write(b"more")
    assert (await only(body)).content == CONTENT
    assert body.length == len(await sent(body))


async def test_a_file_that_shrank_is_an_error_that_names_it(path: Path) -> None:
    body = form(document=path)
    os.truncate(path, 1000)
    with pytest.raises(ValueError, match=r"document: notes.txt became shorter"):
        await sent(body)


@pytest.mark.parametrize("how", ["path", "file"])
async def test_a_large_file_is_never_held_whole(tmp_path: Path, how: str) -> None:
    path, size = tmp_path / "large", 64 * 1024 * 1024
    with path.open("wb") as file:
        file.truncate(size)
    with path.open("rb") as file:
        body = form(file=path if how == "path" else file)
        longest = total = 0
        tracemalloc.start()
        try:
            async for piece in body:
                longest, total = max(longest, len(piece)), total + len(piece)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert total == body.length
    assert longest <= PIECE
    assert peak < 4 * PIECE


@pytest.mark.parametrize("kind", [Source, io.BytesIO])
async def test_the_server_receives_what_was_sent(
    client: AsyncOpenAI, kind: Callable[[bytes], Any]
) -> None:
    file = await client.files.create(file=('a "b" é.jsonl', kind(CONTENT)), purpose="assistants")
    assert (file.bytes, file.filename) == (len(CONTENT), "a %22b%22 é.jsonl")
    assert (await client.files.content(file.id)).content == CONTENT


async def test_a_form_is_sent_again_when_the_server_asks_for_it(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=503; retry-after-ms=1", times=1, path="/v1/files")
    file = await client.files.create(file=path, purpose="assistants")
    assert (await client.files.content(file.id)).content == CONTENT


async def test_a_form_is_left_in_order_when_the_connection_breaks(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 8 * PIECE)
    emulator.fault("disconnect-upload=1000", times=1, path="/v1/files")
    file = await client.files.create(file=path, purpose="assistants")
    assert file.bytes == 8 * PIECE
