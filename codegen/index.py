"""The `__init__` of packages of types: names that load on first use."""

from __future__ import annotations

from collections.abc import Mapping

from .description import Description, Type
from .layout import Layout

#: Names a package offers, by module: what each is called there.
Offers = dict[str, dict[str, str]]


class Index:
    """Says which package offers which names, and writes that."""

    def __init__(self, description: Description, layout: Layout) -> None:
        self._description, self._layout = description, layout
        self._offers: dict[str, dict[str, Type]] = {f"types.{r}": {} for r in self._roots()}
        self._offers["types"] = {}
        self._collect()

    def _roots(self) -> list[str]:
        return sorted({each.root for each in self._description.types.values()})

    def _collect(self) -> None:
        for each in self._description.types.values():
            self._offers[f"types.{each.root}"][each.name] = each
        for each in self._description.types.values():
            package = each.module.rpartition(".")[0]
            public = each.definition.exported or each.official_name == each.name
            if public and package != f"types.{each.root}" and package:
                self._offers.setdefault(package, {}).setdefault(each.official_name, each)
        for package, names in self._description.exports.items():
            for name, target in names.items():
                found = self._description.find("shared", target, package)
                self._offers.setdefault(package, {}).setdefault(name, found)

    @property
    def packages(self) -> list[str]:
        """The packages of types, as `types.beta.threads`."""
        found = set(self._offers)
        for package in self._offers:
            parts = package.split(".")
            found |= {".".join(parts[:n]) for n in range(1, len(parts))}
        return sorted(found)

    def children(self, package: str) -> list[str]:
        """The last names of the packages inside `package`."""
        return [p.rpartition(".")[2] for p in self.packages if p.rpartition(".")[0] == package]

    def names(self, package: str) -> dict[str, Type]:
        return self._offers.get(package, {})

    def text(self, package: str) -> str:
        """The `__init__` of `openai_async.<package>`."""
        depth = package.count(".") + 1
        offers: Offers = {f".{child}": {child: child} for child in self.children(package)}
        for name, each in self.names(package).items():
            offers.setdefault(self._from(package, each), {})[name] = each.name
        return lazy_package("." * (depth + 1) + "_lazy", offers)

    def _from(self, package: str, each: Type) -> str:
        root, file = self._layout.place(each)
        parts = package.split(".")[1:]
        if parts[:1] == [root]:
            return "." * len(parts) + file
        return "." * (len(parts) + 1) + f"{root}.{file}"

    def mirror(self, package: str) -> str:
        """The `__init__` of `openai_sync.<package>`: the same names, the same classes."""
        children = self.children(package)
        inner = ", ".join(f'"{child}"' for child in children)
        arguments = f'__name__, "openai_async.{package}"' + (f", ({inner},)" if inner else "")
        return (
            "from typing import TYPE_CHECKING\n\nfrom openai_async._lazy import mirrored_names\n\n"
            f"if TYPE_CHECKING:\n    from openai_async.{package} import *  # noqa: F403\n"
            f"else:\n    __getattr__, __dir__, __all__ = mirrored_names({arguments})\n"
        )


def lazy_package(lazy: str, offers: Mapping[str, Mapping[str, str]]) -> str:
    """A package whose names load on first use: `offers` has them by module, with the name there."""
    typed, renamed, table = "", "", ""
    for module, names in sorted(offers.items()):
        shown = []
        for name, there in sorted(names.items()):
            source = "." if module == f".{name}" else module
            if there == name:
                typed += f"    from {source} import {name} as {name}\n"
            else:  # a name that was changed is no re-export
                typed += f"    from {source} import {there} as _{there}\n"
                renamed += f"    {name} = _{there}\n"
            shown.append(f'"{there} as {name}"' if there != name else f'"{name}"')
        table += f'        "{module}": ({", ".join(shown)},),\n'
    return (
        f"from typing import TYPE_CHECKING\n\nfrom {lazy} import lazy_names\n\n"
        f"if TYPE_CHECKING:\n{typed}\n{renamed}else:\n"
        f"    __getattr__, __dir__, __all__ = lazy_names(\n        __name__,\n"
        f"        {{\n{table}        }},\n    )\n"
    )
