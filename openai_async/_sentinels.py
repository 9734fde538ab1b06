"""The two marks of an argument that was not passed: `omit` (leave it out) and `not_given`."""

from __future__ import annotations

from typing import Any, Literal


class Omit:
    """Leaves the argument, header or key out of the request, even if a default would send it."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "omit"

    def __reduce__(self) -> str:
        return "omit"


class NotGiven:
    """Means the caller said nothing, where None already has a meaning (`timeout=None`: no limit)."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __reduce__(self) -> str:
        return "not_given"


omit = Omit()
not_given = NotGiven()
NOT_GIVEN = not_given

_ABSENT = (Omit, NotGiven)


def is_given(value: Any) -> bool:
    """Whether `value` is something a caller passed, rather than one of the two marks."""
    return not isinstance(value, _ABSENT)
