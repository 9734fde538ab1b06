"""Tables as TOML text, the way a reader would lay them out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100


def dumps(tables: Mapping[str, Any], heading: str) -> str:
    """`tables` as a TOML document that begins with the comment `heading`."""
    return "\n".join([f"# {heading}", *_section((), tables)]) + "\n"


def _section(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {name: value for name, value in table.items() if not _is_table(name, value)}
    if path and (plain or not table):
        yield ""
        yield f"[{'.'.join(map(_key, path))}]"
    for name, value in plain.items():
        yield _line(name, value)
    for name, value in table.items():
        if _is_table(name, value):
            yield from _section((*path, name), value)


def _is_table(name: str, value: Any) -> bool:
    return isinstance(value, Mapping) and not _is_inline(name, value)


def _is_inline(name: str, value: Mapping[str, Any]) -> bool:
    if name in ("fields", "required", "optional"):
        return False
    return name == "headers" or ("type" in value and {*value} <= {"type", "wire", "required"})


def _line(name: str, value: Any) -> str:
    line = f"{_key(name)} = {_value(value)}"
    if len(line) <= _WIDTH:
        return line
    if isinstance(value, str) and " | " in value and "\\" not in value and '"""' not in value:
        return f'{_key(name)} = """\\\n' + _wrapped(value) + '"""'
    if isinstance(value, list):
        lines = [f"    {line.strip()}" for line in _lines(f"{_value(each)}, " for each in value)]
        return "\n".join([f"{_key(name)} = [", *lines, "]"])
    return line


def _wrapped(text: str) -> str:
    """`text` over several lines; a backslash at its end joins a line with the next."""
    lines = _lines(re.split(r"(?<=\| )|(?<=, )", text))
    return "\n".join(f"    {line}\\" for line in lines) + "\n"


def _lines(parts: Iterable[str]) -> list[str]:
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) > _WIDTH - 6 and lines[-1]:
            lines.append("")
        lines[-1] += part
    return lines


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    items = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
    return f"{{ {items} }}"
