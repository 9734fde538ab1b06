"""The names of the library before 1.0: using one tells what has taken its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from openai_async import OpenAIError


class _Replaced(NamedTuple):
    """What there is instead of a class, and of its methods."""

    by: str = ""
    same: str = ""
    """The methods that kept their names."""
    renamed: Mapping[str, str] = {}


_JOBS = _Replaced(
    "fine_tuning.jobs",
    "create list retrieve cancel list_events",
    {"delete": "models.delete", "stream_events": "fine_tuning.jobs.list_events"},
)

_REPLACED = {
    "Audio": _Replaced(
        "audio",
        renamed={
            "transcribe": "audio.transcriptions.create",
            "transcribe_raw": "audio.transcriptions.create",
            "translate": "audio.translations.create",
            "translate_raw": "audio.translations.create",
        },
    ),
    "ChatCompletion": _Replaced("chat.completions", "create"),
    "Completion": _Replaced("completions", "create"),
    "Customer": _Replaced(),
    "Deployment": _Replaced(),
    "Edit": _Replaced("chat.completions", "create"),
    "Embedding": _Replaced("embeddings", "create"),
    "Engine": _Replaced(
        "models",
        "list retrieve",
        {"generate": "completions.create", "embeddings": "embeddings.create"},
    ),
    "ErrorObject": _Replaced("APIError"),
    "File": _Replaced(
        "files",
        "create list retrieve delete",
        {"download": "files.content", "find_matching_files": "files.list"},
    ),
    "FineTune": _JOBS,
    "FineTuningJob": _JOBS,
    "Image": _Replaced(
        "images", "create_variation", {"create": "images.generate", "create_edit": "images.edit"}
    ),
    "Model": _Replaced("models", "list retrieve delete"),
    "Moderation": _Replaced("moderations", "create"),
}

NAMES = tuple(_REPLACED)


class APIRemovedInV1(OpenAIError):
    """A name of the library before 1.0 was used; the message says what replaces it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"openai.{name} was removed in version 1.0. {_remedy(name)}")
        self.name = name

    def __reduce__(self) -> Any:
        return type(self), (self.name,)


APIRemovedInV1.__module__ = "openai_sync"


def _remedy(name: str) -> str:
    old, _, method = name.partition(".")
    by, same, renamed = _REPLACED[old]
    if not by:
        return "Nothing takes its place."
    methods = {**{each: f"{by}.{each}" for each in same.split()}, **renamed}
    if method[:1] == "a" and method[1:] in methods:
        return f"Use {methods[method[1:]]} of an openai_async.AsyncOpenAI, and await it."
    return f"Use openai.{methods.get(method, by)}."


class Removed:
    """Stands for a class of the library before 1.0. Calling it or using an attribute of it raises.

    Nothing else does: it may be imported, and inspected by tools.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self.__doc__ = str(APIRemovedInV1(name))

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        raise APIRemovedInV1(self.__name__)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise APIRemovedInV1(f"{self.__name__}.{name}")

    def __reduce__(self) -> Any:
        return Removed, (self.__name__,)

    def __repr__(self) -> str:
        return f"<openai.{self.__name__}: removed>"


def __getattr__(name: str) -> Removed:
    if name not in _REPLACED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return Removed(name)
