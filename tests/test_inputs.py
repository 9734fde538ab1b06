"""What a bulk upload makes of paths, directories, patterns, handles and content."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from openai_async._bulk.inputs import Input, Listing, inputs, is_single


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files and directories, and the working directory set to where they are."""
    for name in ("b.txt", "a.txt", "sub/c.md", "sub/deep/d.txt", ".hidden", ".git/config"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(files: Any, tree: Path, **options: Any) -> list[str]:
    """Where the files are below `tree`, or the error of each."""
    found = []
    for each in inputs(files, **options):
        assert each.path is not None
        where = Path(each.path).relative_to(tree).as_posix()
        found.append(where if each.error is None else f"{where} {type(each.error).__name__}")
    return found


ALL = ["a.txt", "b.txt", "sub/c.md", "sub/deep/d.txt"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("a.txt", ["a.txt"]),
        (Path("a.txt"), ["a.txt"]),
        (["b.txt", Path("a.txt"), "b.txt"], ["b.txt", "a.txt", "b.txt"]),
        (("b.txt", "a.txt"), ["b.txt", "a.txt"]),
        (("b.txt", Path("a.txt")), ["b.txt", "a.txt"]),
        (iter(["b.txt"]), ["b.txt"]),
        (".", ALL),
        (Path("sub"), ["sub/c.md", "sub/deep/d.txt"]),
        (["sub/deep", "a.txt"], ["sub/deep/d.txt", "a.txt"]),
        ("empty", []),
        ([], []),
        ("*.txt", ["a.txt", "b.txt"]),
        ("**/*.txt", ["a.txt", "b.txt", "sub/deep/d.txt"]),
        ("sub/*", ["sub/c.md"]),
        ("[b].txt", ["b.txt"]),
        (".hidden", [".hidden"]),
        (".git", [".git/config"]),
        ("none.txt", ["none.txt FileNotFoundError"]),
        ("*.pdf", ["*.pdf FileNotFoundError"]),
        ("empty/*", ["empty/* FileNotFoundError"]),
        (Path("*.txt"), ["*.txt FileNotFoundError"]),
        (["none.txt", "a.txt"], ["none.txt FileNotFoundError", "a.txt"]),
        ("a.txt/b", ["a.txt/b NotADirectoryError"]),
    ],
    ids=str,
)
def test_paths_directories_and_patterns(files: Any, expected: list[str], tree: Path) -> None:
    assert names(files, tree) == expected


def test_file_with_the_name_of_a_pattern_is_that_file(tree: Path) -> None:
    (tree / "[b].txt").write_text("brackets")
    assert names("[b].txt", tree) == ["[b].txt"]


def test_sizes_and_names_are_told_before_anything_is_opened(tree: Path) -> None:
    assert list(inputs("sub/c.md")) == [Input("c.md", str(tree / "sub" / "c.md"), None, 8)]


def test_what_is_left_out_is_found_nowhere_but_taken_by_name(tree: Path) -> None:
    options = {"leave_out": {str(tree / "a.txt")}}
    assert names(".", tree, **options) == ALL[1:]
    assert names("*.txt", tree, **options) == ["b.txt"]
    assert names("a.txt", tree, **options) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_is_left_out_is_known_through_links(tree: Path) -> None:
    (tree / "way").symlink_to(tree / "sub", target_is_directory=True)
    (tree / "again.txt").symlink_to(tree / "a.txt")
    left_out = {"leave_out": {str(tree / "way" / "c.md"), str(tree / "a.txt"), str(tree / "none")}}
    assert names(".", tree, **left_out) == ["b.txt", "sub/deep/d.txt"]
    left_out = {"leave_out": {str(tree / "sub" / "c.md")}}
    assert names("way", tree, **left_out) == ["way/deep/d.txt"]
    assert names("way/*.md", tree, **left_out) == ["way/*.md FileNotFoundError"]


def test_pattern_that_is_no_text_of_a_path_is_one_failure(tree: Path) -> None:
    failed, found = inputs(["a\0/*", "b.txt"])
    assert (failed.error is not None, found.name) == (True, "b.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_to_files_are_followed_and_links_to_directories_are_not(tree: Path) -> None:
    (tree / "circle").symlink_to(tree, target_is_directory=True)
    (tree / "sub" / "up").symlink_to(tree, target_is_directory=True)
    (tree / "link.txt").symlink_to(tree / ".hidden")
    (tree / "broken.txt").symlink_to(tree / "nowhere")
    assert names(".", tree) == [
        "a.txt",
        "b.txt",
        "broken.txt FileNotFoundError",
        "link.txt",
        "sub/c.md",
        "sub/deep/d.txt",
    ]
    assert names("circle/sub", tree) == ["circle/sub/c.md", "circle/sub/deep/d.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in directories there")
def test_what_is_no_file_is_not_found_and_refused_by_name(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    assert names(".", tree) == ALL
    (refused,) = inputs("pipe")
    assert "no regular file" in str(refused.error)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_directory_that_cannot_be_read_is_one_failure(tree: Path) -> None:
    (tree / "sub").chmod(0)
    try:
        assert names(".", tree) == ["a.txt", "b.txt", "sub PermissionError"]
    finally:
        (tree / "sub").chmod(0o700)


def test_deep_directories_are_no_recursion(tmp_path: Path) -> None:
    path = tmp_path
    for _ in range(200):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "f").write_text("deep")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        assert len(list(inputs(tmp_path))) == 1
    finally:
        sys.setrecursionlimit(limit)


class Named(io.BytesIO):
    name = "dir/named.txt"


def stream() -> AsyncIterator[bytes]:
    raise NotImplementedError


HANDLE, NAMED = io.BytesIO(b"x"), Named(b"x")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (b"abc", Input("upload", None, b"abc", 3)),
        (bytearray(b"abc"), Input("upload", None, bytearray(b"abc"), 3)),
        (("n.txt", b"abc"), Input("n.txt", None, ("n.txt", b"abc"), 3)),
        ((None, b"abc"), Input("upload", None, (None, b"abc"), 3)),
        (("n", b"abc", "a/b", {}), Input("n", None, ("n", b"abc", "a/b", {}), 3)),
        (HANDLE, Input("upload", None, HANDLE)),
        (NAMED, Input("named.txt", None, NAMED)),
        (("n.txt", NAMED), Input("n.txt", None, ("n.txt", NAMED))),
        ((None, NAMED), Input("named.txt", None, (None, NAMED))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_handles_and_content(file: Any, expected: Input) -> None:
    assert list(inputs([file])) == [expected]
    assert list(inputs(file)) == [expected]


def test_path_in_a_tuple_is_remembered_by_its_path(tree: Path) -> None:
    (given,) = inputs([("other.txt", Path("a.txt"))])
    assert (given.name, given.path) == ("other.txt", str(tree / "a.txt"))


@pytest.mark.parametrize("file", [(), ("a",), (1, 2, 3, 4, 5)], ids=len)
def test_tuple_of_another_length_is_one_failure(file: Any) -> None:
    (given,) = inputs([file])
    assert "2 to 4 items" in str(given.error)


@pytest.mark.parametrize(
    ("files", "single"),
    [
        ("a", True),
        (Path("a"), True),
        (b"a", True),
        (io.BytesIO(), True),
        (("a", b"x"), True),
        ((None, Path("a")), True),
        (("a", io.BytesIO()), True),
        (("a", "b"), False),
        (("a",), False),
        ((), False),
        ((b"a", b"b"), False),
        ((Path("a"), b"x"), False),
        ([b"a"], False),
        (iter([]), False),
    ],
    ids=str,
)
def test_one_or_several(files: Any, single: bool) -> None:
    assert is_single(files) is single


async def test_collections_are_listed_first_and_iterators_as_they_are_wanted(tree: Path) -> None:
    listing = Listing([".", b"abc"])
    first = await listing.next()
    assert first is not None
    assert (first.name, listing.total, listing.size) == ("a.txt", 5, 5 + 5 + 8 + 14 + 3)

    asked: list[int] = []

    def given() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield bytes(number)

    lazy = Listing(given())
    for number in range(3):
        assert (lazy.total, lazy.size) == (None, None)
        assert (await lazy.next()) == Input("upload", None, bytes(number), number)
        assert asked == list(range(number + 1))
    assert await lazy.next() is None
    assert (lazy.total, lazy.size) == (3, 3)
    assert await lazy.next() is None


@pytest.mark.parametrize("files", [None, 7, object()], ids=repr)
def test_what_is_no_file_at_all_is_refused_at_once(files: Any) -> None:
    with pytest.raises(TypeError, match="files must be paths"):
        Listing(files)
