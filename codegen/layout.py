"""Which file each type stands in, and in which order.

Models are needed whenever a method is called, params only by type checkers: they share no file. An
alias stands with the models if one of them needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from . import expressions
from .description import Description, Named, Type

#: A generated file of types: the root, and `_models` or `_params`.
Place = tuple[str, str]


class Layout:
    def __init__(self, description: Description) -> None:
        self.description = description

    def place(self, each: Type) -> Place:
        return each.root, "_models" if each.named in self._with_models else "_params"

    def module(self, each: Type) -> str:
        """The module that defines `each`."""
        return "openai_async.types.{}.{}".format(*self.place(each))

    @cached_property
    def _with_models(self) -> set[Named]:
        types = self.description.types.values()
        models = [each for each in types if each.kind == "models"]
        found = {each.named for each in self._closure(models)}
        for each in types:
            kinds = {inner.kind for inner in self._closure([each])}
            if each.kind == "aliases" and "models" in kinds and "params" not in kinds:
                found.add(each.named)
        return found

    def _closure(self, types: Iterable[Type]) -> list[Type]:
        found: dict[Named, Type] = {}
        todo = list(types)
        while todo:
            each = todo.pop()
            if each.named not in found:
                found[each.named] = each
                todo += self.description.references(each)
        return list(found.values())

    def files(self) -> dict[Place, list[Type]]:
        """Every file of types with what stands in it, in order."""
        found: dict[Place, list[Type]] = {}
        for each in self.description.types.values():
            found.setdefault(self.place(each), []).append(each)
        return {place: self._ordered(types) for place, types in sorted(found.items())}

    def _ordered(self, types: list[Type]) -> list[Type]:
        """What a type is made of before it, as far as types are not made of each other."""
        together = {each.named for each in types}

        def inside(needs: Callable[[Type], list[Type]]) -> Callable[[Type], list[Type]]:
            return lambda each: [other for other in needs(each) if other.named in together]

        return _sorted(_sorted(types, inside(self.description.references)), inside(self._needed))

    def _needed(self, each: Type) -> list[Type]:
        """What has to exist when `each` is defined: annotations may come later."""
        if each.kind == "aliases":
            return self.description.references(each)
        return self.description.base_types(each)

    def structs(self, root: str, node: expressions.Expression) -> list[Type]:
        """The models that a value of this type may be, aliases looked through."""
        found: dict[Named, Type] = {}
        for each in expressions.members(node):
            name = expressions.name_of(each)
            if name is None:
                continue
            named = self.description.find(root, name, "a union")
            if named.kind == "models":
                found[named.named] = named
            elif named.alias is not None:
                found |= {inner.named: inner for inner in self.structs(named.root, named.alias)}
        return list(found.values())


def _sorted(types: list[Type], needs: Callable[[Type], list[Type]]) -> list[Type]:
    done: dict[Named, Type] = {}
    begun: set[Named] = set()

    def put(each: Type) -> None:
        if each.named in begun:
            return
        begun.add(each.named)
        for other in needs(each):
            put(other)
        done[each.named] = each

    for each in types:
        put(each)
    return list(done.values())
