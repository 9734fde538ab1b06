"""`models`: what there is, or one of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from . import screen
from .session import Session, common

if TYPE_CHECKING:
    from openai_async.types.models import Model


@click.command()
@click.argument("model", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common
def models(session: Session, model: str | None, as_json: bool) -> None:
    """List the models, sorted by name, or show MODEL."""
    if model is not None:
        found = session.client.models.retrieve(model)
        if as_json:
            screen.write_json(found.to_dict(), indent=2)
        else:
            screen.table(("model", "owner", "created"), [_row(found)])
        return
    listed = sorted(session.client.models.list(), key=lambda each: each.id)
    if as_json:
        screen.write_json([each.to_dict() for each in listed], indent=2)
    else:
        screen.table(("model", "owner", "created"), map(_row, listed))


def _row(model: Model) -> tuple[object, ...]:
    return model.id, model.owned_by, day(model.created)


def day(unix_time: object) -> str | None:
    """The date of a time as the API tells it; None if it tells none."""
    if not isinstance(unix_time, (int, float)):
        return None
    return datetime.fromtimestamp(unix_time, timezone.utc).date().isoformat()
