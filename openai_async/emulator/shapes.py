"""The shapes of JSON values, for telling them apart."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def is_objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return is_list(value) and all(is_object(item) for item in value)
