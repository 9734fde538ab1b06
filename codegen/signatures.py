"""The signatures of methods, as the awaited and the blocking packages share them."""

from __future__ import annotations

from collections.abc import Iterator

from . import expressions
from .description import Description, Method, Type
from .expressions import Expression, Spelling
from .imports import Imports
from .layout import Layout
from .naming import camel

_WIDTH = 100

#: What every method takes besides its own parameters: name, type, default.
OPTIONS = (
    ("extra_headers", "Headers | None", "None"),
    ("extra_query", "Query | None", "None"),
    ("extra_body", "Body | None", "None"),
    ("timeout", "float | Timeout | NotGiven | None", "not_given"),
    ("deadline", "float | NotGiven | None", "not_given"),
)
#: What methods that stream, or can, take after them.
STREAM_OPTIONS = (
    ("first_event", "float | NotGiven | None", "not_given"),
    ("event_gap", "float | NotGiven | None", "not_given"),
)
#: What methods that send files take last, and how they say it.
FILE_OPTIONS = (("on_progress", "Callable[[int, int | None], Any] | None", "None"),)
ABOUT_PROGRESS = """
        `on_progress(sent, total)` counts bytes of files as they are handed to the network. `total`
        is None until it is known; the last call has both the same. It begins anew when the request
        is repeated.
"""
OPTION_NAMES = ("Headers", "Query", "Body", "Timeout", "NotGiven", "not_given")

#: The type of `stream`, its default, and which of the results that gives.
STREAM = {
    "whole": ("Literal[False] | None | Omit", "omit"),
    "events": ("Literal[True]", ""),
    "either": ("bool", ""),
    "any": ("bool | None | Omit", "omit"),
}

#: Types of arguments that are no fields of the params.
UNDESCRIBED = {"idempotency_key": "str", "betas": "list[str]"}


class Signature:
    """One method as the file with `imports` spells it. `hidden` are names its class redefines."""

    def __init__(
        self,
        description: Description,
        layout: Layout,
        path: str,
        imports: Imports,
        hidden: frozenset[str],
    ) -> None:
        self.description, self.layout, self.imports, self.hidden = (
            description,
            layout,
            imports,
            hidden,
        )
        self.path, self.method = path, description.methods[path]
        self.root = path.partition(".")[0]
        self.name = path.rpartition(".")[2]
        self.in_path = _placeholders(self.method)
        self.fields = self._fields()

    def _fields(self) -> dict[str, list[tuple[Type, Expression]]]:
        """The types each parameter may have, by its name, with the classes that say so."""
        found: dict[str, list[tuple[Type, Expression]]] = {}
        for name in self.method.params:
            each = self.description.find(self.root, name, self.path)
            for typed_dict in self._typed_dicts(each):
                for field, expression in typed_dict.types.items():
                    found.setdefault(field, []).append((typed_dict, expression))
        return found

    def _typed_dicts(self, each: Type) -> Iterator[Type]:
        for base in self.description.base_types(each):
            yield from self._typed_dicts(base)
        if each.alias is None:
            yield each
            return
        for name in expressions.names(each.alias):
            yield from self._typed_dicts(self.description.find(each.root, name, each.name))

    def spelling(self, root: str) -> Spelling:
        """How types that a file of `root` describes are spelled here."""

        def named(name: str) -> str:
            found = self.description.find(root, name, self.path)
            return self.imports.add(f"openai_async.types.{found.root}", found.name)

        return Spelling(named, lambda name: self.imports.builtin(name, self.hidden), self._opens)

    def _opens(self, node: Expression) -> bool:
        return False

    def type_of(self, name: str) -> str:
        """The annotation of the parameter `name`."""
        spelled = [self.spelling(user.root)(node) for user, node in self.fields.get(name, [])]
        if not spelled:
            return self.spelling(self.root)(expressions.parse(UNDESCRIBED[name]))
        parts = [part for text in spelled for part in _parts(text)]
        unique = list(dict.fromkeys(parts))
        ordered = [part for part in unique if part != "None"] + ["None"] * ("None" in unique)
        return " | ".join(ordered)

    def parameters(self, stream: str = "any") -> tuple[list[str], list[str]]:
        """The parameters that may be passed by position, and those that may not."""
        method = self.method
        positional = self.in_path[-1:] if method.positional is None else method.positional
        written = {
            name: f"{name}: {self.imports.builtin('str', self.hidden)}" for name in self.path_order
        }
        for each in method.parameters:
            name = each.rstrip("?")
            if name == "stream" and method.stream:
                annotation, default = STREAM[stream]
                self.imports.builtin("Literal")
                written[name] = f"{name}: {annotation}" + (f" = {default}" if default else "")
            elif each.endswith("?"):
                written[name] = f"{name}: {self.type_of(name)} | Omit = omit"
            else:
                written[name] = f"{name}: {self.type_of(name)}"
        if " = omit" in "".join(written.values()) or "Omit" in "".join(written.values()):
            self.imports.builtin("Omit")
            self.imports.builtin("omit")
        for name in OPTION_NAMES:
            self.imports.builtin(name)
        options = [
            f"{name}: {kind}" + (f" = {default}" if default else "")
            for name, kind, default in self.options
        ]
        first = [written[name] for name in positional]
        return first, [text for name, text in written.items() if name not in positional] + options

    @property
    def options(self) -> tuple[tuple[str, str, str], ...]:
        """What it takes besides its parameters: name, type, default."""
        options = OPTIONS + STREAM_OPTIONS if self.method.stream else OPTIONS
        if not self.method.files:
            return options
        self.imports.builtin("Callable")
        self.imports.builtin("Any")
        return options + FILE_OPTIONS

    @property
    def path_order(self) -> list[str]:
        return self.method.order or self.in_path

    def header(self, prefix: str, result: str, stream: str = "any") -> str:
        """The first line of a definition."""
        positional, named = self.parameters(stream)
        arguments = ["self", *positional, "*", *named]
        return f"    {prefix}def {self.name}({', '.join(arguments)},) -> {result}:"

    def results(self, stream_class: str) -> dict[str, str]:
        """What the method returns, by what `stream` is."""
        whole, events = self.result, self.event
        events = f"{stream_class}[{events}]"
        return {"whole": whole, "events": events, "either": f"{whole} | {events}"}

    @property
    def result(self) -> str:
        if self.method.result == "binary":
            return self.imports.builtin("HttpxBinaryResponseContent")
        return self._answer(self.method.result)

    @property
    def event(self) -> str:
        return self._answer(self.method.stream)

    def _answer(self, text: str) -> str:
        return self.spelling(self.root)(expressions.parse(text))

    @property
    def overloaded(self) -> bool:
        """Whether `stream` decides what is returned."""
        return bool(self.method.stream) and any(
            each.rstrip("?") == "stream" for each in self.method.parameters
        )

    def deprecation(self, indent: str = "    ") -> str:
        """The decorator of a method that should not be used any more."""
        if not self.method.deprecated:
            return ""
        self.imports.builtin("deprecated")
        return f'{indent}@deprecated("{self.method.deprecated}")\n'

    def docstring(self) -> str:
        """What the method does, and its request, as a docstring in a class."""
        line = f'        """{self.method.doc} `{self.method.http}`."""\n'
        if self.method.files:
            about = f"{self.method.doc}\n{ABOUT_PROGRESS}"
            return f'        """{about}\n        `{self.method.http}`.\n        """\n'
        if len(line) <= _WIDTH + 1:
            return line
        return f'        """{self.method.doc}\n\n        `{self.method.http}`.\n        """\n'


def hidden_names(description: Description, namespace: str) -> frozenset[str]:
    """The names that the class of `namespace` defines."""
    methods = {
        p.rpartition(".")[2] for p in description.methods if p.rpartition(".")[0] == namespace
    }
    return frozenset(methods | {child for child, _ in children(description, namespace)})


def children(description: Description, namespace: str) -> list[tuple[str, str]]:
    """The namespaces inside `namespace`: the attribute of each and its path."""
    root = namespace.partition(".")[0]
    inner = [n for n in description.namespaces(root) if n.rpartition(".")[0] == namespace]
    return [(each.rpartition(".")[2], each) for each in inner]


def leaves_first(description: Description, namespace: str) -> list[str]:
    """`namespace` and all inside it, what is used before what uses it."""
    inner = [path for _, path in children(description, namespace)]
    return [each for path in inner for each in leaves_first(description, path)] + [namespace]


def methods_of(description: Description, namespace: str) -> list[str]:
    return [path for path in description.methods if path.rpartition(".")[0] == namespace]


def mounts_of(description: Description, namespace: str) -> list[tuple[str, str, str]]:
    """What is another namespace under a second name: the attribute, that namespace, its class."""
    return [
        (mount.rpartition(".")[2], target, description.classes.get(target, camel(target)))
        for mount, target in sorted(description.mounts.items())
        if mount.rpartition(".")[0] == namespace
    ]


def views(name: str) -> str:
    """What type checkers have to know of the two other ways to call the methods of class `name`."""
    return f"    with_raw_response: raw_.{name}\n    with_streaming_response: raw_.Streamed{name}\n"


def _placeholders(method: Method) -> list[str]:
    return [part.partition("}")[0] for part in method.http.split("{")[1:]]


def _parts(text: str) -> list[str]:
    """The members of the union `text`, brackets not entered."""
    parts, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
