"""The blocking methods: `openai_sync/resources/<root>.py`, one line for each awaited one."""

from __future__ import annotations

from .derived import DerivedSignature, derived_of
from .description import Description
from .helpers import HELPERS, TYPED
from .imports import Imports
from .layout import Layout
from .signatures import (
    Signature,
    children,
    hidden_names,
    leaves_first,
    methods_of,
    mounts_of,
    views,
)


class Facade:
    """Writes the blocking resource classes of one root."""

    def __init__(self, description: Description, layout: Layout) -> None:
        self.description, self.layout = description, layout

    def text(self, root: str) -> str:
        """The module of `root`."""
        namespaces = leaves_first(self.description, root)
        classes = frozenset(self.description.classes[each] for each in namespaces)
        imports = Imports(f"openai_sync.resources.{root}", taken=classes)
        used: set[str] = set()
        body = "\n\n".join(self.resource(each, imports, used) for each in namespaces)
        bridge = "Resource, blocking" if "= blocking(" in body else "Resource"
        if "@cached_property" in body:
            used.add(imports.builtin("cached_property"))
        runtime, types = imports.parted(used)
        if types:
            runtime += "from typing import TYPE_CHECKING\n"
            types = f"\nif TYPE_CHECKING:\n{types}\n"
        head = (
            f"from openai_async.resources import {root} as async_\nfrom .._bridge import {bridge}\n"
        )
        return f"{runtime}{head}{types}\n\n{body}"

    def resource(self, namespace: str, imports: Imports, used: set[str]) -> str:
        """The class of `namespace`; `used` are names that its code needs when it runs."""
        name = self.description.classes[namespace]
        imports.add("openai_sync.resources._raw", f"{namespace.partition('.')[0]} as raw_")
        parts = [views(name)]
        for attribute, path in children(self.description, namespace):
            child = self.description.classes[path]
            parts.append(
                f"    @cached_property\n    def {attribute}(self) -> {child}:\n"
                f"        return {child}(self._async.{attribute})\n"
            )
        for attribute, target, child in mounts_of(self.description, namespace):
            imports.add(f"openai_sync.resources.{target}", child)
            parts.append(
                f"    @cached_property\n    def {attribute}(self) -> {child}:\n"
                f"        from .{target} import {child}  # noqa: PLC0415\n\n"
                f"        return {child}(self._async.{attribute})\n"
            )
        lines = ""
        hidden = hidden_names(self.description, namespace)
        for path in methods_of(self.description, namespace):
            signature = Signature(self.description, self.layout, path, imports, hidden)
            if signature.overloaded:
                parts.append(self._overloaded(signature, name))
            else:
                lines += f"    {signature.name} = blocking(async_.{name}.{signature.name})\n"
        for path in derived_of(namespace):
            derived = DerivedSignature(self.description, self.layout, path, imports, hidden)
            if derived.streams:
                imports.add("openai_sync._assistants", "assistant_stream")
                used.add("assistant_stream")
                parts.append(self._streaming(derived, name))
            else:
                lines += f"    {derived.name} = blocking(async_.{name}.{derived.name})\n"
        for method in HELPERS.get(namespace, ("", "", ()))[2]:
            made = "blocking"
            if f"{namespace}.{method}" in TYPED:
                made = imports.add(*TYPED[f"{namespace}.{method}"])
                used.add(made)
            lines += f"    {method} = {made}(async_.{name}.{method})\n"
        body = "\n".join([*parts, lines] if lines else parts)
        return f"class {name}(Resource):\n{body}"

    def _overloaded(self, signature: Signature, name: str) -> str:
        signature.imports.builtin("overload")
        signature.imports.builtin("Any")
        results = signature.results(signature.imports.add("openai_sync._bridge", "Stream"))
        heads = [signature.header("", result, stream) for stream, result in results.items()]
        made = f"blocking(async_.{name}.{signature.name})"
        return _told_apart(signature, heads, results["either"], made)

    def _streaming(self, signature: DerivedSignature, name: str) -> str:
        heads, _ = signature.overloads(blocking=True)
        made = f"assistant_stream(async_.{name}.{signature.name})"
        return _told_apart(signature, heads, "Any", made)


def _told_apart(signature: Signature, heads: list[str], result: str, made: str) -> str:
    """A method whose overloads are for type checkers, and which is `made` when the code runs."""
    deprecated = signature.deprecation()
    text = "".join(f"    @overload\n{deprecated}{head} ...\n\n" for head in heads)
    text += f"    def {signature.name}(self, *args: Any, **params: Any) -> {result}:\n"
    text += f"{signature.docstring()}        ...\n"
    indented = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))
    return f"    if TYPE_CHECKING:\n\n{indented}    else:\n        {signature.name} = {made}\n"
