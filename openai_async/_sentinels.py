"""The two marks of an argument that was not passed: `omit` (leave it out) and `not_given`."""

from __future__ import annotations

from typing import Any, Literal

#: There is one mark of each kind, however often its class is called: code compares with `is`.
_ONE: dict[type, Any] = {}


class Omit:
    """Leaves the argument, header or key out of the request, even if a default would send it."""

    __slots__ = ()

    def __new__(cls) -> Omit:
        mark: Omit = _ONE.setdefault(cls, super().__new__(cls))
        return mark

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "omit"

    def __reduce__(self) -> str:
        return "omit"


class NotGiven:
    """Means the caller said nothing, where None has a meaning of its own (`timeout=None`)."""

    __slots__ = ()

    def __new__(cls) -> NotGiven:
        mark: NotGiven = _ONE.setdefault(cls, super().__new__(cls))
        return mark

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __reduce__(self) -> str:
        return "not_given"


omit: Omit = Omit()
not_given: NotGiven = NotGiven()
NOT_GIVEN: NotGiven = not_given

#: The classes of the two marks, for where calling `is_given` for each value costs too much.
ABSENT = (Omit, NotGiven)


def is_given(value: Any) -> bool:
    """Whether `value` is something a caller passed, rather than one of the two marks."""
    return not isinstance(value, ABSENT)
