"""Values made from the description of the API: arguments to pass, and answers to receive."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from codegen.description import Description, Method, Type

FILE = ("name.txt", b"content", "text/plain")

_ATOMS = {
    "str": "text",
    "int": 7,
    "float": 1.5,
    "bool": True,
    "object": {"any": ["thing"]},
    "FileTypes": FILE,
}
_LISTS = {"list", "Iterable", "SequenceNotStr", "Sequence"}

#: Below this depth only what is required is there, and below the next nothing is.
_FULL, _DEEPEST = 3, 9


class Samples:
    """Values of any type of the description. `choice` says which member of each union to take."""

    def __init__(self, description: Description, choice: int = 0) -> None:
        self.description = description
        self.choice = choice

    def of(self, text: str, root: str, depth: int = 0) -> Any:
        """A value of the type that a file of `root` writes as `text`."""
        return self._value(ast.parse(text, mode="eval").body, root, depth)

    def arguments(self, method: Method, root: str) -> dict[str, Any]:
        """Every argument of `method` that some request may have, besides those of the path."""
        keys = [key for name in method.params for key in self._all_keys(self._find(name, root))]
        types = {name: (text, home) for name, text, _, home in keys}
        unnamed = {
            "idempotency_key": "str",
            "betas": "list[str]",
            "sdp": "str",
            "session": "object",
        }
        return {
            name: self.of(*types.get(name, (unnamed.get(name, ""), root)))
            for name in (each.rstrip("?") for each in method.parameters)
        }

    def _find(self, name: str, root: str) -> Type:
        return self.description.find(root, name, "a test")

    def _value(self, node: ast.expr, root: str, depth: int) -> Any:
        if isinstance(node, ast.BinOp):
            return self._value(self._chosen(node, depth), root, depth)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Subscript):
            return self._subscript(node, root, depth)
        name = ast.unparse(node)
        if name in _ATOMS:
            return _ATOMS[name]
        found = self._find(name, root)
        if found.kind == "aliases":
            return self.of(found.definition.type, found.root, depth)
        if depth >= _DEEPEST:
            return None
        return {
            wire: self.of(text, home, depth + 1)
            for wire, text, required, home in self._keys(found)
            if required or depth < _FULL
        }

    def _subscript(self, node: ast.Subscript, root: str, depth: int) -> Any:
        head = ast.unparse(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Literal":
            return ast.literal_eval(inner[0])
        if depth >= _DEEPEST:
            return [] if head in _LISTS else {}
        if head == "dict":
            return {"key": self._value(inner[1], root, depth + 1)}
        assert head in _LISTS, head
        return [self._value(inner[0], root, depth + 1)]

    def _chosen(self, node: ast.BinOp, depth: int) -> ast.expr:
        members = [each for each in _members(node) if ast.unparse(each) != "None"]
        if depth >= _FULL:  # what is not another object ends the description soonest
            return min(members, key=lambda each: isinstance(each, (ast.Name, ast.Attribute)))
        return members[self.choice % len(members)]

    def _keys(self, found: Type) -> Iterator[tuple[str, str, bool, str]]:
        """Wire name, type, whether it is required, and root, of each field or key."""
        for base in self.description.base_types(found):
            yield from self._keys(base)
        for name, field in found.fields.items():
            yield field.wire or name, field.type, found.needed(name), found.root
        for name, text in found.definition.required.items():
            yield name, text, True, found.root
        for name, text in found.definition.optional.items():
            yield name, text, False, found.root

    def _all_keys(self, found: Type) -> Iterator[tuple[str, str, bool, str]]:
        """Those of every member, if `found` is a union."""
        if found.alias is None:
            yield from self._keys(found)
            return
        for member in _members(found.alias):
            yield from self._all_keys(self._find(ast.unparse(member), found.root))


def _members(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _members(node.left)
        yield from _members(node.right)
    else:
        yield node
