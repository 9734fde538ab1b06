"""The files of response models: `openai_async/types/<root>/_models.py`."""

from __future__ import annotations

import json

from . import expressions
from .description import Description, Type
from .expressions import Expression, Spelling
from .helpers import TEXTS
from .imports import Imports
from .layout import Layout
from .tags import Tags

_NARROWED = ("reportGeneralTypeIssues", "reportIncompatibleVariableOverride")


class Models:
    """Writes models, and the aliases that models use."""

    def __init__(self, description: Description, layout: Layout, tags: Tags) -> None:
        self._description, self._layout, self._tags = description, layout, tags

    def text(self, root: str, types: list[Type]) -> str:
        """The module with `types`."""
        module = f"openai_async.types.{root}._models"
        imports = Imports(module, taken=frozenset(each.name for each in types))
        body = "\n\n".join(self.definition(each, imports) for each in types)
        return f"{imports.lines()}\n\n{body}"

    def definition(self, each: Type, imports: Imports) -> str:
        spell = self.spelling(each, imports)
        if each.alias is not None:
            return f"{each.name}: {imports.builtin('TypeAlias')} = {spell(each.alias)}\n"
        bases = [spell(base) for base in each.bases]
        if str(each.named) in TEXTS:
            bases.insert(0, imports.add("openai_async._texts", TEXTS[str(each.named)]))
        bases = bases or [imports.builtin("BaseModel")]
        lines = [f"class {each.name}({', '.join([*bases, *self._keywords(each)])}):"]
        if each.definition.doc:
            lines += [f'    """{each.definition.doc}"""', ""]
        for name, expression in each.types.items():
            default = "" if each.needed(name) else " = None"
            lines.append(f"    {name}: {spell(expression)}{default}{self._remark(each, name)}")
        return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"]) + "\n"

    def _keywords(self, each: Type) -> list[str]:
        found = []
        tag = self._tags.of(each)
        if tag is not None:
            found.append(f"tag_field={json.dumps(tag[0])}, tag={json.dumps(tag[1])}")
        wire = {name: field.wire for name, field in each.fields.items() if field.wire}
        return [*found, f"rename={json.dumps(wire)}"] if wire else found

    def _remark(self, each: Type, name: str) -> str:
        """Said to a checker that knows dataclasses: some models need what their base does not."""
        bases = [inner for inner in self._lineage(each) if name in inner.types]
        if each.needed(name) and any(not base.needed(name) for base in bases):
            return f"  # pyright: ignore[{', '.join(_NARROWED)}]"
        return ""

    def _lineage(self, each: Type) -> list[Type]:
        bases = self._description.base_types(each)
        return bases + [inner for base in bases for inner in self._lineage(base)]

    def spelling(self, each: Type, imports: Imports) -> Spelling:
        """How `each` spells types in a file with `imports`."""
        hidden = frozenset(each.types)
        place = self._layout.place(each)

        def named(name: str) -> str:
            found = self._description.find(each.root, name, each.name)
            if self._layout.place(found) == place:
                return found.name
            return imports.add(self._layout.module(found), found.name)

        def opens(node: Expression) -> bool:
            members = expressions.members(node)  # an alias that is such a union ends so itself
            return sum(bool(self._layout.structs(each.root, one)) for one in members) > 1

        return Spelling(named, lambda name: imports.builtin(name, hidden), opens)
