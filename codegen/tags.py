"""How the members of unions are told apart: by a field whose value only one of them has.

A model gets a tag where all unions it is in agree on the field. Unions of which some member has no
tag are resolved at run time in Python (`openai_async/_build.py`): slower, and right as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from . import expressions
from .description import Description, Named, Type
from .layout import Layout

#: Fields that say what an object is, the most telling first.
TELLING = ("type", "event", "object", "role", "action", "kind", "name")


class Union:
    """A union of models somewhere in the description; `place` says where."""

    def __init__(self, place: str, members: list[Type]) -> None:
        self.place = place
        self.members = members


class Tags:
    """The tag field and tag of every model that has one."""

    def __init__(self, description: Description, layout: Layout) -> None:
        self._description, self._layout = description, layout
        self.unions = list(self._unions())
        self._tags = self._agreed()

    def of(self, each: Type) -> tuple[str, str] | None:
        """The tag field and the tag that the class statement of `each` has to give."""
        return self._tags.get(each.named)

    def effective(self, each: Type) -> tuple[str, str] | None:
        """The tag of `each`, its own or that of a base."""
        found = self.of(each)
        for base in self._description.base_types(each):
            found = found or self.effective(base)
        return found

    def _unions(self) -> Iterator[Union]:
        seen: set[frozenset[Named]] = set()
        for each in self._description.types.values():
            if each.kind == "params":
                continue
            for expression in each.expressions():
                for node in expressions.walk(expression):
                    members = self._layout.structs(each.root, node)
                    names = frozenset(member.named for member in members)
                    if len(members) > 1 and names not in seen:
                        seen.add(names)
                        yield Union(str(each.named), members)

    def _owner(self, each: Type, field: str) -> tuple[Type, tuple[object, ...]] | None:
        """The class that declares `field` for `each`, and the values it lists there."""
        if field in each.types:
            renamed = each.fields[field].wire not in (None, field)
            values = () if renamed else expressions.literals(each.types[field])
            return (each, values) if values else None
        for base in self._description.base_types(each):
            found = self._owner(base, field)
            if found is not None:
                return found
        return None

    def _telling(self, union: Union) -> str | None:
        """The field that tells all members of `union` apart."""
        for field in TELLING:
            found = [self._owner(member, field) for member in union.members]
            values = [each[1] if each is not None else () for each in found]
            tags = [value[0] for value in values if len(value) == 1]
            if len({*tags}) == len(union.members) and all(isinstance(t, str) for t in tags):
                return field
        return None

    def _agreed(self) -> dict[Named, tuple[str, str]]:
        wanted: dict[Named, Counter[str]] = {}
        owners: dict[Named, tuple[Type, str]] = {}
        for union in self.unions:
            field = self._telling(union)
            for member in union.members if field is not None else ():
                wanted.setdefault(member.named, Counter())[field or ""] += 1
        for name, fields in wanted.items():
            if len(fields) > 1:
                continue
            field = next(iter(fields))
            owner = self._owner(self._description.types[name], field)
            assert owner is not None
            owners[owner[0].named] = (owner[0], field)
        return {
            name: (field, str(expressions.literals(owner.types[field])[0]))
            for name, (owner, field) in owners.items()
        }

    def not_native(self) -> list[Union]:
        """The unions that Python has to resolve."""
        found = []
        for union in self.unions:
            tags = [self.effective(member) for member in union.members]
            fields = {tag[0] for tag in tags if tag is not None}
            if None in tags or len(fields) > 1 or len({*tags}) < len(tags):
                found.append(union)
        return found
