"""The awaited methods: `openai_async/resources/<root>.py`."""

from __future__ import annotations

import json
import re

from .derived import DerivedSignature, derived_of
from .description import HEADER_ARGUMENTS, Description, Method
from .helpers import CHOSEN, HELPERS, OPERATIONS
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

#: What servers in between look at: it stands at the beginning of JSON bodies.
LEADING = ("model", "stream", "service_tier")


class Resources:
    """Writes the resource classes of one root."""

    def __init__(self, description: Description, layout: Layout) -> None:
        self.description, self.layout = description, layout

    def text(self, root: str) -> str:
        """The module of `root`."""
        classes = {self.description.classes[n] for n in self.description.namespaces(root)}
        module = Module(self, root, frozenset(classes))
        return module.text()


class Module:
    """One file in the making: what it uses is collected while its parts are written."""

    def __init__(self, resources: Resources, root: str, classes: frozenset[str]) -> None:
        self.description, self.layout = resources.description, resources.layout
        self.root = root
        self.imports = Imports(f"openai_async.resources.{root}", taken=classes)
        #: Names that the code needs when it runs; types need the others.
        self.used: set[str] = set()
        self.constants = _constants(self.description, root)

    def use(self, name: str) -> str:
        """`name` of the runtime, needed when the code runs."""
        local = self.imports.builtin(name)
        self.used.add(local)
        return local

    def text(self) -> str:
        namespaces = leaves_first(self.description, self.root)
        paths = [path for each in namespaces for path in methods_of(self.description, each)]
        operations = "\n".join(line for path in paths for line in self.operations(path))
        classes = "\n\n".join(map(self.resource, namespaces))
        if "omit" in self.imports.names:
            self.use("omit")
        runtime, types = self.imports.parted(self.used)
        if types:
            runtime += "from typing import TYPE_CHECKING\n"
            types = f"\nif TYPE_CHECKING:\n{types}\n"
        return f"{runtime}{types}\n{operations}\n\n\n{classes}"

    def signature(self, path: str) -> Signature:
        hidden = hidden_names(self.description, path.rpartition(".")[0])
        return Signature(self.description, self.layout, path, self.imports, hidden)

    def operations(self, path: str) -> list[str]:
        """The constants that say what `path` sends and what comes back."""
        method, signature = self.description.methods[path], self.signature(path)
        constant, found = self.constants[path], []
        if method.result != "None" or not method.stream or signature.overloaded:
            found.append(self._operation(path, constant, method.result, signature.result))
        if method.stream:
            found.append(
                self._operation(path, f"{constant}_STREAM", method.stream, signature.event)
            )
        return found

    def _operation(self, path: str, constant: str, described: str, spelled: str) -> str:
        method = self.description.methods[path]
        verb, _, url = method.http.partition(" ")
        operation = self.use("Operation")
        typed, value = "", spelled
        if described == "None":
            value = self.use("NoneType")
        elif "|" in spelled or self._is_alias(described):
            typed = f": {operation}[{spelled}]"
            inner = self.use("Any") if "|" in spelled else spelled
            value = f"{self.use('cast')}({self.use('Any')}, {inner})"
            if "|" not in spelled:
                self.used.add(spelled)
        else:
            self.used.add(spelled)
        arguments = [json.dumps(verb), json.dumps(url), value, *self._sending(path, method)]
        return f"{constant}{typed} = {operation}({', '.join(arguments)})"

    def _is_alias(self, described: str) -> bool:
        if described in ("str", "binary"):
            return False
        return self.description.find(self.root, described, "a method").kind == "aliases"

    def _sending(self, path: str, method: Method) -> list[str]:
        found = []
        if method.headers:
            found.append(f"headers={json.dumps(method.headers)}")
        if method.auth != "bearer":
            found.append(f'auth="{method.auth}"')
        if method.files:
            found.append(f"file_fields=({', '.join(map(json.dumps, method.files))},)")
        flags = ("json_without_files", "envelope", "events")
        found += [f"{name}=True" for name in flags if getattr(method, name)]
        if path in OPERATIONS:
            name, value = OPERATIONS[path]
            found.append(f"{name}={self.use(value)}")
        return found

    def resource(self, namespace: str) -> str:
        """The class of `namespace`."""
        bases = [self.use("Resource")]
        if namespace in HELPERS:
            module, mixin, _ = HELPERS[namespace]
            bases.insert(0, self.imports.add(f"openai_async.helpers.{module}", mixin))
            self.used.add(bases[0])
        name = self.description.classes[namespace]
        self.imports.add("openai_async.resources._raw", f"{self.root} as raw_")
        parts = [views(name), *self._children(namespace)]
        parts += [self.method(path) for path in methods_of(self.description, namespace)]
        parts += [self.derived(path) for path in derived_of(namespace)]
        body = "\n".join(parts)
        return f"class {name}({', '.join(bases)}):\n{body}"

    def _children(self, namespace: str) -> list[str]:
        found = []
        for attribute, path in children(self.description, namespace):
            name = self.description.classes[path]
            found.append(
                f"    @{self.use('cached_property')}\n    def {attribute}(self) -> {name}:\n"
                f"        return {name}(self._client)\n"
            )
        for attribute, target, name in mounts_of(self.description, namespace):
            self.imports.add(f"openai_async.resources.{target}", name)
            found.append(
                f"    @{self.use('cached_property')}\n    def {attribute}(self) -> {name}:\n"
                f"        from .{target} import {name}  # noqa: PLC0415\n\n"
                f"        return {name}(self._client)\n"
            )
        return found

    def method(self, path: str) -> str:
        """The definition of the method `path`."""
        method, signature = self.description.methods[path], self.signature(path)
        doc = signature.docstring()
        used = {"not_given", "NotGiven"}
        for name in used:
            self.use(name)
        deprecated = signature.deprecation()
        if deprecated:
            self.use("deprecated")
        if signature.overloaded:
            return self._overloaded(path, signature, doc, deprecated)
        if method.page:
            page = self.imports.add("openai_async.pagination", f"Async{method.page}")
            self.used.add(page)
            item = signature.result
            result = f"{self.imports.builtin('AsyncPaginator')}[{item}, {page}[{item}]]"
            head = signature.header("", result)
            call = f"return self._paginate({self.constants[path]}, {page}, {self._call(signature)})"
        elif method.stream:
            head = signature.header(
                "async ", f"{self.imports.builtin('AsyncStream')}[{signature.event}]"
            )
            call = (
                f"return await self._stream({self.constants[path]}_STREAM, {self._call(signature)})"
            )
        else:
            head = signature.header("async ", signature.result)
            call = self._request(path, signature)
        return f"{deprecated}{head}\n{doc}{self._variants(method)}        {call}\n"

    def derived(self, path: str) -> str:
        """The definition of a method that is made of others."""
        hidden = hidden_names(self.description, path.rpartition(".")[0])
        signature = DerivedSignature(self.description, self.layout, path, self.imports, hidden)
        body = signature.body()
        for name in signature.uses:
            if re.search(rf"\b{name}\(", body):
                self.use(name)
        deprecated = signature.deprecation()
        if deprecated:
            self.use("deprecated")
        for name in ("omit", "not_given", "NotGiven"):
            self.use(name)
        if signature.streams:
            self.use("overload")
            overloads, head = signature.overloads(blocking=False)
        else:
            overloads, head = [], signature.header("async ", signature.result)
        several = "".join(f"    @overload\n{deprecated}{each} ...\n\n" for each in overloads)
        return f"{several}{deprecated}{head}\n{signature.docstring()}{body}"

    def _request(self, path: str, signature: Signature) -> str:
        constant = self.constants[path]
        if path == "embeddings.create":
            return self._embeddings(signature)
        more = ""
        if path in CHOSEN:
            function, parameter = CHOSEN[path]
            more = f", result={self.use(function)}({parameter})"
        return f"return await self._request({constant}, {self._call(signature)}{more})"

    def _overloaded(self, path: str, signature: Signature, doc: str, deprecated: str) -> str:
        self.use("overload")
        results = signature.results(self.imports.builtin("AsyncStream"))
        overloads = "".join(
            f"    @overload\n{deprecated}{signature.header('async ', result, stream)} ...\n\n"
            for stream, result in results.items()
        )
        head = signature.header("async ", results["either"])
        constant = self.constants[path]
        whole = self._request(path, signature)
        return (
            f"{overloads}{deprecated}{head}\n{doc}        if stream:\n"
            f"            return await self._stream({constant}_STREAM, {self._call(signature)})\n"
            f"        {whole}\n"
        )

    def _variants(self, method: Method) -> str:
        if not method.variants:
            return ""
        names = dict.fromkeys(name for variant in method.variants for name in variant)
        given = ", ".join(f'"{name}": {name}' for name in names)
        variants = ", ".join(
            f"({', '.join(json.dumps(name) for name in variant)},)" for variant in method.variants
        )
        return f"        {self.use('check_variants')}({{{given}}}, {variants})\n"

    def _call(self, signature: Signature) -> str:
        """What is sent where, as arguments of the three methods of `Resource`."""
        method, found = signature.method, []
        names = [each.rstrip("?") for each in method.parameters]
        names = [name for name in names if name not in HEADER_ARGUMENTS]
        asked = names if method.http.startswith("GET ") else method.query
        for kind, chosen in (
            ("path", signature.in_path),
            ("query", [name for name in names if name in asked]),
            ("body", self._in_order(method, [name for name in names if name not in asked])),
        ):
            if chosen:
                pairs = ", ".join(f'"{name}": {name}' for name in chosen)
                found.append(f"{kind}={{{pairs}}}")
        given = {each.rstrip("?") for each in method.parameters}
        if "betas" in given:
            found.append(f'headers={{"openai-beta": {self.use("joined")}(betas)}}')
        if "idempotency_key" in given:
            found.append("idempotency_key=idempotency_key")
        found.append(f"options={_options(signature)}")
        if method.files:
            found.append("on_progress=on_progress")
        return ", ".join(found)

    def _in_order(self, method: Method, names: list[str]) -> list[str]:
        """The fields of a body as they are sent: what decides where it goes comes first."""
        first = [] if method.files is not None else [name for name in LEADING if name in names]
        return [*first, *(name for name in names if name not in first)]

    def _embeddings(self, signature: Signature) -> str:
        names = [each.rstrip("?") for each in signature.method.parameters]
        body = ", ".join(f'"{n}": {n}' for n in self._in_order(signature.method, names))
        self.use("Omit")
        constant = self.constants[signature.path]
        return (
            f"body: dict[str, object] = {{{body}}}\n"
            f"        options = {_options(signature)}\n"
            "        if isinstance(encoding_format, (Omit, NotGiven)):\n"
            "            # Base64 is a fraction of the size of JSON numbers; "
            "the caller still gets lists.\n"
            '            body["encoding_format"] = "base64"\n'
            f"            return await self._request({constant}, body=body, options=options, "
            f"finish={self.use('decode_embeddings')})\n"
            f"        return await self._request({constant}, body=body, options=options)"
        )


def _options(signature: Signature) -> str:
    names = [name for name, _, _ in signature.options if name != "on_progress"]
    return f"({', '.join(names)})"


def _constants(description: Description, root: str) -> dict[str, str]:
    """The name of the constant for every method of `root`: as short as it is unique."""
    paths = [path for path in description.methods if path.partition(".")[0] == root]
    names = [path.rpartition(".")[2] for path in paths]
    found = {}
    for path in paths:
        short = path.rpartition(".")[2]
        whole = path.partition(".")[2].replace(".", "_")
        found[path] = f"_{(whole if names.count(short) > 1 else short).upper()}"
    return found
