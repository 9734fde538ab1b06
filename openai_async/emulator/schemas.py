"""Example values for JSON schemas: the smallest reasonable instance of a schema, always the same
one, for structured answers and the arguments of tools."""

from __future__ import annotations

from typing import Any, ClassVar

from .shapes import is_list, is_object

SHALLOW = 6
"""Below this depth optional properties are left out, so that recursive schemas come to an end."""
DEEPEST = 40

FORMATS = {
    "date-time": "2025-01-01T00:00:00Z",
    "date": "2025-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Any, name: str = "value") -> Any:
    """An instance of `schema`; `name` is what its strings say unless the schema knows better."""
    return _Examples(schema).of(schema, name, 0)


class _Examples:
    def __init__(self, root: Any) -> None:
        self.root = root

    def of(self, schema: Any, name: str, depth: int) -> Any:
        if not is_object(schema) or depth > DEEPEST:
            return None if depth > DEEPEST else name
        for key, make in self.SHORTCUTS.items():
            if key in schema:
                return make(self, schema, name, depth)
        make = self.KINDS.get(kind_of(schema, depth), _Examples.text)
        return make(self, schema, name, depth)

    def reference(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        target: Any = self.root
        for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
            if step:
                step = step.replace("~1", "/").replace("~0", "~")
                target = target.get(step) if is_object(target) else None
        return self.of(target, name, depth + 1)

    def constant(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        return schema["const"]

    def choice(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        return schema["enum"][0] if schema["enum"] else None

    def alternative(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        options: Any = schema.get("anyOf") or schema.get("oneOf") or [{}]
        null = {"type": "null"}
        return (
            None if depth >= SHALLOW and null in options else self.of(options[0], name, depth + 1)
        )

    def combination(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        parts = [self.of(part, name, depth + 1) for part in schema["allOf"]]
        if not all(is_object(part) for part in parts):
            return parts[0] if parts else None
        return {key: value for part in parts for key, value in part.items()}

    def mapping(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        properties: dict[str, Any] = schema.get("properties") or {}
        required: list[str] = schema.get("required") or []
        return {
            key: self.of(value, key, depth + 1)
            for key, value in properties.items()
            if depth < SHALLOW or key in required
        }

    def sequence(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        length = schema.get("minItems", 0 if depth >= SHALLOW else 1)
        return [self.of(schema.get("items", {}), name, depth + 1) for _ in range(length)]

    def text(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        said = FORMATS.get(schema.get("format", ""), name)
        return said.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]

    def number(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        step = schema.get("multipleOf", 1)
        lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + step)
        highest = schema.get("maximum", schema.get("exclusiveMaximum", lowest + 2 * step) - step)
        return min(lowest, highest)

    def truth(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        return True

    def nothing(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        return None

    SHORTCUTS: ClassVar[dict[str, Any]] = {
        "$ref": reference,
        "const": constant,
        "enum": choice,
        "anyOf": alternative,
        "oneOf": alternative,
        "allOf": combination,
    }
    KINDS: ClassVar[dict[str, Any]] = {
        "object": mapping,
        "array": sequence,
        "string": text,
        "integer": number,
        "number": number,
        "boolean": truth,
        "null": nothing,
    }


def kind_of(schema: dict[str, Any], depth: int) -> str:
    kind: Any = schema.get("type", "object" if "properties" in schema else "string")
    if is_list(kind):
        if depth >= SHALLOW and "null" in kind:
            return "null"
        kind = next((option for option in kind if option != "null"), "null")
    return str(kind)
