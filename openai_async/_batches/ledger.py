"""The ledger of batches: which of them were begun, so that a later run collects and begins none.

    upload   the file of a part is about to be uploaded: the hash of the part
    file     it is on the server: the id
    batch    its batch was created: the id
    left     its batch was cancelled or failed, or its file is gone: it begins anew

A part is known by its content. A file without an id may be there all the same, and is found by its
name; so may a batch, which is found by its file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from .._bulk.ledger import Ledger


class Begun(Struct):
    """How far a part had come."""

    at: float
    """When its upload began, as Unix time by the clock of the program."""
    file_id: str | None = None
    batch_id: str | None = None


class BatchLedger(Ledger):
    """The events of a job of batches; without a path, those of this run alone."""

    _KIND = "batches"

    def __init__(self, path: Any = None) -> None:
        super().__init__(path)
        self.begun: dict[str, Begun] = {}
        """Parts by their hash."""

    def _add(self, event: dict[str, Any]) -> None:
        if event["event"] == "upload":
            at = datetime.fromisoformat(event["time"]).timestamp()
            self.begun[event["part"]] = Begun(at)
        elif event["event"] == "file":
            self.begun[event["part"]].file_id = event["file_id"]
        elif event["event"] == "batch":
            self.begun[event["part"]].batch_id = event["batch_id"]
        elif event["event"] == "left":
            self.begun.pop(event["part"], None)
