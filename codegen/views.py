"""The views of resources: `resources/_raw/<root>.py` of both libraries.

A view has one line for each method. A method with overloads needs its signatures one by one, since
a `ParamSpec` keeps only one: the awaited module spells them, the blocking one imports them.
"""

from __future__ import annotations

from .description import Description
from .imports import Imports
from .layout import Layout
from .naming import camel
from .signatures import Signature, children, leaves_first, methods_of, mounts_of

#: The base class, what makes a method, and what the names of classes begin with.
_KINDS = (("RawResource", "raw", ""), ("StreamedResource", "streamed", "Streamed"))
_ORDINALS = {"whole": "one", "events": "two"}


class Views:
    """Writes the views of one library."""

    def __init__(self, description: Description, layout: Layout, *, blocking: bool) -> None:
        self.description, self.layout, self.blocking = description, layout, blocking

    def text(self, root: str) -> str:
        """The module with the views of `root`."""
        library = "openai_sync" if self.blocking else "openai_async"
        namespaces = leaves_first(self.description, root)
        classes = frozenset(
            f"{prefix}{self.description.classes[each]}"
            for each in namespaces
            for _, _, prefix in _KINDS
        )
        imports = Imports(f"{library}.resources._raw.{root}", taken=classes)
        signatures = "\n\n".join(
            text for each in namespaces for text in self._signatures(each, imports)
        )
        body = "\n\n".join(
            self._view(each, imports, *kind) for kind in _KINDS for each in namespaces
        )
        bridge = [n for n in ("Part", "RawResource", "StreamedResource") if n in body]
        for name in [*bridge, *(n for n in ("raw", "streamed") if f" = {n}(" in body)]:
            imports.add(f"{library}._raw", name)
        used = {"Part", "RawResource", "StreamedResource", "raw", "streamed"}
        if "async_." in body:
            imports.add("openai_async.resources", f"{root} as async_")
            used.add(f"{root} as async_")
        runtime, types = imports.parted(used)
        if types or signatures:
            runtime += "from typing import TYPE_CHECKING\n"
            types = f"\nif TYPE_CHECKING:\n{types}\n{signatures}\n"
        return f"{runtime}{types}\n\n{body}"

    def _signatures(self, namespace: str, imports: Imports) -> list[str]:
        """The signatures of overloaded methods, as classes for type checkers."""
        found = []
        for path in methods_of(self.description, namespace):
            signature = Signature(self.description, self.layout, path, imports, frozenset())
            if not signature.overloaded:
                continue
            name = self._overloads(namespace, signature.name)
            imports.builtin("overloads")
            if self.blocking:
                root = namespace.partition(".")[0]
                imports.add(f"openai_async.resources._raw.{root}", name)
                continue
            results = signature.results(imports.builtin("AsyncStream"))
            text = f"    class {name}:\n"
            for stream, ordinal in _ORDINALS.items():
                head = signature.header("async ", results[stream], stream)
                head = head.replace(f"def {signature.name}(", f"def {ordinal}(", 1)
                text += f"    {head} ...\n\n"
            found.append(text)
        return found

    def _overloads(self, namespace: str, method: str) -> str:
        return self.description.classes[namespace] + camel(method)

    def _view(self, namespace: str, imports: Imports, base: str, make: str, prefix: str) -> str:
        lines = []
        for attribute, path in children(self.description, namespace):
            name = prefix + self.description.classes[path]
            lines.append(f"    {attribute}: Part[{name}] = Part()\n")
        for attribute, target, name in mounts_of(self.description, namespace):
            library = "openai_sync" if self.blocking else "openai_async"
            imports.add(f"{library}.resources._raw.{target}", prefix + name)
            lines.append(f"    {attribute}: Part[{prefix}{name}] = Part()\n")
        if lines:
            lines.append("\n")
        lines += [
            self._method(namespace, path, make) for path in methods_of(self.description, namespace)
        ]
        name = prefix + self.description.classes[namespace]
        return f"class {name}({base}):\n{''.join(lines)}"

    def _method(self, namespace: str, path: str, make: str) -> str:
        name, cls = path.rpartition(".")[2], self.description.classes[namespace]
        line = f"{name} = {make}(async_.{cls}.{name})\n"
        described = self.description.methods[path]
        if not (described.stream and any(p.rstrip("?") == "stream" for p in described.parameters)):
            return f"    {line}"
        overloads = self._overloads(namespace, name)
        each = ", ".join(f"{make}({overloads}.{ordinal})" for ordinal in _ORDINALS.values())
        return (
            f"    if TYPE_CHECKING:\n        {name} = overloads({each})\n    else:\n        {line}"
        )


def view_roots(description: Description) -> str:
    """The views of a client: `resources/_raw/_root.py`, the same in both libraries."""
    classes = {root: description.classes[root] for root in description.resource_roots}
    imports = "".join(
        f"    from .{root} import {name}, Streamed{name}\n" for root, name in classes.items()
    )
    text = (
        "from typing import TYPE_CHECKING\n\n"
        "from ..._raw import Part, RawResource, StreamedResource\n\n"
        f"if TYPE_CHECKING:\n{imports}\n"
    )
    for base, _, prefix in _KINDS:
        parts = "".join(
            f"    {root}: Part[{prefix}{name}] = Part()\n" for root, name in classes.items()
        )
        text += f"\n\nclass {prefix}Namespaces({base}):\n{parts}"
    return text
