"""Heads of requests, and answers as they are parsed."""

from __future__ import annotations

import pytest

from openai_async._http.messages import LONGEST_HEAD, Answer, BadAnswer, CutOff, head

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def fed(*pieces: bytes, without_body: bool = False) -> Answer:
    answer = Answer(without_body=without_body)
    for piece in pieces:
        answer.feed(piece)
    return answer


def body(answer: Answer) -> bytes:
    return b"".join(answer.body)


def lines(data: bytes) -> list[str]:
    return data.decode().split("\r\n")


class TestHead:
    def test_has_a_request_line_the_host_and_the_headers_in_order(self) -> None:
        sent = head("GET", "/v1/models", "host", [("A", "1"), ("B", "2")], length=0, codings="gzip")
        assert lines(sent) == [
            "GET /v1/models HTTP/1.1",
            "Host: host",
            "A: 1",
            "B: 2",
            "Accept-Encoding: gzip",
            "",
            "",
        ]

    @pytest.mark.parametrize(
        ("method", "length", "expected"),
        [
            ("POST", 12, "Content-Length: 12"),
            ("POST", 0, "Content-Length: 0"),
            ("DELETE", 3, "Content-Length: 3"),
            ("POST", None, "Transfer-Encoding: chunked"),
        ],
    )
    def test_frames_the_body(self, method: str, length: int | None, expected: str) -> None:
        assert expected in lines(head(method, "/", "h", [], length=length, codings="gzip"))

    def test_ignores_what_the_caller_says_about_the_frame(self) -> None:
        given = [("content-length", "99"), ("Transfer-Encoding", "chunked")]
        sent = head("POST", "/", "h", given, length=3, codings="gzip").lower()
        assert sent.count(b"content-length") == 1
        assert b"content-length: 3\r\n" in sent
        assert b"transfer-encoding" not in sent

    def test_leaves_host_and_codings_to_who_names_them(self) -> None:
        given = [("host", "other"), ("accept-encoding", "identity")]
        sent = head("GET", "/", "h", given, length=0, codings="gzip")
        assert lines(sent) == ["GET / HTTP/1.1", *(f"{n}: {v}" for n, v in given), "", ""]

    @pytest.mark.parametrize(
        ("method", "path", "value"),
        [
            ("GET", "/", "a\r\nX-Evil: 1"),
            ("GET", "/", "a\nb"),
            ("GET", "/", "a\rb"),
            ("GET", "/a\r\nb", "v"),
            ("GET\r\n", "/", "v"),
        ],
    )
    def test_refuses_line_breaks(self, method: str, path: str, value: str) -> None:
        with pytest.raises(ValueError, match="line break"):
            head(method, path, "h", [("X", value)], length=0, codings="gzip")


class TestAnswer:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (OK + b"Content-Length: 3\r\n\r\nabc", b"abc"),
            (OK + b"Content-Length: 0\r\n\r\n", b""),
            (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
            (CHUNKED + b"1\r\na\r\n0\r\nTrailer: x\r\n\r\n", b"a"),
            (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
            (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
            (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", b"a"),
            (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", b"a"),
        ],
    )
    @pytest.mark.parametrize("size", [1, 7, 10_000])
    def test_is_whole_however_it_is_cut(self, data: bytes, expected: bytes, size: int) -> None:
        answer = fed(*(data[at : at + size] for at in range(0, len(data), size)))
        assert (answer.ended, answer.persistent, answer.excess) == (True, True, False)
        assert body(answer) == expected

    def test_keeps_the_headers_of_the_last_head_only(self) -> None:
        answer = fed(
            b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", OK + b"A: 1\r\nContent-Length: 0\r\n\r\n"
        )
        assert answer.pairs().pairs == [("A", "1"), ("Content-Length", "0")]

    def test_takes_no_trailer_for_a_header(self) -> None:
        answer = fed(CHUNKED + b"0\r\nx-request-id: other\r\n\r\n")
        assert "x-request-id" not in answer.pairs()

    @pytest.mark.parametrize(
        ("value", "expected"), [("é".encode(), "é"), ("é".encode("latin-1"), "é")]
    )
    def test_reads_headers_that_are_not_ascii(self, value: bytes, expected: str) -> None:
        answer = fed(OK + b"X: " + value + b"\r\nContent-Length: 0\r\n\r\n")
        assert answer.pairs()["x"] == expected

    @pytest.mark.parametrize(
        ("data", "persistent"),
        [
            (OK + b"Content-Length: 0\r\n\r\n", True),
            (OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", False),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
            (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
        ],
    )
    def test_says_whether_the_connection_goes_on(self, data: bytes, persistent: bool) -> None:
        assert fed(data).persistent is persistent

    def test_to_head_has_no_body_whatever_its_headers_say(self) -> None:
        answer = fed(OK + b"Content-Length: 5\r\n\r\n", without_body=True)
        assert (answer.ended, body(answer), answer.persistent) == (True, b"", True)

    def test_without_a_body_that_comes_with_one_ends_the_connection(self) -> None:
        answer = fed(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}")
        assert (answer.ended, body(answer), answer.persistent) == (True, b"", False)

    @pytest.mark.parametrize("rest", [b"def", OK, b"\x00", b"HTTP/1.1 500 Oops\r\n\r\n"])
    @pytest.mark.parametrize("together", [True, False])
    def test_notices_what_comes_after_its_end(self, rest: bytes, together: bool) -> None:
        whole = OK + b"Content-Length: 3\r\n\r\nabc"
        answer = fed(whole + rest) if together else fed(whole, rest)
        assert (answer.ended, answer.excess, body(answer), answer.status) == (
            True,
            True,
            b"abc",
            200,
        )

    @pytest.mark.parametrize(
        "data",
        [
            b"<html>",
            b"\x16\x03\x01\x02",
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/2 200\r\n\r\n",
            OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
            OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
            OK + b"Content-Length: -3\r\n\r\n",
            OK + b"Content-Length: 3x\r\n\r\n",
            OK + b"X: a\r\n folded\r\n\r\n",
            b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            CHUNKED + b"zz\r\nabc",
            CHUNKED + b"3\r\nabcd\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        ],
    )
    def test_refuses_what_is_malformed_or_ambiguous(self, data: bytes) -> None:
        with pytest.raises(BadAnswer):
            fed(data)

    @pytest.mark.parametrize(
        "opening",
        [
            OK + b"X: ",
            OK,
            b"HTTP/1.1 200 ",
            CHUNKED + b"1;",
            CHUNKED + b"0\r\nTrailer: ",
            b"HTTP/1.1 103 Early\r\nLink: ",
        ],
    )
    def test_bounds_what_is_neither_head_nor_body(self, opening: bytes) -> None:
        more = b"a" * 1024 if opening != OK else b"a: b\r\n" * 200
        with pytest.raises(BadAnswer, match=str(LONGEST_HEAD)):
            fed(opening, *[more] * (LONGEST_HEAD // 1024 + 1))

    def test_bounds_endless_interim_heads(self) -> None:
        with pytest.raises(BadAnswer, match=str(LONGEST_HEAD)):
            fed(*[b"HTTP/1.1 103 Early\r\n\r\n"] * LONGEST_HEAD)

    def test_does_not_count_a_body_that_goes_on(self) -> None:
        answer = fed(CHUNKED)
        for _ in range(LONGEST_HEAD // 6 + 1):
            answer.feed(b"1\r\na\r\n")
        assert len(body(answer)) == LONGEST_HEAD // 6 + 1

    @pytest.mark.parametrize(
        ("data", "match"),
        [
            (b"", "without an answer"),
            (b"HTTP/1.1 2", "inside the head"),
            (OK + b"Content-Length: 3\r\n\r\nab", "before the whole answer"),
            (CHUNKED + b"3\r\nabc\r\n", "before the whole answer"),
        ],
    )
    def test_says_where_it_was_cut_off(self, data: bytes, match: str) -> None:
        answer = fed(data) if data else Answer()
        with pytest.raises(CutOff, match=match):
            answer.end()

    def test_without_a_length_ends_with_the_connection(self) -> None:
        answer = fed(OK + b"\r\nabc", b"def")
        assert not answer.ended
        answer.end()
        assert (answer.ended, answer.persistent, body(answer)) == (True, False, b"abcdef")
