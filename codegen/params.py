"""The files of parameter types: `openai_async/types/<root>/_params.py`."""

from __future__ import annotations

import json

from .description import Description, Type
from .expressions import Spelling
from .imports import Imports, is_reserved
from .layout import Layout


class Params:
    """Writes TypedDicts, and the aliases that only they use."""

    def __init__(self, description: Description, layout: Layout) -> None:
        self._description, self._layout = description, layout

    def text(self, root: str, types: list[Type]) -> str:
        """The module with `types`."""
        module = f"openai_async.types.{root}._params"
        imports = Imports(module, taken=frozenset(each.name for each in types))
        body = "\n\n".join(self.definition(each, imports) for each in types)
        return f"{imports.lines()}\n\n{body}"

    def definition(self, each: Type, imports: Imports) -> str:
        spell = self.spelling(each, imports)
        if each.alias is not None:
            return f"{each.name}: {imports.builtin('TypeAlias')} = {spell(each.alias)}\n"
        typed_dict = imports.builtin("TypedDict")
        bases = [spell(base) for base in each.bases] or [typed_dict]
        spelled = {name: spell(expression) for name, expression in each.types.items()}
        for name in each.definition.required:
            spelled[name] = f"{imports.builtin('Required')}[{spelled[name]}]"
        reserved = {name: text for name, text in spelled.items() if is_reserved(name)}
        before = ""
        if reserved:  # a key that is a keyword cannot be written in the body of a class
            base = f"_{each.name}Reserved"
            keys = ", ".join(f"{json.dumps(name)}: {text}" for name, text in reserved.items())
            before = f'{base} = {typed_dict}("{base}", {{{keys}}}, total=False)\n\n\n'
            bases = [base, *(b for b in bases if b != typed_dict)]
        lines = [f"{before}class {each.name}({', '.join(bases)}, total=False):"]
        if each.definition.doc:
            lines += [f'    """{each.definition.doc}"""', ""]
        lines += [f"    {name}: {text}" for name, text in spelled.items() if name not in reserved]
        return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"]) + "\n"

    def spelling(self, each: Type, imports: Imports) -> Spelling:
        """How `each` spells types in a file with `imports`."""
        hidden = frozenset(name for name in each.types if not is_reserved(name))
        place = self._layout.place(each)

        def named(name: str) -> str:
            found = self._description.find(each.root, name, each.name)
            if self._layout.place(found) == place:
                return found.name
            return imports.add(self._layout.module(found), found.name)

        return Spelling(named, lambda name: imports.builtin(name, hidden))
