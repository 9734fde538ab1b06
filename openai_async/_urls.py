"""URLs: base URLs, paths with parameters, and queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any
from urllib.parse import SplitResult, quote, quote_plus, unquote_plus, urlsplit, urlunsplit

from ._sentinels import is_given

#: RFC 3986 section 3.3: what may stand in a path segment as it is, besides unreserved characters.
_SEGMENT_SAFE = "!$&'()*+,;=:@"


class URL(str):
    """A URL as text that can also be asked for its parts."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        return urlsplit(self).scheme

    @property
    def host(self) -> str:
        return urlsplit(self).hostname or ""

    @property
    def port(self) -> int | None:
        return urlsplit(self).port

    @property
    def path(self) -> str:
        return urlsplit(self).path

    @property
    def query(self) -> bytes:
        return urlsplit(self).query.encode()

    def __repr__(self) -> str:
        return f"URL({without_secrets(self)!r})"


def without_secrets(url: str) -> str:
    """`url` without user, password, query and fragment: fit for a message or a log."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def base(url: str, *, name: str = "base_url", example: str = "https://api.openai.com/v1") -> URL:
    """`url` with a path that ends in a slash.

    Raises ValueError if it is no HTTP URL, with its `name` and an `example` of what it should be.
    """
    text = str(url).strip()
    parts = _split_http(text)
    if parts is None:
        shown = text.partition("?")[0].rpartition("@")[2]
        raise ValueError(
            f"{name} must be an http:// or https:// URL, such as {example}, not {shown!r}."
        )
    return URL(urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/", fragment="")))


def _split_http(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a bracket that is not closed, or a port that is no number
        return None
    return parts if usable else None


def expand(template: str, values: Mapping[str, object]) -> str:
    """`template` with each `{name}` replaced by its value as one path segment.

    Raises ValueError for a value that is empty or would change the path.
    """
    path = template
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", _segment(name, value))
    return path


def _segment(name: str, value: object) -> str:
    if value is None or value == "" or not is_given(value):
        raise ValueError(f"{name} must not be empty: it is part of the path. Got {value!r}.")
    text = quote(_scalar(value), safe=_SEGMENT_SAFE)
    if text in (".", ".."):
        raise ValueError(f"{name} must not be {text!r}: it would address another path.")
    return text


def join(base_url: str, path: str, query: Mapping[str, object]) -> str:
    """The URL of `path` under `base_url`, or `path` itself if it is absolute, with its query.

    Queries that stand in the URLs are kept; a parameter of `query` replaces one of its name.
    """
    if path.startswith(("http://", "https://")):
        parts = urlsplit(path)
    elif not query and "?" not in base_url and "?" not in path:
        return base_url + path.lstrip("/")
    else:
        parts = urlsplit(base_url)
        path, _, own_query = path.partition("?")
        joined = "&".join(filter(None, (parts.query, own_query)))
        parts = parts._replace(path=parts.path + path.lstrip("/"), query=joined)
    pairs = list(encode_pairs(query))
    replaced = {name for name, _ in pairs}
    standing = (pair for pair in parts.query.split("&") if pair)
    kept = [pair for pair in standing if unquote_plus(pair.partition("=")[0]) not in replaced]
    added = [f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs]
    return urlunsplit(parts._replace(query="&".join(kept + added)))


def encode_pairs(query: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names and values of a query or form: `a[b]` for mappings, `a[]` for arrays, None dropped."""
    for name, value in query.items():
        yield from _pairs(name, value)


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _pairs(f"{name}[{key}]", item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _pairs(f"{name}[]", item)
    elif value is not None and is_given(value):
        yield name, _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    return str(value).lower() if isinstance(value, bool) else str(value)
