"""The vector store that `upload --new-vector-store` makes: once, however often the command runs."""

from __future__ import annotations

import json
from contextlib import suppress

from openai_async import NotFoundError
from openai_async._bulk.ledger import Ledger

from .session import Session

_EVENT = "vector_store"


def new_store(session: Session, name: str, ledger: str | None) -> str:
    """The id of the vector store: of an earlier run, if its ledger knows one that still exists."""
    stores = session.client.vector_stores
    known = None if ledger is None else _known(ledger, name)
    if known is not None:
        with suppress(NotFoundError):
            return stores.retrieve(known).id
    kept = Ledger(ledger)
    kept.open()
    try:
        made = stores.create(name=name).id
        kept.write(_EVENT, name=name, vector_store_id=made)
    finally:
        kept.close()
    session.say(f"Made the vector store {made}.")
    return made


def _known(ledger: str, name: str) -> str | None:
    """The last vector store of that name in a ledger."""
    found = None
    try:
        with open(ledger, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with suppress(ValueError):
                    event = json.loads(line)
                    if not isinstance(event, dict):  # no ledger, as whoever opens it will say
                        continue
                    if event.get("event") == _EVENT and event.get("name") == name:
                        found = event.get("vector_store_id")
    except FileNotFoundError:
        return None
    return found if isinstance(found, str) else None
