"""Which files on the server are whose, when uploads got no answer. Pure.

An upload that was cut off may or may not have been stored, and one that was sent twice may have
been stored twice. The API has no way to ask for that: files have a name, a size, a purpose and the
second of their creation, but no hash. So what is found on the server is matched with what was sent,
and where that could mean two different contents, nothing is taken for any of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple, Protocol

from .._errors import Attempt
from .._retry import may_have_succeeded
from .history import Upload

#: How far apart the clocks of this machine and of a server that does not tell its own may be, in
#: seconds.
SKEW = 60.0

#: How far apart those of two machines of one server may be.
APART = 2.0

#: What the name of a file in a form cannot have; a server need not undo it.
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})

Step = Literal["upload", "replace", "skip"]


class Found(Protocol):
    """A file as the server lists it."""

    id: str
    filename: str
    bytes: int
    created_at: int
    """None where a server does not tell it, whatever the API says; so may be name and size."""
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
    offset: float | None,
) -> Matches:
    """Matches the files that nobody knows with the uploads that may have stored them.

    `wanting` has the numbers of those that have no id yet, `known` the ids that are somebody's. An
    unknown file is one of an upload if name, size and purpose are the same and it was not created
    before that began; `offset` is what the clock of the server is ahead, if that is known. If all
    uploads that it may come from have the same content, those that want one get one, the oldest
    first. What is left over, and everything if the content may be one or another, is a copy, unless
    nobody knows when it was created: copies may be deleted.
    """
    sources: dict[tuple[str, int, str], list[Upload]] = defaultdict(list)
    for upload in doubts:
        if upload.size is not None:
            sources[_sent(upload.name), upload.size, upload.purpose].append(upload)
    files: dict[tuple[str, int, str], list[Found]] = defaultdict(list)
    for file in found:
        group = (_sent(file.filename or ""), file.bytes, file.purpose)
        if group in sources and file.id not in known:
            files[group].append(file)
    matches = Matches({}, [])
    for group, candidates in files.items():
        uploads = sorted(sources[group], key=lambda upload: upload.began)
        since = since_of(uploads, offset)
        candidates = [file for file in candidates if created(file) >= since]
        candidates.sort(key=created)
        takers = [upload.number for upload in uploads if upload.number in wanting]
        if len({_content(upload) for upload in uploads}) > 1:
            takers = []
        matches.adopted.update(zip(takers, candidates, strict=False))
        left = candidates[len(takers) :]
        matches.copies.extend(file for file in left if math.isfinite(created(file)))
    return matches


def since_of(uploads: Iterable[Upload], offset: float | None) -> float:
    """The first second, by the clock of the server, in which one of them may have been stored.

    If the clock of this machine has been put forward since an upload began, that may be much too
    early; but not earlier than what the server had told before that.
    """
    return min(max(_began(upload, offset), upload.after - APART) for upload in uploads)


def _began(upload: Upload, offset: float | None) -> float:
    return upload.began - SKEW if offset is None else math.floor(upload.began + offset)


def created(file: Found) -> float:
    """When it was; what does not say so counts as new."""
    told: object = file.created_at
    return told if isinstance(told, (int, float)) else math.inf


def _content(upload: Upload) -> object:
    """What is the same for two uploads only if they have the same content."""
    return upload.sha256 or upload.number


def _sent(name: str) -> str:
    return name.translate(_ESCAPES).encode("utf-8", "replace").decode()


def server_offset(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds the clock of a server is ahead of ours, which says `now`; None if it does
    not tell. As it tells whole seconds, and `now` is later, it may be about a second more."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp() - now
    except (LookupError, ValueError, TypeError):
        return None


def is_doubtful(attempts: Iterable[Attempt], *, resent: bool) -> bool:
    """Whether one of these attempts, all of which failed, may have been stored all the same.

    `resent` says that the transport has sent one of them twice, unasked.
    """
    return resent or any(may_have_succeeded(attempt.status) for attempt in attempts)
