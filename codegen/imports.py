"""The imports at the top of a generated file, and the names they give there."""

from __future__ import annotations

import builtins
import keyword

from .naming import camel

#: Where the names come from that are no part of the description.
HOMES = {
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "Sequence": "collections.abc",
    "Literal": "typing",
    "TypeAlias": "typing",
    "overload": "typing",
    "cached_property": "functools",
    "partial": "functools",
    "Required": "typing_extensions",
    "TypedDict": "typing_extensions",
    "deprecated": "typing_extensions",
    "Any": "typing",
    "cast": "typing",
    "NoneType": "types",
    "Omit": "openai_async._sentinels",
    "omit": "openai_async._sentinels",
    "NotGiven": "openai_async._sentinels",
    "not_given": "openai_async._sentinels",
    "Timeout": "openai_async._timeouts",
    "Headers": "openai_async._types",
    "Query": "openai_async._types",
    "Body": "openai_async._types",
    "Operation": "openai_async._operation",
    "Resource": "openai_async._resource",
    "AsyncStream": "openai_async._stream",
    "AsyncPaginator": "openai_async.pagination",
    "HttpxBinaryResponseContent": "openai_async._binary",
    "check_variants": "openai_async._arguments",
    "unwarned": "openai_async._arguments",
    "assistant_stream": "openai_async._assistants",
    "check_wait": "openai_async._polling",
    "clock": "openai_async._polling",
    "known": "openai_async._polling",
    "wait_for": "openai_async._polling",
    "overloads": "openai_async._overloads",
    "joined": "openai_async._arguments",
    "decode_embeddings": "openai_async._embeddings",
    "transcription_type": "openai_async._audio",
    "translation_type": "openai_async._audio",
    "call_body": "openai_async._calls",
    "BaseModel": "openai_async._models",
    "Unknown": "openai_async._models",
    "FileTypes": "openai_async._types",
    "SequenceNotStr": "openai_async._types",
}


class Imports:
    """Collects what the file `module` (`openai_async.types.chat._models`) has to import."""

    def __init__(self, module: str, *, taken: frozenset[str] = frozenset()) -> None:
        self._package = module.split(".")[:-1]
        self._names: dict[str, tuple[str, str]] = {}
        self._modules: set[str] = set()
        self._taken = taken

    def add(self, module: str, name: str) -> str:
        """What `name` of `module` is called in this file."""
        local = name
        if self._is_other(local, (module, name)):
            local = camel(module.replace("._", ".").split(".")[2]) + name
        assert not self._is_other(local, (module, name)), (module, name)
        self._names[local] = (module, name)
        return local

    def _is_other(self, local: str, home: tuple[str, str]) -> bool:
        return local in self._taken or self._names.get(local, home) != home

    def builtin(self, name: str, hidden: frozenset[str] = frozenset()) -> str:
        """What `name`, of Python or of the runtime, is called where `hidden` are redefined."""
        if name in HOMES:
            return self.add(HOMES[name], name)
        if name in hidden and hasattr(builtins, name):
            self._modules.add("builtins")
            return f"builtins.{name}"
        return name

    @property
    def names(self) -> set[str]:
        """What the file may use."""
        return set(self._names)

    def lines(self) -> str:
        """The import statements, unsorted: ruff sorts them."""
        return self._lines("", set(self._names) | self._modules)

    def parted(self, used: set[str]) -> tuple[str, str]:
        """The import statements of what the code uses when it runs, and of what only types use."""
        return (
            self._lines("", used),
            self._lines("    ", (set(self._names) | self._modules) - used),
        )

    def _lines(self, indent: str, wanted: set[str]) -> str:
        found = [f"{indent}import {name}\n" for name in sorted(self._modules & wanted)]
        for local, (module, name) in sorted(self._names.items()):
            if local not in wanted:
                continue
            as_ = f" as {local}" if local != name else ""
            found.append(f"{indent}from {self._relative(module)} import {name}{as_}\n")
        return "".join(found)

    def _relative(self, module: str) -> str:
        parts = module.split(".")
        if parts[0] != self._package[0]:
            return module
        same = 0
        while same < len(self._package) and parts[same : same + 1] == [self._package[same]]:
            same += 1
        return "." * (len(self._package) - same + 1) + ".".join(parts[same:])


def is_reserved(name: str) -> bool:
    """Whether `name` cannot be written as the name of a field."""
    return keyword.iskeyword(name) or not name.isidentifier()
