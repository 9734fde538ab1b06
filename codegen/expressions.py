"""Type expressions: what the description says a value is, and how Python spells it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

#: Names that are types by themselves, and the generic ones.
PLAIN = {"str", "int", "float", "bool", "object", "bytes", "FileTypes"}
GENERIC = {"list", "dict", "Iterable", "SequenceNotStr", "Sequence", "Literal"}

#: A parsed expression.
Expression = ast.expr


class ExpressionError(ValueError):
    """An expression that is no type."""


def parse(text: str) -> Expression:
    """The expression `text`. ExpressionError if it is no type."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise ExpressionError(f"{text!r} is not a type.") from None
    _check(node, text)
    return node


def _check(node: Expression, text: str) -> None:
    for each in members(node):
        if isinstance(each, ast.Subscript):
            if ast.unparse(each.value) not in GENERIC:
                raise ExpressionError(f"{text!r} has an unknown generic: {ast.unparse(each)}.")
            if not _is_literal(each):
                for argument in arguments(each):
                    _check(argument, text)
        elif not isinstance(each, (ast.Name, ast.Attribute)) and not _is_none(each):
            raise ExpressionError(f"{text!r} is not a type: {ast.unparse(each)}.")


def members(node: Expression) -> list[Expression]:
    """The members of a union, in order; `node` alone if it is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*members(node.left), *members(node.right)]
    return [node]


def arguments(node: ast.Subscript) -> list[Expression]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_none(node: Expression) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_literal(node: Expression) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"


def is_optional(node: Expression) -> bool:
    """Whether null is one of its values."""
    return any(map(_is_none, members(node)))


def literals(node: Expression) -> tuple[object, ...]:
    """The values that `node` enumerates, null aside; empty if it is not an enumeration."""
    found: list[object] = []
    for each in members(node):
        if isinstance(each, ast.Subscript) and _is_literal(each):
            found += [ast.literal_eval(argument) for argument in arguments(each)]
        elif not _is_none(each):
            return ()
    return tuple(found)


def walk(node: Expression) -> Iterator[Expression]:
    """`node` and every expression inside it, literals not entered."""
    yield node
    for each in members(node):
        if each is not node:
            yield each
        if isinstance(each, ast.Subscript) and not _is_literal(each):
            for argument in arguments(each):
                yield from walk(argument)


def name_of(node: Expression) -> str | None:
    """The name of the described type that `node` is, if it is one."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = ast.unparse(node)
        return None if name in PLAIN else name
    return None


def names(node: Expression) -> list[str]:
    """The names of described types in `node`."""
    found = {name: None for each in walk(node) if (name := name_of(each)) is not None}
    return list(found)


class Spelling:
    """How one file spells types: `named` gives its name for a described type, `builtin` for others.

    `opens` says whether a union has to end with `Unknown`; `builtin("Unknown")` is then asked for.
    """

    def __init__(
        self,
        named: Callable[[str], str],
        builtin: Callable[[str], str],
        opens: Callable[[Expression], bool] = lambda union: False,
    ) -> None:
        self._named, self._builtin, self._opens = named, builtin, opens

    def __call__(self, node: Expression) -> str:
        parts = [self._member(each) for each in members(node)]
        if self._opens(node):
            parts.append(self._builtin("Unknown"))
        unique = list(dict.fromkeys(parts))
        if "None" in unique:
            unique = [part for part in unique if part != "None"] + ["None"]
        return " | ".join(unique)

    def _member(self, node: Expression) -> str:
        if _is_none(node):
            return "None"
        name = name_of(node)
        if name is not None:
            return self._named(name)
        if not isinstance(node, ast.Subscript):
            return self._builtin(ast.unparse(node))
        head = self._builtin(ast.unparse(node.value))
        if _is_literal(node):
            return f"{head}[{', '.join(_quoted(each) for each in arguments(node))}]"
        return f"{head}[{', '.join(map(self, arguments(node)))}]"


def _quoted(node: Expression) -> str:
    value = ast.literal_eval(node)
    return (
        '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if isinstance(value, str)
        else repr(value)
    )
