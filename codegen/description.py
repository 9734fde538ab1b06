"""The API as we describe it: the TOML files of `codegen/api`, loaded and checked.

A name in a type is one of the same root (`Embedding`) or of another (`shared.Metadata`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from . import expressions
from .expressions import Expression
from .naming import resource_classes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Kind = Literal["models", "params", "aliases"]
KINDS: tuple[Kind, ...] = ("models", "params", "aliases")

#: How an argument is sent that is neither in the path, nor the query, nor the body.
HEADER_ARGUMENTS = ("betas", "idempotency_key")


class DescriptionError(Exception):
    """What the description says makes no sense; the message says where."""


class Field(Struct, forbid_unknown_fields=True):
    """A field of a model, where there is more to say than its type."""

    type: str
    wire: str | None = None
    required: bool | None = None


class Definition(Struct, forbid_unknown_fields=True):
    """A named type. `official` is where the official package has it: a module (`:Name` there)."""

    official: str = ""
    exported: bool = False
    doc: str = ""
    bases: list[str] = []
    fields: dict[str, str | Field] = {}
    required: dict[str, str] = {}
    optional: dict[str, str] = {}
    type: str = ""


class Method(Struct, forbid_unknown_fields=True):
    """One request: `http` is its verb and path, the rest where it differs from the usual."""

    http: str
    doc: str
    result: str = "None"
    page: str = ""
    stream: str = ""
    params: list[str] = []
    parameters: list[str] = []
    query: list[str] = []
    positional: list[str] | None = None
    order: list[str] | None = None
    headers: dict[str, str] = {}
    auth: Literal["bearer", "admin", "either"] = "bearer"
    files: list[str] | None = None
    json_without_files: bool = False
    envelope: bool = False
    events: bool = False
    variants: list[list[str]] = []
    deprecated: str = ""


class _Document(Struct, forbid_unknown_fields=True):
    models: dict[str, Definition] = {}
    params: dict[str, Definition] = {}
    aliases: dict[str, Definition] = {}
    methods: dict[str, Method] = {}
    classes: dict[str, str] = {}
    mounts: dict[str, str] = {}
    exports: dict[str, dict[str, str]] = {}


class Named(Struct, frozen=True):
    """A definition with its place; equal if root and name are."""

    root: str
    name: str

    def __str__(self) -> str:
        return f"{self.root}.{self.name}"


class Type:
    """A definition with its expressions parsed and their names resolved."""

    def __init__(self, named: Named, kind: Kind, definition: Definition) -> None:
        self.named, self.kind, self.definition = named, kind, definition
        self.root, self.name = named.root, named.name
        parse = expressions.parse
        self.bases = [parse(text) for text in definition.bases]
        self.alias = parse(definition.type) if kind == "aliases" else None
        self.fields: dict[str, Field] = {}
        for name, field in definition.fields.items():
            self.fields[name] = Field(type=field) if isinstance(field, str) else field
        texts = {n: f.type for n, f in self.fields.items()}
        texts |= {**definition.required, **definition.optional}
        self.types: dict[str, Expression] = {name: parse(text) for name, text in texts.items()}

    @property
    def module(self) -> str:
        """The official module that defines it."""
        return self.definition.official.partition(":")[0]

    @property
    def official_name(self) -> str:
        return self.definition.official.partition(":")[2] or self.name

    def needed(self, name: str) -> bool:
        """Whether the field `name` of a model has no default."""
        said = self.fields[name].required
        return said if said is not None else not expressions.is_optional(self.types[name])

    def expressions(self) -> list[Expression]:
        own = [self.alias] if self.alias is not None else list(self.types.values())
        return own + self.bases


class Description:
    """Everything there is to generate from."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.roots = sorted(documents)
        self.types: dict[Named, Type] = {}
        self.methods: dict[str, Method] = {}
        self.mounts: dict[str, str] = {}
        self.exports: dict[str, dict[str, str]] = {}
        self._classes: dict[str, str] = {}
        for root in self.roots:
            self._take(root, documents[root])
        self._check()
        self.classes: dict[str, str] = {}
        for root in self.resource_roots:
            self.classes.update(resource_classes(self.namespaces(root), self._classes))

    def _take(self, root: str, content: Mapping[str, Any]) -> None:
        try:
            document = msgspec.convert(content, _Document)
        except msgspec.ValidationError as error:
            raise DescriptionError(f"{root}.toml: {error}") from None
        for kind in KINDS:
            for name, definition in getattr(document, kind).items():
                named = Named(root, name)
                if named in self.types:
                    raise DescriptionError(f"{root}.toml describes {name} twice.")
                self.types[named] = Type(named, kind, definition)
        self.methods.update(document.methods)
        self.mounts.update(document.mounts)
        self._classes.update(document.classes)
        for package, names in document.exports.items():
            self.exports.setdefault(package, {}).update(names)

    def _check(self) -> None:
        for each in self.types.values():
            for expression in each.expressions():
                for name in expressions.names(expression):
                    self.find(each.root, name, each.name)
        for path, method in self.methods.items():
            root = path.partition(".")[0]
            texts = [t for t in (method.result, method.stream, *method.params) if t != "binary"]
            for text in texts:
                for name in expressions.names(expressions.parse(text or "None")):
                    self.find(root, name, path)

    def find(self, root: str, name: str, user: str) -> Type:
        """What files of `root` mean by `name`. DescriptionError if there is no such type."""
        home, _, own = name.rpartition(".")
        found = self.types.get(Named(home or root, own))
        if found is None:
            raise DescriptionError(f"{root}.toml: {user} refers to {name}, which is not described.")
        return found

    def references(self, each: Type) -> list[Type]:
        """The types that the expressions of `each` name."""
        found = {
            name: self.find(each.root, name, each.name)
            for expression in each.expressions()
            for name in expressions.names(expression)
        }
        return list(found.values())

    def base_types(self, each: Type) -> list[Type]:
        return [self.find(each.root, b, each.name) for b in each.definition.bases]

    @property
    def resource_roots(self) -> list[str]:
        return sorted({path.partition(".")[0] for path in self.methods})

    def namespaces(self, root: str) -> list[str]:
        """The namespaces with methods of `root` and those that lead to them."""
        found: set[str] = set()
        for path in self.methods:
            parts = path.split(".")[:-1]
            if parts[0] == root:
                found |= {".".join(parts[: n + 1]) for n in range(len(parts))}
        return sorted(found)

    def of_root(self, root: str) -> Iterator[Type]:
        return (each for each in self.types.values() if each.root == root)


def load(folder: Path) -> Description:
    """The description in the TOML files of `folder`. DescriptionError if it makes no sense."""
    files = sorted(folder.glob("*.toml"))
    return Description({f.stem: tomllib.loads(f.read_text(encoding="utf-8")) for f in files})
