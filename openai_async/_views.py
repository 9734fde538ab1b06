"""The two other ways to call the methods of a resource, loaded when one is first used."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Any


def _raw(viewed: Viewed) -> Any:
    """The same methods, returning the whole answer: status, headers, and what to parse."""
    return _view(viewed, "")


def _streaming(viewed: Viewed) -> Any:
    """The same methods, returning a context manager in which the answer can be read."""
    return _view(viewed, "Streamed")


class Viewed:
    """Something with resources or methods; its classes declare which views they have."""

    with_raw_response: Any = cached_property(_raw)
    with_streaming_response: Any = cached_property(_streaming)


def _view(viewed: Viewed, prefix: str) -> Any:
    """A view of `viewed`, from the module beside that of its class in the package `_raw`."""
    for cls in type(viewed).__mro__:
        package, _, module = cls.__module__.rpartition(".")
        if package.endswith(".resources"):
            views = importlib.import_module(f"{package}._raw.{module}")
            return getattr(views, prefix + cls.__name__)(viewed)
    raise AttributeError(f"{type(viewed).__name__} has no methods that the API answers.")
