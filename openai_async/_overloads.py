"""Methods that are made of other methods, as type checkers see them.

A `ParamSpec` keeps one signature. Where a method has several, each is made by itself, and
`overloads` puts them together; at run time there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from typing_extensions import ParamSpec

P = ParamSpec("P")
P1 = ParamSpec("P1")
P2 = ParamSpec("P2")
P3 = ParamSpec("P3")
P4 = ParamSpec("P4")
P5 = ParamSpec("P5")
R = TypeVar("R", covariant=True)
R1 = TypeVar("R1", covariant=True)
R2 = TypeVar("R2", covariant=True)
R3 = TypeVar("R3", covariant=True)
R4 = TypeVar("R4", covariant=True)
R5 = TypeVar("R5", covariant=True)


class Method(Protocol[P, R]):
    """A method as type checkers see it; at run time it is a plain function."""

    def __get__(self, instance: Any, owner: Any = None) -> Callable[P, R]: ...


class Overloaded(Protocol[R]):
    """A method that is called like `R`."""

    def __get__(self, instance: Any, owner: Any = None) -> R: ...


class Two(Protocol[P1, R1, P2, R2]):
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2: ...


class Three(Protocol[P1, R1, P2, R2, P3, R3]):
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2: ...
    @overload
    def __call__(self, *args: P3.args, **kwargs: P3.kwargs) -> R3: ...


class Four(Protocol[P1, R1, P2, R2, P3, R3, P4, R4]):
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2: ...
    @overload
    def __call__(self, *args: P3.args, **kwargs: P3.kwargs) -> R3: ...
    @overload
    def __call__(self, *args: P4.args, **kwargs: P4.kwargs) -> R4: ...


class Five(Protocol[P1, R1, P2, R2, P3, R3, P4, R4, P5, R5]):
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2: ...
    @overload
    def __call__(self, *args: P3.args, **kwargs: P3.kwargs) -> R3: ...
    @overload
    def __call__(self, *args: P4.args, **kwargs: P4.kwargs) -> R4: ...
    @overload
    def __call__(self, *args: P5.args, **kwargs: P5.kwargs) -> R5: ...


@overload
def overloads(one: Method[P1, R1], two: Method[P2, R2], /) -> Overloaded[Two[P1, R1, P2, R2]]: ...
@overload
def overloads(
    one: Method[P1, R1], two: Method[P2, R2], three: Method[P3, R3], /
) -> Overloaded[Three[P1, R1, P2, R2, P3, R3]]: ...
@overload
def overloads(
    one: Method[P1, R1], two: Method[P2, R2], three: Method[P3, R3], four: Method[P4, R4], /
) -> Overloaded[Four[P1, R1, P2, R2, P3, R3, P4, R4]]: ...
@overload
def overloads(
    one: Method[P1, R1],
    two: Method[P2, R2],
    three: Method[P3, R3],
    four: Method[P4, R4],
    five: Method[P5, R5],
    /,
) -> Overloaded[Five[P1, R1, P2, R2, P3, R3, P4, R4, P5, R5]]: ...
def overloads(*methods: Any) -> Any:
    """A method that is called like any of these."""
    return methods[0]
