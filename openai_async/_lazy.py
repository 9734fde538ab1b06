"""Packages whose names load on first use, so that importing the client loads no types."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazy_names(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` for a package that finds `names` in its submodules.

    `names` maps a module (`"._models"`) to what it provides, under another name if it says
    `"Role as UserRole"`; one that provides its own last name (`".chat": ("chat",)`) becomes an
    attribute of the package itself.
    """
    homes = {
        name.rpartition(" ")[2]: (module, name.partition(" ")[0])
        for module, provided in names.items()
        for name in provided
    }

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, there = homes[name]
        module = importlib.import_module(home, package)
        value = module if home.rpartition(".")[2] == there else getattr(module, there)
        setattr(sys.modules[package], name, value)
        return value

    public = sorted(homes)
    return load, lambda: sorted({*vars(sys.modules[package]), *public}), public


def mirrored_names(
    package: str, original: str, inner: Sequence[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The same for a package with the names of the package `original`, and packages `inner`."""
    names: list[str] = importlib.import_module(original).__all__
    homes = {original: [name for name in names if name not in inner]}
    return lazy_names(package, homes | {f".{name}": [name] for name in inner})
