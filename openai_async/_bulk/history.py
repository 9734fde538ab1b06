"""What a ledger tells: which files are on the server, and which uploads ended without an answer.

Pure: a history is what its events add up to, one after another. The same events are written while a
job runs and read when the next one begins.

    begin     an upload begins: what is sent, under a number
    done      its answer: the id; `doubtful` if an earlier attempt may have been stored as well.
              What was sent of the same file before is an orphan from then on
    found     it got no answer, but the file is on the server
    lost      it got no answer, and the file is not on the server
    failed    it was refused, or (`stored` is null) nobody knows
    changed   the file was changed while it was sent: nobody knows what the server has
    gone      the server has that file no more
    orphan    the server has that copy, and nobody needs it
    deleted   it was deleted
    checked   the server has no copies of files of that purpose but those told of
    attach    files are about to be added to a vector store; `batch`: as which batch
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from msgspec import Struct

from .results import Orphan

#: What an upload is remembered by: where it is or, for content, its name and hash; the purpose.
Key = tuple[str, str, str]


class Upload(Struct):
    """One upload, as it began and as it ended."""

    number: int
    name: str
    purpose: str
    began: float
    """Unix time, by the clock of the program."""
    path: str | None = None
    size: int | None = None
    sha256: str | None = None
    file_id: str | None = None
    after: float = 0.0
    """Unix time, by the clock of the server, when it had stored a file before this one began: that
    is so whatever becomes of the clock of this machine."""

    @property
    def key(self) -> Key:
        return key_of(self.path, self.name, self.purpose, self.sha256)


def key_of(path: str | None, name: str, purpose: str, sha256: str | None) -> Key:
    return (name, sha256 or "", purpose) if path is None else (path, "", purpose)


class History:
    """The sum of the events so far.

    If it `replaces`, a file stands for what was sent of it last: what was sent before is an orphan.
    """

    def __init__(self, *, replaces: bool = True) -> None:
        self._replaces = replaces
        self.next_number = 1
        self.latest: dict[Key, Upload] = {}
        """What is on the server of each file, if the latest replaces what was before."""
        self.open: dict[int, Upload] = {}
        """Uploads that began and got no answer."""
        self.doubts: dict[int, Upload] = {}
        """Uploads that may have left a copy on the server which nobody knows; the open ones too."""
        self.known: set[str] = set()
        """The ids that any event names."""
        self.orphans: dict[str, Orphan] = {}
        self.attached: dict[str, dict[str, list[str]]] = {}
        """The batches of each vector store, with the ids of their files."""
        self._current: dict[str, Key] = {}
        self._newest = 0.0
        """The latest time of creation that the server has told."""

    @property
    def empty(self) -> bool:
        return self.next_number == 1 and not self.known

    def open_of(self, purpose: str) -> list[Upload]:
        return [upload for upload in self.open.values() if upload.purpose == purpose]

    def doubts_of(self, purpose: str) -> list[Upload]:
        return [upload for upload in self.doubts.values() if upload.purpose == purpose]

    def ids_of(self, purpose: str) -> set[str]:
        """The files that should be on the server, orphans among them."""
        uploaded = {file_id for file_id, key in self._current.items() if key[-1] == purpose}
        # Where one of an unknown purpose is not listed, that does not mean that it is gone.
        orphans = {each.file_id for each in self.orphans.values() if each.purpose == purpose}
        return uploaded | orphans

    def orphans_of(self, purpose: str) -> list[Orphan]:
        """Those of a purpose, and those whose purpose an old ledger does not tell."""
        return [each for each in self.orphans.values() if each.purpose in (None, purpose)]

    def add(self, event: Mapping[str, Any]) -> None:
        """Takes an event into account; of a kind it does not know, nothing.

        Raises LookupError, TypeError or ValueError for one that makes no sense.
        """
        take = getattr(self, f"_on_{event['event']}", None)
        if take is not None:
            take(event)

    def _on_begin(self, event: Mapping[str, Any]) -> None:
        number = int(event["upload"])
        upload = Upload(
            number,
            event["name"],
            event["purpose"],
            datetime.fromisoformat(event["time"]).timestamp(),
            event.get("path"),
            event.get("size"),
            event.get("sha256"),
            after=self._newest,
        )
        self.open[number] = self.doubts[number] = upload
        self.next_number = max(self.next_number, number + 1)

    def _on_done(self, event: Mapping[str, Any]) -> None:
        upload = self._on_found(event)
        if not event.get("doubtful"):
            self.doubts.pop(upload.number, None)

    def _on_found(self, event: Mapping[str, Any]) -> Upload:
        upload = self.open.pop(int(event["upload"]))
        upload.file_id = file_id = str(event["file_id"])
        self.known.add(file_id)
        created_at = event.get("created_at")
        if isinstance(created_at, (int, float)):  # some servers do not tell
            self._newest = max(self._newest, created_at)
        if self._replaces:
            self._replace(upload.key, upload, file_id)
        return upload

    def _replace(self, key: Key, upload: Upload, file_id: str) -> None:
        before = self.latest.get(key)
        if before is not None and before.file_id is not None and before.file_id != file_id:
            self._current.pop(before.file_id, None)
            old = Orphan(before.file_id, before.name, before.size, "replaced", before.purpose)
            self.orphans[before.file_id] = old
        self.latest[key] = upload
        self._current[file_id] = key

    def _on_changed(self, event: Mapping[str, Any]) -> None:
        key = self._current.get(event["file_id"])
        if key is not None:
            self.latest[key].sha256 = None

    def _on_lost(self, event: Mapping[str, Any]) -> None:
        self.open.pop(int(event["upload"]), None)

    def _on_failed(self, event: Mapping[str, Any]) -> None:
        if event["stored"] is False:
            self.open.pop(int(event["upload"]))
            self.doubts.pop(int(event["upload"]))

    def _on_gone(self, event: Mapping[str, Any]) -> None:
        file_id = event["file_id"]
        self.orphans.pop(file_id, None)
        key = self._current.pop(file_id, None)
        if key is not None and self.latest[key].file_id == file_id:
            del self.latest[key]

    _on_deleted = _on_gone

    def _on_orphan(self, event: Mapping[str, Any]) -> None:
        file_id = str(event["file_id"])
        self.known.add(file_id)
        purpose = event.get("purpose")
        self.orphans[file_id] = Orphan(file_id, event["name"], event["size"], "copy", purpose)

    def _on_checked(self, event: Mapping[str, Any]) -> None:
        for upload in self.doubts_of(event["purpose"]):
            if upload.number not in self.open:
                del self.doubts[upload.number]

    def _on_attach(self, event: Mapping[str, Any]) -> None:
        self.attached.setdefault(event["vector_store_id"], {})

    def _on_batch(self, event: Mapping[str, Any]) -> None:
        batches = self.attached.setdefault(event["vector_store_id"], {})
        batches[event["batch_id"]] = list(event["file_ids"])


def stamp(unix_time: float) -> str:
    """A time as events tell it."""
    moment = datetime.fromtimestamp(unix_time, timezone.utc)
    return moment.isoformat(timespec="milliseconds")
