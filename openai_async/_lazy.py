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

    `names` maps a module (`"._models"`) to what it provides; one that provides its own last name
    (`".chat": ("chat",)`) becomes an attribute of the package itself.
    """
    homes = {name: module for module, provided in names.items() for name in provided}

    def load(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(home, package)
        value = module if home.rpartition(".")[2] == name else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    public = sorted(homes)
    return load, lambda: sorted({*vars(sys.modules[package]), *public}), public
