"""Which files on the server are whose, when uploads got no answer. Pure.

An upload that was cut off may or may not have been stored, and one that was sent twice may have
been stored twice. The API has no way to ask for that: files have a name, a size, a purpose and the
second of their creation, but no hash. So what is found on the server is matched with what was sent,
and where that could mean two different contents, nothing is taken for any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple, Protocol

from .._errors import Attempt
from .._retry import may_have_succeeded
from .history import Upload

#: How far apart the clocks of the server and of this machine may be, in seconds, beyond what the
#: server has told about its own.
SKEW = 60.0

#: What the name of a file in a form cannot have; a server need not undo it.
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})

Step = Literal["upload", "replace", "skip"]


class Found(Protocol):
    """A file as the server lists it."""

    id: str
    filename: str
    bytes: int
    created_at: int
    purpose: str


class Matches(NamedTuple):
    """What was found on the server: for which upload, by its number; and for none."""

    adopted: dict[int, Found]
    copies: list[Found]


def step(latest: Upload | None, size: int | None, sha256: str | None) -> Step:
    """What to do with a file of which the server has `latest`."""
    if latest is None:
        return "upload"
    same = sha256 is not None and (latest.size, latest.sha256) == (size, sha256)
    return "skip" if same else "replace"


def match(
    doubts: Iterable[Upload],
    wanting: Container[int],
    found: Iterable[Found],
    known: Container[str],
    offset: float = 0.0,
) -> Matches:
    """Matches the files that nobody knows with the uploads that may have stored them.

    `wanting` has the numbers of those that have no id yet, `known` the ids that are somebody's. An
    unknown file is one of an upload if name, size and purpose are the same and it was created after
    that began; `offset` is what the clock of the server is ahead. If all uploads that it may come
    from have the same content, those that want one get one, the oldest first. What is left over,
    and everything if the content may be one or another, is a copy.
    """
    sources: dict[tuple[str, int, str], list[Upload]] = defaultdict(list)
    for upload in doubts:
        if upload.size is not None:
            sources[_sent(upload.name), upload.size, upload.purpose].append(upload)
    files: dict[tuple[str, int, str], list[Found]] = defaultdict(list)
    for file in found:
        group = (_sent(file.filename), file.bytes, file.purpose)
        if group in sources and file.id not in known:
            files[group].append(file)
    matches = Matches({}, [])
    for group, candidates in files.items():
        uploads = sorted(sources[group], key=lambda upload: upload.began)
        since = since_of(uploads, offset)
        candidates = [file for file in candidates if file.created_at >= since]
        candidates.sort(key=lambda file: file.created_at)
        takers = [upload.number for upload in uploads if upload.number in wanting]
        if len({_content(upload) for upload in uploads}) > 1:
            takers = []
        matches.adopted.update(zip(takers, candidates, strict=False))
        matches.copies.extend(candidates[len(takers) :])
    return matches


def since_of(uploads: Iterable[Upload], offset: float) -> float:
    """The earliest time, by the clock of the server, at which one of them may have been stored."""
    return min(upload.began for upload in uploads) + offset - SKEW


def _content(upload: Upload) -> object:
    """What is the same for two uploads only if they have the same content."""
    return upload.sha256 or upload.number


def _sent(name: str) -> str:
    return name.translate(_ESCAPES).encode("utf-8", "replace").decode()


def server_offset(headers: Mapping[str, str], now: float) -> float:
    """How many seconds the clock of a server is ahead of ours, which says `now`; 0 if it does not
    tell."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp() - now
    except (LookupError, ValueError, TypeError):
        return 0.0


def is_doubtful(attempts: Iterable[Attempt], *, resent: bool) -> bool:
    """Whether one of these attempts, all of which failed, may have been stored all the same.

    `resent` says that the transport has sent one of them twice, unasked.
    """
    return resent or any(may_have_succeeded(attempt.status) for attempt in attempts)
