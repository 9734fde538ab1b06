"""Every name of `openai_async.types` exists, and every class there can be decoded and dumped."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
import typing_extensions
from msgspec import StructMeta

import openai_async.types
from openai_async import _decode
from openai_async._decode import decode
from openai_async._dump import encode
from openai_async._fields import UNIONS, fields_of, is_open
from openai_async._models import BaseModel, Unknown


def _packages() -> Iterator[types.ModuleType]:
    yield openai_async.types
    prefix = "openai_async.types."
    for found in pkgutil.walk_packages(openai_async.types.__path__, prefix):
        if found.ispkg:
            yield importlib.import_module(found.name)


PACKAGES = list(_packages())
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


def _found() -> dict[str, Any]:
    return {f"{package.__name__}.{name}": getattr(package, name) for package, name in NAMES}


FOUND = _found()
MODELS = sorted({v for v in FOUND.values() if isinstance(v, StructMeta)}, key=repr)
TYPED_DICTS = sorted({v for v in FOUND.values() if typing_extensions.is_typeddict(v)}, key=repr)


def _by_root(classes: list[Any]) -> dict[str, list[Any]]:
    """The classes by the package they are defined in: there are too many for a case each."""
    found: dict[str, list[Any]] = {}
    for each in classes:
        found.setdefault(each.__module__.split(".")[2], []).append(each)
    return found


ROOTS = _by_root(MODELS)
each_root = pytest.mark.parametrize("models", ROOTS.values(), ids=ROOTS)


def test_the_packages_hold_models_and_parameters() -> None:
    assert len(PACKAGES) > 40
    assert len(MODELS) > 2600
    assert len(TYPED_DICTS) > 1500


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_name_is_there(package: types.ModuleType) -> None:
    assert [name for name in package.__all__ if getattr(package, name, None) is None] == []
    assert {*package.__all__} <= {*dir(package)}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_star_imports_give_every_name(package: types.ModuleType) -> None:
    into: dict[str, Any] = {}
    exec(f"from {package.__name__} import *", into)
    assert {*package.__all__} <= into.keys()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_name_that_is_not_there_raises(package: types.ModuleType) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


def _sample(tp: Any, *, full: int) -> Any:
    """A JSON value of the type `tp`: objects are complete for `full` levels."""
    origin, args = typing.get_origin(tp), typing.get_args(tp)
    if isinstance(tp, StructMeta):
        return _sample_object(tp, full=full)
    if origin in UNIONS:
        known = [each for each in args if each is not type(None) and not is_open(each)]
        return _sample(known[-1 if full else 0], full=full)
    if origin is Annotated:
        return _sample(args[0], full=full)
    if origin is list:
        return [_sample(args[0], full=full)] if full else []
    if origin is dict:
        return {"k": _sample(args[1], full=full)} if full else {}
    if origin is Literal:
        return args[-1]
    return _ATOMS[tp]


def _sample_object(tp: Any, *, full: int) -> dict[str, Any]:
    fields = fields_of(tp)
    names = fields.types if full else fields.required
    less = max(full - 1, 0)
    sample = {fields.slots[name]: _sample(fields.types[name], full=less) for name in names}
    return sample if fields.tag_field is None else {fields.tag_field: fields.tag, **sample}


_ATOMS: dict[Any, Any] = {str: "é", int: 3, float: 0.5, bool: True, object: {"a": [1]}, Any: None}


def _wrong(models: list[Any], is_right: Callable[[Any], bool]) -> list[str]:
    return [model.__name__ for model in models if not is_right(model)]


@pytest.mark.parametrize("full", [0, 1, 3])
@each_root
def test_every_model_is_decoded_in_c_and_comes_back(
    models: list[type[BaseModel]], full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in models:
        decode(b"{}", model)
    monkeypatch.setattr(_decode, "_decode_carefully", None)

    def is_right(model: type[BaseModel]) -> bool:
        sample = _sample(model, full=full)
        decoded = decode(json.dumps(sample), model)
        return (
            isinstance(decoded, model)
            and decoded.to_dict() == json.loads(encode(decoded)) == sample
            and decoded.to_dict() == model(**sample).to_dict()
        )

    assert _wrong(models, is_right) == []


@pytest.mark.parametrize("full", [0, 2])
@each_root
def test_every_model_is_the_same_both_ways(models: list[type[BaseModel]], full: int) -> None:
    def is_right(model: type[BaseModel]) -> bool:
        sample = _sample(model, full=full)
        decoded, validated = decode(json.dumps(sample), model), model.model_validate(sample)
        return bool(decoded == validated) and repr(decoded) == repr(validated)

    assert _wrong(models, is_right) == []


@each_root
def test_fields_do_not_hide_what_every_model_can_do(models: list[type[BaseModel]]) -> None:
    offered = {name for name in vars(BaseModel) if not name.startswith("__")}
    assert _wrong(models, lambda model: not offered & {*vars(model)}) == []


def _structs_in(tp: Any) -> Iterator[Any]:
    if isinstance(tp, StructMeta):
        yield tp
    for each in typing.get_args(tp):
        yield from _structs_in(each)


@each_root
def test_the_classes_inside_a_model_are_public_too(models: list[Any]) -> None:
    public = {*MODELS, Unknown}

    def is_right(model: Any) -> bool:
        return all(
            each in public for tp in fields_of(model).types.values() for each in _structs_in(tp)
        )

    assert _wrong(models, is_right) == []


def test_hints_of_parameters_resolve() -> None:
    def is_right(typed_dict: Any) -> bool:
        return typing.get_type_hints(typed_dict).keys() >= typed_dict.__annotations__.keys()

    assert _wrong(TYPED_DICTS, is_right) == []


@each_root
def test_hints_of_models_resolve(models: list[Any]) -> None:
    def is_right(model: Any) -> bool:
        return bool(fields_of(model).types.items() <= typing.get_type_hints(model).items())

    assert _wrong(models, is_right) == []


SCRIPT = """
import sys
from openai_async.types import chat
assert not [name for name in sys.modules if name.endswith(("._params", "._models"))
            and ".types." in name], "nothing was asked for yet"
from openai_async.types.chat import ChatCompletionMessage
ChatCompletionMessage(role="assistant")
print([name for name in sys.modules if name.endswith("._params")])
"""


def test_taking_a_model_loads_no_parameters() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
