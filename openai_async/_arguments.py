"""What methods do with their arguments before they are sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from typing_extensions import ParamSpec

from ._sentinels import NotGiven, Omit, is_given, omit

P = ParamSpec("P")
R = TypeVar("R")


def unwarned(method: Callable[P, R]) -> Callable[P, R]:
    """The bound `method` without the warning that it is deprecated: its caller has warned."""
    bound = cast(Any, method)
    return cast("Callable[P, R]", inspect.unwrap(bound.__func__).__get__(bound.__self__))


def check_variants(given: Mapping[str, object], *variants: tuple[str, ...]) -> None:
    """Raises TypeError unless every argument of one of `variants` is given, if only as None."""
    if any(all(is_given(given[name]) for name in variant) for variant in variants):
        return
    alternatives = [" and ".join(filter(None, _grouped(variant))) for variant in variants]
    raise TypeError(f"This method needs {', or '.join(alternatives)}.")


def _grouped(names: tuple[str, ...]) -> tuple[str, str]:
    """All but the last name, and the last."""
    return ", ".join(names[:-1]), names[-1]


def joined(values: Iterable[object] | NotGiven | Omit) -> str | Omit:
    """`values` as one header: joined by commas; `omit` if there are none."""
    if isinstance(values, (NotGiven, Omit)):
        return omit
    return ",".join(map(str, values)) or omit
