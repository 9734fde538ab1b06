"""What is known of the official package: its definitions, by module, and our names for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import naming
from .naming import Key

#: Modules that hold no part of the API: the helpers that need them bring them.
NO_API = ("types.websocket_", "types.chat.parsed_", "types.responses.parsed_")

#: What two roots need of each other stands in `shared`.
SHARED = "shared"


class Source:
    """The two JSON files, with every name resolved to where it is defined."""

    def __init__(self, methods: list[dict[str, Any]], types: dict[str, Any]) -> None:
        self.methods = methods
        self.packages: dict[str, dict[str, str]] = types["packages"]
        self.modules: dict[str, dict[str, Any]] = types["modules"]
        self.single = [m for m in methods if m["kind"] not in ("helper", "websocket", "local")]

    def definition(self, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = self.modules[key[0]]["defs"][key[1]]
        return found

    def definitions(self) -> Iterator[Key]:
        """Every definition of the API, under the one key that it goes by."""
        for module, content in self.modules.items():
            for name in content["defs"]:
                key = (module, name)
                if not module.startswith(NO_API) and self.resolved(key) == key and self.is_api(key):
                    yield key

    def is_api(self, key: Key) -> bool:
        alias = self.definition(key).get("alias", "")
        return not alias.startswith(("TypedDict(", "TypeVar(", "frozenset("))

    def resolve(self, module: str, name: str) -> Key | None:
        content = self.modules[module]
        if name in content["defs"]:
            return self.resolved((module, name))
        target = content["names"].get(name)
        if target is None:
            return None
        home, _, there = target.partition(":")
        if home not in self.modules:
            return None
        return self.resolved((home, there)) if there in self.modules[home]["defs"] else None

    def resolved(self, key: Key) -> Key:
        """`key`, or what it is another name of."""
        module, name = key
        alias = self.definition(key).get("alias")
        if alias is None:
            return key
        twin = module.replace("types.shared_params.", "types.shared.", 1)
        if twin != module and twin in self.modules:
            same = self.modules[twin]["defs"].get(name, {}).get("alias") == alias
            if same and not self._refers(module, alias):
                return twin, name
        last = alias.rpartition(".")[2]
        if alias.replace(".", "").isidentifier() and last not in ("str", "int", "object", "bool"):
            if "." in alias:
                target = self.modules[module]["names"].get(alias.partition(".")[0], "")
                home = target.replace(":", ".")
                return self.resolved((home, last))
            if name.startswith("_"):
                found = self.resolve(module, alias)
                if found is not None and found != key:
                    return found
        return key

    def _refers(self, module: str, text: str) -> bool:
        names = (n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name))
        content = self.modules[module]
        return any(name in content["defs"] or name in content["names"] for name in names)

    def kind(self, key: Key) -> str:
        """`aliases`, `params` or `models`. Bases decide: the data calls some TypedDicts models."""
        definition = self.definition(key)
        if "alias" in definition:
            return "aliases"
        for base in definition["bases"]:
            if base == "BaseModel":
                return "models"
            if base == "TypedDict" or "ReservedKeywords" in base:
                return "params"
        parent = self.resolve(key[0], definition["bases"][0])
        assert parent is not None, key
        return self.kind(parent)

    def expressions(self, key: Key) -> list[str]:
        definition = self.definition(key)
        if "alias" in definition:
            return [str(definition["alias"])]
        texts: list[str] = [each["type"] for each in definition["fields"]]
        return texts + list(definition["bases"])

    def references(self, key: Key) -> list[Key]:
        found: dict[Key, None] = {}
        for text in self.expressions(key):
            for node in ast.walk(ast.parse(text, mode="eval")):
                if isinstance(node, ast.Name):
                    target = self.resolve(key[0], node.id)
                    if target is not None and target != key:
                        found[target] = None
        return list(found)


class Names:
    """Which root every definition lives in, and what it is called there."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.roots = sorted({m["path"].split(".")[0] for m in source.single})
        self.reach = self._reached()
        self.exported = {
            tuple(target.split(":"))
            for package in source.packages.values()
            for name, target in package.items()
            if name == target.split(":")[1]
        }
        self.root = {key: self._root(key) for key in source.definitions()}
        self.name = self._named()

    def _reached(self) -> dict[Key, set[str]]:
        reach: dict[Key, set[str]] = {}
        for method in self.source.single:
            root = method["path"].split(".")[0]
            todo = [
                key
                for name, home in method.get("homes", {}).items()
                if home in self.source.modules
                and (key := self.source.resolve(home, name.split(".")[-1])) is not None
            ]
            while todo:
                key = todo.pop()
                if root not in reach.setdefault(key, set()):
                    reach[key].add(root)
                    todo += self.source.references(key)
        return reach

    def _root(self, key: Key) -> str:
        parts = key[0].split(".")
        if len(parts) > 2:
            return parts[1]
        reaching = self.reach.get(key, set())
        if len(reaching) == 1:
            return next(iter(reaching))
        named = [r for r in self.roots if (parts[1] + "_").startswith(naming.singular(r) + "_")]
        return max(named, key=len, default=SHARED)

    def _short(self, key: Key) -> str:
        module, name = key
        parent = naming.module_class(module, self.source.modules[module]["defs"])
        name = name.lstrip("_")
        return name if key in self.exported or name.startswith(parent) else parent + name

    def _named(self) -> dict[Key, str]:
        taken: dict[tuple[str, str], Key] = {}
        for key in sorted(self.root, key=lambda k: (k[0].count("."), k not in self.exported, k)):
            name, depth = self._short(key), 0
            packages = key[0].split(".")[2:-1]
            while (self.root[key], name) in taken:
                depth += 1
                name = naming.longer(self._short(key), packages or ["other"], depth)
                if depth > len(packages):
                    name = naming.module_class(key[0], ()) + name
            taken[self.root[key], name] = key
        return {key: name for (_, name), key in taken.items()}

    def reference(self, key: Key, root: str) -> str:
        """How files of `root` write the name of `key`."""
        own = self.root[key] == root
        return self.name[key] if own else f"{self.root[key]}.{self.name[key]}"
