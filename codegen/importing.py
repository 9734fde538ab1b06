"""The description, made once from what is known of the official package.

`methods.json` lists its methods, `types.json` its classes by module. What comes out is ours: names
(see `naming`), one file per root, types as Python spells them today.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

from . import naming
from .documenting import sentence
from .naming import Key
from .official import NO_API, SHARED, Names, Source

#: Namespaces that are another namespace under a second name.
MOUNTS = {"beta.chat": "chat"}

_STRICT = {"StrictStr": "str", "StrictInt": "int", "StrictBool": "bool", "StrictFloat": "float"}
_BUILTIN = {"List": "list", "Dict": "dict"}
_KEPT = {"Iterable", "SequenceNotStr", "Sequence"}
_ENDS_OF_BASES = {"BaseModel", "TypedDict"}


class Importer:
    """Tables of the description, by root."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names = Names(source)

    def tables(self) -> dict[str, dict[str, Any]]:
        roots: dict[str, dict[str, Any]] = {}
        for key, root in self.names.root.items():
            kind = self.source.kind(key)
            made = {"aliases": self._alias, "models": self._model, "params": self._params}[kind](
                key
            )
            roots.setdefault(root, {}).setdefault(kind, {})[self.names.name[key]] = made
        for method in self.source.single:
            root = method["path"].partition(".")[0]
            if not method["path"].startswith(tuple(f"{mount}." for mount in MOUNTS)):
                table = roots.setdefault(root, {})
                table.setdefault("methods", {})[method["path"]] = self._method(method)
                namespace = method["path"].rpartition(".")[0]
                if method["resource_class"] != naming.camel(namespace.split(".")[-1]):
                    table.setdefault("classes", {})[namespace] = method["resource_class"]
        for mount, target in MOUNTS.items():
            roots[mount.split(".")[0]].setdefault("mounts", {})[mount] = target
        roots[SHARED]["exports"] = self._exports()
        return roots

    def _exports(self) -> dict[str, dict[str, str]]:
        """Names that packages offer although they are defined elsewhere."""
        found: dict[str, dict[str, str]] = {}
        for package, names in self.source.packages.items():
            for name, target in names.items():
                home, _, there = target.partition(":")
                if home not in self.source.modules or home.startswith(NO_API):
                    continue
                key = self.source.resolved((home, there))
                own = key[0].rpartition(".")[0] == package and key[1] == name
                if key in self.names.root and not own:
                    found.setdefault(package, {})[name] = self.names.reference(key, "")
        return found

    def _official(self, key: Key) -> dict[str, Any]:
        same = self.names.name[key] == key[1]
        table: dict[str, Any] = {"official": key[0] if same else f"{key[0]}:{key[1]}"}
        if not same and key in self.names.exported:
            table["exported"] = True
        return table

    def _alias(self, key: Key) -> dict[str, Any]:
        return {
            **self._official(key),
            "type": self._type(key, self.source.definition(key)["alias"]),
        }

    def _bases(self, key: Key) -> dict[str, Any]:
        found = [self.source.resolve(key[0], b) for b in self.source.definition(key)["bases"]]
        names = [
            self.names.reference(b, self.names.root[key]) for b in found if b in self.names.root
        ]
        return {"bases": names} if names else {}

    def _model(self, key: Key) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for field in self.source.definition(key)["fields"]:
            text = self._type(key, field["type"])
            more: dict[str, Any] = {}
            if ("default" in field) != text.endswith("| None"):
                more["required"] = "default" not in field
            if "alias" in field:
                more["wire"] = field["alias"]
            fields[field["name"]] = {"type": text, **more} if more else text
        return {**self._official(key), **self._bases(key), "fields": fields}

    def _params(self, key: Key) -> dict[str, Any]:
        required: dict[str, Any] = {}
        optional: dict[str, Any] = {}
        definition = self.source.definition(key)
        total = definition.get("keywords", {}).get("total") != "False"
        for base in definition["bases"]:
            reserved = self.source.modules[key[0]]["defs"].get(base, {}).get("alias", "")
            if "ReservedKeywords" in base:
                call = ast.parse(reserved, mode="eval").body
                assert isinstance(call, ast.Call)
                assert isinstance(call.args[1], ast.Dict)
                for name, node in zip(call.args[1].keys, call.args[1].values, strict=True):
                    assert isinstance(name, ast.Constant)
                    optional[str(name.value)] = self._type(key, ast.unparse(node))
        for field in definition["fields"]:
            node = ast.parse(field["type"], mode="eval").body
            needed = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Required"
            target = required if needed or total else optional
            target[field["name"]] = self._type(key, field["type"])
        table = {**self._official(key), **self._bases(key)}
        return table | {n: t for n, t in (("required", required), ("optional", optional)) if t}

    def _type(self, key: Key, text: str) -> str:
        return self._node(key, ast.parse(text, mode="eval").body)

    def _node(self, key: Key, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return repr(node.value)
        if isinstance(node, ast.BinOp):
            return f"{self._node(key, node.left)} | {self._node(key, node.right)}"
        if isinstance(node, ast.Attribute):
            return node.attr
        if isinstance(node, ast.Name):
            found = self.source.resolve(key[0], node.id)
            if found is not None:
                return self.names.reference(found, self.names.root[key])
            return _STRICT.get(node.id, node.id)
        assert isinstance(node, ast.Subscript), ast.dump(node)
        head = ast.unparse(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Literal":
            return f"Literal[{', '.join(ast.unparse(each) for each in inner)}]"
        if head in ("Required", "Annotated"):
            return self._node(key, inner[0])
        if head == "Optional":
            return _union([self._node(key, inner[0]), "None"])
        if head == "Union":
            return _union([self._node(key, each) for each in inner])
        assert head in _BUILTIN or head in _KEPT, head
        return f"{_BUILTIN.get(head, head)}[{', '.join(self._node(key, e) for e in inner)}]"

    def _method(self, method: dict[str, Any]) -> dict[str, Any]:
        root = method["path"].split(".")[0]
        table: dict[str, Any] = {"http": f"{method['verb']} {method['url']}"}
        table["doc"] = sentence(method)
        table.update(self._answer(method, root))
        params = self._parameter_types(method, root)
        if params:
            table["params"] = params
        names = [name for name in method["params"] if name not in method["path_params"]]
        if names:
            required = set(method["required"]) & set(names)
            table["parameters"] = [f"{n}" if n in required else f"{n}?" for n in names]
        both = method.get("query_params") and method["body_params"]
        if both or (method.get("query_params") and method["verb"] != "GET"):
            table["query"] = method["query_params"]
        sent = [*method["path_params"], *method.get("query_params", []), *method["body_params"]]
        local = [n for n in names if n not in sent and n not in ("betas", "idempotency_key")]
        if local:
            table["parameters"] = [n for n in table["parameters"] if n.rstrip("?") not in local]
        default = method["path_params"][-1:]
        if method.get("positional", []) != default:
            table["positional"] = method.get("positional", [])
        if method["params"][: len(method["path_params"])] != method["path_params"]:
            table["order"] = [n for n in method["params"] if n in method["path_params"]]
        return table | self._sending(method)

    def _sending(self, method: dict[str, Any]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        headers = {
            name: value
            for name, value in method.get("headers", {}).items()
            if not value.startswith("<") and name != "Content-Type"
        }
        if headers:
            table["headers"] = headers
        if method["auth"] != "bearer":
            table["auth"] = "admin" if method["auth"] == "admin" else "either"
        if method.get("multipart"):
            plain = [path[0] for path in method["file_fields"] if len(path) == 1]
            lists = [f"{path[0]}[]" for path in method["file_fields"] if len(path) == 2]
            table["files"] = [*plain, *lists]
            if method["multipart_when"] != "always":
                table["json_without_files"] = True
        if method.get("sse_envelope"):
            table["envelope"] = True
        if method.get("stream_mode"):
            table["events"] = True
        if "required_variants" in method and not method["stream"]:
            table["variants"] = method["required_variants"]
        if "deprecated" in method:
            said = method["deprecated"]
            table["deprecated"] = DEPRECATIONS.get(method["path"], said)
        return table

    def _answer(self, method: dict[str, Any], root: str) -> dict[str, Any]:
        kind, response = method["kind"], method["response"]
        if kind == "none":
            return {}
        if kind == "binary":
            return {"result": "binary"}
        if kind == "text":
            return {"result": "str"}
        if kind.startswith("page:"):
            item = self._home(method, response.partition("[")[2][:-1], root)
            return {"page": kind.partition(":")[2], "result": item}
        names = [name.strip() for name in response.partition(" (")[0].split("|")]
        table = {"result": _union([self._home(method, name, root) for name in names])}
        if kind == "stream":
            return {"stream": table["result"]}
        if method["stream"]:
            event = method["stream_type"].partition("[")[2][:-1] or "AgentSessionEvent"
            table["stream"] = self._home(method, event, root)
        return table

    def _home(self, method: dict[str, Any], name: str, root: str) -> str:
        if name in ("str", "object", "None"):
            return name
        home = method["homes"].get(name)
        if home is None or home not in self.source.modules:
            found = next(key for key in self.names.root if key[1] == name)
        else:
            resolved = self.source.resolve(home, name)
            assert resolved is not None, (method["path"], name)
            found = resolved
        return self.names.reference(found, root)

    def _parameter_types(self, method: dict[str, Any], root: str) -> list[str]:
        found: dict[str, None] = {}
        for kind in ("query_type", "body_type"):
            for each in method.get(kind, "").replace(" if stream else ", " ").split():
                module = method["homes"].get(each)
                if module is None:
                    continue
                key = self.source.resolve(module, each.split(".")[-1])
                assert key is not None, each
                found[self.names.reference(key, root)] = None
        if not found and method["body_params"]:  # the data does not say, its name does
            name = naming.singular(method["path"].split(".")[-2]) + "_create_params"
            module = f"types.{root}.{name}"
            found[self.names.reference((module, naming.camel(name)), root)] = None
        return list(found)


#: Where the official words say no more than that it is deprecated, or name no method.
DEPRECATIONS = {
    "files.retrieve_content": "Use files.content instead.",
    "fine_tuning.checkpoints.permissions.retrieve": (
        "Use fine_tuning.checkpoints.permissions.list instead."
    ),
    "images.create_variation": "images.create_variation is deprecated.",
    "audio.translations.create": "audio.translations.create is deprecated.",
    **{
        f"beta.assistants.{name}": "The Assistants API is deprecated. Use responses instead."
        for name in ("create", "delete", "list", "retrieve", "update")
    },
}


def _union(parts: list[str]) -> str:
    flat: dict[str, None] = {}
    for part in parts:
        for each in _members(part):
            flat[each] = None
    if "None" in flat:
        del flat["None"]
        flat["None"] = None
    return " | ".join(flat)


@cache
def _members(text: str) -> list[str]:
    """The members of the union `text`, each as it is written."""
    node = ast.parse(text, mode="eval").body
    found: list[str] = []
    while isinstance(node, ast.BinOp):
        found.insert(0, ast.unparse(node.right))
        node = node.left
    return [ast.unparse(node), *found]


def read(methods: Path, types: Path) -> dict[str, dict[str, Any]]:
    """Tables of the description, by root, from the two JSON files."""
    source = Source(json.loads(methods.read_text()), json.loads(types.read_text()))
    return Importer(source).tables()
