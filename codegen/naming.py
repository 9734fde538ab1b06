"""Names of our own for what the official package calls by module and name.

A name has to be unique in its root only. One that is unique no further than in its deep official
module (`chat_completion:Choice`) gets the name of that module in front (`ChatCompletionChoice`);
where two still meet, the deeper one gets the names of its packages too.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence

#: A definition of the official package: its module and its name there.
Key = tuple[str, str]


def camel(name: str) -> str:
    """`vector_stores` as `VectorStores`."""
    return "".join(part.capitalize() for part in name.split("_"))


def singular(name: str) -> str:
    """`categories` as `category`, `files` as `file`."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ches", "shes", "sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def plural(name: str) -> str:
    """`category` as `categories`, `file` as `files`."""
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name if name.endswith("s") else name + "s"


def sentence_words(name: str) -> str:
    """`vector_stores` as `vector stores`, with the usual capitals."""
    capitals = {"api": "API", "mcp": "MCP", "id": "ID"}
    return " ".join(capitals.get(word, word) for word in name.split("_"))


def module_class(module: str, names: Iterable[str]) -> str:
    """The class that `module` is named after, as the module spells it."""
    last = module.rsplit(".", 1)[1]
    spelled = (name for name in names if name.lower() == last.replace("_", ""))
    return next(spelled, camel(last))


def is_field_name(name: str) -> bool:
    """Whether `name` can stand in the body of a class."""
    return name.isidentifier() and not keyword.iskeyword(name)


def longer(name: str, packages: Sequence[str], depth: int) -> str:
    """`name` with the last `depth` of its `packages` in front."""
    return "".join(camel(singular(part)) for part in packages[-depth:]) + name


def resource_classes(namespaces: Iterable[str], own: dict[str, str]) -> dict[str, str]:
    """A class name for every namespace of one root; `own` has those that follow no rule."""
    names: dict[str, str] = {}
    for namespace in sorted(namespaces, key=lambda each: (each.count("."), each)):
        parts = namespace.split(".")
        name = own.get(namespace, camel(parts[-1]))
        depth = 0
        while name in names.values():
            depth += 1
            base = own.get(namespace, camel(parts[-1]))
            name = longer(base, parts[:-1], depth)
        names[namespace] = name
    return names
