"""Content codings: what compressed an answer is undone piece by piece, as somebody reads it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from typing import Any, Protocol

from .._transport import ConnectionFailed

#: The size of the largest piece, in bytes.
LARGEST = 256 * 1024

#: How much is fed at once: to what can be told how much to make of it, and to what cannot.
_SLICE = 64 * 1024
_SMALL_SLICE = 64

#: Brotli makes up to twice as much as it is told to.
_BROTLI_LIMIT = LARGEST // 2

#: More codings on top of each other than anybody has a use for.
_MOST = 4

#: RFC 9659 section 3: what a server may ask a client to remember, in bytes, as a power of two.
_WINDOW = 23

_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd", "zstandard")


class CodingError(ConnectionFailed):
    """An answer that is not compressed the way it says, or in a way that is unknown here."""


class Coding(Protocol):
    """Undoes a content coding. Each iterator is read to its end before `decode` is called again."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """What `data` holds, in pieces of at most `LARGEST` bytes, each made when it is asked for.

        Raises CodingError for damaged data.
        """
        ...

    def end(self) -> None:
        """Called after the last data. Raises CodingError if more had to come."""
        ...


@cache
def accepted() -> str:
    """The value of Accept-Encoding: what can be undone here."""
    found = {"br": _installed(_BROTLI), "zstd": _installed(_ZSTD)}
    return ", ".join(["gzip", "deflate", *(name for name, module in found.items() if module)])


def coding(content_encoding: str | None) -> Coding | None:
    """What undoes the codings that a Content-Encoding header names, or None if it names none.

    Raises CodingError for one that is unknown.
    """
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    codings = [_coding(name) for name in reversed(names) if name not in ("", "identity")]
    if len(codings) > _MOST:
        raise CodingError(f"The answer is compressed {len(codings)} times over.")
    return _Chain(codings) if len(codings) > 1 else codings[0] if codings else None


def _coding(name: str) -> Coding:
    if name in ("gzip", "x-gzip"):
        return _Frames("gzip", lambda: _Zlib(zlib.MAX_WBITS | 16), zlib.error, padded=True)
    if name == "deflate":
        return _Frames("deflate", _Deflate, zlib.error, several=False)
    if name == "br" and (module := _installed(_BROTLI)):
        return _brotli(import_module(module))
    if name == "zstd" and (module := _installed(_ZSTD)):
        return _zstandard(import_module(module)) if module == "zstandard" else _zstd(module)
    raise CodingError(
        f"The answer is compressed as {name[:40]!r}, which this client did not ask for and cannot "
        f"undo. It can undo {accepted()}."
    )


@cache
def _installed(modules: tuple[str, ...]) -> str | None:
    """The first of `modules` that can be imported."""
    for module in modules:
        try:
            if find_spec(module) is not None:
                return module
        except (ImportError, ValueError):  # it is part of a package that is not there
            continue
    return None


class _Frame(Protocol):
    """A compressed stream that knows its end: a gzip member, a zstd frame."""

    @property
    def ended(self) -> bool: ...

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """What comes of `data`; what of it was not used; whether more may come without more."""
        ...


class _Frames:
    """Compressed streams one after the other."""

    def __init__(
        self,
        name: str,
        start: Callable[[], _Frame],
        error: type[Exception],
        *,
        several: bool = True,
        padded: bool = False,
        fed: int = _SLICE,
    ) -> None:
        self._name = name
        self._start = start
        self._error = error
        self._several = several
        self._padded = padded
        self._fed = fed
        self._frame: _Frame | None = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._fed):
            yield from self._decode(data[at : at + self._fed])

    def _decode(self, data: bytes) -> Iterator[bytes]:
        more = False
        while data or more:
            if self._frame is None:
                self._frame = self._start()
            elif self._frame.ended:
                data = data.lstrip(b"\0") if self._padded else data
                if not data:
                    return
                if not self._several:
                    raise self._damaged("there is more after its end")
                self._frame = self._start()
            try:
                piece, data, more = self._frame.pull(data)
            except self._error as error:
                raise self._damaged(str(error).rstrip(".")) from None
            for at in range(0, len(piece), LARGEST):
                yield piece[at : at + LARGEST]

    def end(self) -> None:
        if self._frame is not None and not self._frame.ended:
            raise self._damaged("it ends too early")

    def _damaged(self, reason: str) -> CodingError:
        return CodingError(f"The answer is compressed as {self._name}, but damaged: {reason}.")


class _Chain:
    """Several codings, the last that was applied first."""

    def __init__(self, codings: list[Coding]) -> None:
        self._codings = codings

    def decode(self, data: bytes) -> Iterator[bytes]:
        pieces = iter((data,))
        for each in self._codings:
            pieces = chain.from_iterable(map(each.decode, pieces))
        return pieces

    def end(self) -> None:
        for each in self._codings:
            each.end()


class _Zlib:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        return self._zlib.eof

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        piece = self._zlib.decompress(data, LARGEST)
        if self._zlib.eof:
            return piece, self._zlib.unused_data, False
        return piece, self._zlib.unconsumed_tail, len(piece) == LARGEST


class _Deflate:
    """Wrapped by zlib, as the standard says, or raw, as some servers send it."""

    def __init__(self) -> None:
        self._head = b""
        self._zlib: _Zlib | None = None

    @property
    def ended(self) -> bool:
        return self._zlib is not None and self._zlib.ended

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        if self._zlib is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return b"", b"", False
            # RFC 1950 section 2.2: the method is 8, and both bytes are a multiple of 31.
            wrapped = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._zlib = _Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        return self._zlib.pull(data)


def _brotli(module: Any) -> Coding:
    bounded = hasattr(module.Decompressor, "can_accept_more_data")  # from version 1.2 on
    options = {"output_buffer_limit": _BROTLI_LIMIT} if bounded else {}
    return _Frames(
        "br",
        lambda: _Brotli(module.Decompressor(), options),
        module.error,
        several=False,
        fed=_SLICE if bounded else _SMALL_SLICE,
    )


class _Brotli:
    def __init__(self, decompressor: Any, options: dict[str, int]) -> None:
        self._brotli = decompressor
        self._options = options

    @property
    def ended(self) -> bool:
        return bool(self._brotli.is_finished())

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        piece = self._brotli.process(data, **self._options)
        # It may hold something back without telling so; only an empty piece is the last.
        return piece, b"", bool(piece) and not self.ended


def _zstd(module: str) -> Coding:
    zstd: Any = import_module(module)
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW}
    return _Frames("zstd", lambda: _Zstd(zstd.ZstdDecompressor(options=options)), zstd.ZstdError)


class _Zstd:
    """A frame by the module of the standard library."""

    def __init__(self, decompressor: Any) -> None:
        self._zstd = decompressor

    @property
    def ended(self) -> bool:
        return bool(self._zstd.eof)

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        piece = self._zstd.decompress(data, LARGEST)
        if self._zstd.eof:
            return piece, self._zstd.unused_data, False
        return piece, b"", not self._zstd.needs_input


def _zstandard(module: Any) -> Coding:
    context = module.ZstdDecompressor(max_window_size=1 << _WINDOW)
    return _Frames(
        "zstd",
        lambda: _Zstandard(context.decompressobj()),
        module.ZstdError,
        fed=_SMALL_SLICE,
    )


class _Zstandard:
    """A frame by the package zstandard."""

    def __init__(self, decompressor: Any) -> None:
        self._zstd = decompressor

    @property
    def ended(self) -> bool:
        return bool(self._zstd.eof)

    def pull(self, data: bytes) -> tuple[bytes, bytes, bool]:
        piece = self._zstd.decompress(data)
        return piece, self._zstd.unused_data, False
