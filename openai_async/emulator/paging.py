"""Cursor pages: one slice of a list, as the `after`, `before`, `limit` and `order` of a query ask
for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import invalid

ORDERS = ("asc", "desc")
LIMIT = 20
MOST = 100


def page(
    items: Sequence[dict[str, Any]],
    query: Mapping[str, str],
    *,
    limit: int = LIMIT,
    most: int = MOST,
) -> dict[str, Any]:
    """A page of `items`, which come in the order of their creation."""
    order = query.get("order", "desc")
    if order not in ORDERS:
        raise invalid("order", "it must be 'asc' or 'desc'")
    size = limit_of(query.get("limit"), limit, most)
    ordered = list(items) if order == "asc" else list(reversed(items))
    start, end = bounds(ordered, query)
    if "before" in query and "after" not in query:
        start = max(start, end - size)
    data = ordered[start:end][:size]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": start > 0 if "before" in query else start + len(data) < end,
    }


def limit_of(given: str | None, default: int, most: int) -> int:
    if given is None:
        return default
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise invalid("limit", f"it must be an integer from 1 to {most}")
    return int(given)


def bounds(ordered: Sequence[dict[str, Any]], query: Mapping[str, str]) -> tuple[int, int]:
    positions = {item["id"]: index for index, item in enumerate(ordered)}
    edges = {"after": -1, "before": len(ordered)}
    for param in edges:
        cursor = query.get(param)
        if cursor is not None:
            if cursor not in positions:
                raise invalid(param, f"there is no item '{cursor}'")
            edges[param] = positions[cursor]
    return edges["after"] + 1, edges["before"]
