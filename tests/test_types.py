"""Every name of `openai_async.types` exists, and every class there can be decoded and dumped."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
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


MODELS = sorted({v for v in _found().values() if isinstance(v, StructMeta)}, key=repr)
TYPED_DICTS = sorted({v for v in _found().values() if typing_extensions.is_typeddict(v)}, key=repr)


def test_the_packages_hold_models_and_parameters() -> None:
    assert len(PACKAGES) > 5
    assert len(MODELS) > 30
    assert len(TYPED_DICTS) > 30


@pytest.mark.parametrize(
    ("package", "name"), NAMES, ids=lambda value: getattr(value, "__name__", value)
)
def test_every_name_is_there(package: types.ModuleType, name: str) -> None:
    assert getattr(package, name) is not None
    assert name in dir(package)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_star_imports_give_every_name(package: types.ModuleType) -> None:
    into: dict[str, Any] = {}
    exec(f"from {package.__name__} import *", into)
    assert {*package.__all__} <= into.keys()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_name_that_is_not_there_raises(package: types.ModuleType) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


def _sample(tp: Any, *, full: bool) -> Any:
    """A JSON value of the type `tp`: every field of objects if `full`, else the required ones."""
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


def _sample_object(tp: Any, *, full: bool) -> dict[str, Any]:
    fields = fields_of(tp)
    names = fields.types if full else fields.required
    sample = {fields.slots[name]: _sample(fields.types[name], full=full) for name in names}
    return sample if fields.tag_field is None else {fields.tag_field: fields.tag, **sample}


_ATOMS: dict[Any, Any] = {str: "é", int: 3, float: 0.5, bool: True, object: {"a": [1]}, Any: None}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_decoded_in_c_and_comes_back(
    model: type[BaseModel], full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = _sample(model, full=full)
    decode(b"{}", model)
    monkeypatch.setattr(_decode, "_decode_carefully", None)
    decoded = decode(json.dumps(sample), model)
    assert isinstance(decoded, model)
    assert decoded.to_dict() == json.loads(encode(decoded)) == sample
    assert decoded.to_dict() == model(**sample).to_dict()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_the_same_both_ways(model: type[BaseModel], full: bool) -> None:
    sample = _sample(model, full=full)
    decoded, validated = decode(json.dumps(sample), model), model.model_validate(sample)
    assert decoded == validated
    assert repr(decoded) == repr(validated)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_fields_do_not_hide_what_every_model_can_do(model: type[BaseModel]) -> None:
    hidden = {name for name in vars(model) if name in vars(BaseModel) and not name.startswith("__")}
    assert hidden == set()


def _structs_in(tp: Any) -> Iterator[Any]:
    if isinstance(tp, StructMeta):
        yield tp
    for each in typing.get_args(tp):
        yield from _structs_in(each)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_classes_inside_a_model_are_public_too(model: Any) -> None:
    inside = {each for tp in fields_of(model).types.values() for each in _structs_in(tp)}
    assert inside <= {*MODELS, Unknown}


@pytest.mark.parametrize("typed_dict", TYPED_DICTS, ids=lambda typed_dict: typed_dict.__name__)
def test_hints_of_parameters_resolve(typed_dict: Any) -> None:
    hints = typing.get_type_hints(typed_dict)
    assert hints.keys() == typed_dict.__annotations__.keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_hints_of_models_resolve(model: Any) -> None:
    hints = typing.get_type_hints(model)
    assert fields_of(model).types.items() <= hints.items()


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
