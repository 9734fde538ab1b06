"""What the server has, compared with what a ledger says: before a job goes on, and after it.

Before: files that the server has no more are forgotten, and uploads that got no answer are found or
lost. After: copies that nobody knows become orphans, and are deleted if that is wanted.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, cast

from .._deadline import Deadline
from .._errors import APIError, NotFoundError, OpenAIError
from .._unfinished import DeadlineExceeded
from .._uploads import at_most
from .history import Upload
from .ledger import Ledger
from .reconcile import Matches, created, match, server_offset, since_of
from .results import Orphan

if TYPE_CHECKING:
    from ..resources.files import Files
    from ..types.files import FileObject

#: How many orphans are deleted at once.
_DELETING = 4


class Settling:
    """Settles what is doubtful about the files of one purpose."""

    def __init__(self, files: Files, ledger: Ledger, purpose: str, clock: Deadline | None) -> None:
        self._files = files
        self._ledger = ledger
        self._purpose = purpose
        # The methods take the clock for a deadline that runs already.
        self._clock = cast(Any, clock)

    async def before(self) -> None:
        """Brings the ledger up to what the server has. Raises what asking the server raises."""
        history = self._ledger.history
        wanted, doubts = history.ids_of(self._purpose), history.doubts_of(self._purpose)
        if not wanted and not doubts:
            return
        matches = await self._look(doubts, wanted)
        for file_id in sorted(wanted):
            self._ledger.write("gone", file_id=file_id)
        self._adopt(matches)
        for upload in history.open_of(self._purpose):
            self._ledger.write("lost", upload=upload.number)

    async def after(self) -> dict[int, FileObject]:
        """The files that were found for uploads without an answer, by their number; of all others
        that nobody knows the ledger is told. Raises what asking the server raises."""
        history = self._ledger.history
        doubts = history.doubts_of(self._purpose)
        if not doubts:
            return {}
        matches = await self._look(doubts, set())
        self._adopt(matches)
        for copy in matches.copies:
            self._ledger.write(
                "orphan",
                file_id=copy.id,
                name=copy.filename,
                size=copy.bytes,
                purpose=self._purpose,
            )
        self._ledger.write("checked", purpose=self._purpose)
        return cast("dict[int, FileObject]", matches.adopted)

    async def delete(self, orphans: list[Orphan]) -> None:
        """Deletes them, and notes in each whether that went well."""

        async def delete(_: int, orphan: Orphan) -> None:
            try:
                await self._files.delete(orphan.file_id, deadline=self._clock)
            except NotFoundError:
                pass  # somebody else was faster
            except DeadlineExceeded:
                raise
            except APIError as error:
                orphan.error = error
                return
            orphan.deleted, orphan.error = True, None
            self._ledger.write("deleted", file_id=orphan.file_id)

        await at_most(_DELETING, orphans, delete)

    def _adopt(self, matches: Matches) -> None:
        for number, file in matches.adopted.items():
            created_at = file.created_at
            self._ledger.write("found", upload=number, file_id=file.id, created_at=created_at)

    async def _look(self, doubts: list[Upload], wanted: set[str]) -> Matches:
        """Matches what the server has with `doubts`; leaves in `wanted` what it does not have.

        The newest are asked for first, and no more than are needed.
        """
        history, unknown = self._ledger.history, []
        lister = self._files._with_replies().list(
            purpose=self._purpose, order="desc", deadline=self._clock
        )
        reply: Any = await lister
        offset = server_offset(reply.headers, time.time())
        since = since_of(doubts, offset) if doubts else math.inf
        page, last = reply.value, None
        while (files := _listed(page)) and files[-1].id != last:  # some servers know one page only
            last = files[-1].id
            wanted.difference_update([file.id for file in files])
            recent = [file for file in files if created(file) >= since]
            unknown += [file for file in recent if file.id not in history.known]
            if not (wanted or recent) or not page.has_next_page():
                break
            page = await page.get_next_page()
        wanting = {upload.number for upload in history.open_of(self._purpose)}
        return match(doubts, wanting, unknown, history.known, offset)


def _listed(page: Any) -> list[Any]:
    """The files of a page; raises OpenAIError if that is none, which does not mean that the server
    has no files."""
    data = getattr(page, "data", None)
    if not isinstance(data, list):
        raise OpenAIError(
            "The server does not list files: its answer to GET /files has no list of data, so "
            "nobody knows what is stored. Where that cannot be helped, leave out ledger."
        )
    return [file for file in data if isinstance(getattr(file, "id", None), str)]
