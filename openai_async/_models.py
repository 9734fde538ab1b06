"""`BaseModel`, the base of every response class, and `Unknown`, the variant nobody knows.

A response class is written as a plain annotated class and becomes a msgspec Struct:

    class Model(BaseModel):
        id: str
        owned_by: str | None = None

Three things are arranged by the metaclass, so that generated classes stay that short. Every slot
may hold `UNSET` (see `_fields`), and reading it then gives the default. A tag field (`tag_field=`,
`tag=`) is written as an ordinary field, for readers and type checkers, and becomes a class
attribute. Calling the class takes Python or wire names, turns dicts into objects, keeps unknown
names, and says which required ones are missing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct, StructMeta
from msgspec.structs import asdict
from typing_extensions import Self, dataclass_transform

from . import _build, _dump
from ._fields import EXTRA, LIVE, extras_of, fields_of, members, public_class

_T = TypeVar("_T")


class ModelMeta(StructMeta):
    """Makes Structs whose fields may be absent."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> ModelMeta:
        config.setdefault("kw_only", True)
        annotations = namespace["__annotations__"] = dict(namespace.get("__annotations__", {}))
        if config.get("tag") is not None:
            annotations.pop(config["tag_field"], None)
            namespace[config["tag_field"]] = config["tag"]
        own = [n for n, tp in annotations.items() if not str(tp).startswith("ClassVar")]
        defaults = {n: namespace[n] for n in own if n in namespace}
        namespace.update(dict.fromkeys(own, UNSET))
        cls = super().__new__(mcls, name, bases, namespace, **config)
        # A field that a subclass declares again keeps the slot of its base.
        slots = _merged(bases, "__field_slots__")
        slots.update({field: cls.__dict__[field] for field in own if field in cls.__dict__})
        for field in own:
            setattr(cls, field, _reading(slots[field], defaults.get(field)))
        cls.__field_slots__ = slots
        cls.__defaults__ = {**_merged(bases, "__defaults__"), **defaults}
        return cls

    if not TYPE_CHECKING:

        def __call__(cls, /, **values: Any) -> Any:
            return _construct(cls, values, required=True)


def _merged(bases: tuple[type, ...], name: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for base in reversed(bases):
        merged.update(getattr(base, name, {}))
    return merged


def _reading(slot: Any, default: Any) -> property:
    """An attribute that reads `default` where the slot says that nothing was sent."""
    get: Callable[[Any], Any] = slot.__get__

    def read(self: Any) -> Any:
        value = get(self)
        return default if value is UNSET else value

    return property(read, slot.__set__, slot.__delete__)


def _construct(cls: type[Any], values: Mapping[str, Any], *, required: bool) -> Any:
    fields = fields_of(cls)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in values.items():
        field = name if name in fields.types else fields.by_wire.get(name)
        if field is None:
            extra[name] = value
        else:
            known[field] = _build.build(fields.types[field], value)
    missing = [name for name in fields.required if name not in known]
    if required and missing:
        raise TypeError(
            f"{cls.__name__}() needs {', '.join(missing)}. "
            f"Use {cls.__name__}.model_construct() to build one without them."
        )
    return _build.assemble(cls, known, extra)


@dataclass_transform(kw_only_default=True)
class BaseModel(
    Struct, metaclass=ModelMeta, dict=True, weakref=True, eq=False, forbid_unknown_fields=True
):
    """What every response object can do: read as attributes, turn into a dict or JSON, copy, pickle."""

    __defaults__: ClassVar[dict[str, Any]]

    @property
    def _request_id(self) -> str | None:
        """The `x-request-id` of the answer, for support. Only the answer itself has one."""
        try:
            value: str | None = self.__dict__["_request_id"]
        except KeyError:
            raise AttributeError(
                "_request_id: only the object that a method returned has a request id."
            ) from None
        return value

    @property
    def model_extra(self) -> dict[str, Any]:
        """The fields that were sent but that this class does not know, by wire name."""
        return extras_of(self)

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were sent or assigned, null or not."""
        return {name for name, _, _ in members(self)}

    def to_dict(
        self,
        *,
        mode: Literal["json", "python"] = "python",
        use_api_names: bool = True,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        warnings: bool = True,
    ) -> dict[str, object]:
        """A dict with what was sent, under the API's names."""
        return self.model_dump(
            mode=mode,
            by_alias=use_api_names,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
            warnings=warnings,
        )

    def to_json(
        self,
        *,
        indent: int | None = 2,
        use_api_names: bool = True,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        warnings: bool = True,
    ) -> str:
        """JSON text with what was sent, under the API's names; `indent=None` for one line."""
        return self.model_dump_json(
            indent=indent,
            by_alias=use_api_names,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
            warnings=warnings,
        )

    def model_dump(
        self,
        *,
        mode: Literal["json", "python"] | str = "python",
        include: Any = None,
        exclude: Any = None,
        by_alias: bool | None = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        warnings: bool | str = True,
        **_pydantic: Any,
    ) -> dict[str, Any]:
        """A dict with every field, absent ones as their defaults, under the Python names.

        Takes what pydantic's method of that name takes; what has no meaning here is accepted and
        changes nothing. `include` and `exclude` are sets of names or mappings to such sets.
        """
        result: dict[str, Any] = _dump.dump(
            self,
            by_alias=bool(by_alias),
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
            include=include,
            exclude=exclude,
        )
        return result

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """`model_dump(...)` as JSON text."""
        text = _dump.encode(self.model_dump(**options))
        return (msgspec.json.format(text, indent=indent) if indent is not None else text).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with the fields of `update` replaced (unchecked); nested objects too if `deep`."""
        twin = copy.deepcopy(self) if deep else copy.copy(self)
        for name, value in (update or {}).items():
            setattr(twin, name, value)
        return twin

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """An object with just these fields: nothing is required, nothing refused."""
        built: Self = _construct(cls, values, required=False)
        return built

    construct = model_construct

    @classmethod
    def model_validate(cls, obj: Any, **_pydantic: Any) -> Self:
        """An object from a dict, such as `to_dict()` made, or from one of its own kind.

        Raises TypeError if `obj` is no mapping or lacks a required field.
        """
        if isinstance(obj, cls):
            return obj
        if not isinstance(obj, Mapping):
            raise TypeError(f"{cls.__name__} is built from a mapping, not {type(obj).__name__}.")
        return cls(**obj)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes, **_pydantic: Any) -> Self:
        """An object from JSON text, such as `to_json()` made."""
        return cls.model_validate(msgspec.json.decode(json_data))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            extras = extras_of(self)
            if name in extras:
                return extras[name]
            raise AttributeError(
                f"{public_class(type(self)).__name__!r} object has no attribute {name!r}"
            )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *extras_of(self)})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseModel):
            return NotImplemented
        if public_class(type(self)) is not public_class(type(other)):
            return False
        return dict(_pairs(self)) == dict(_pairs(other))

    __hash__ = None  # type: ignore[assignment]  # mutable and equal by value, like pydantic's

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value, so that `dict(model)` works (not deep)."""
        return _pairs(self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, _, value in members(self))
        return f"{public_class(type(self)).__name__}({shown})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        for name, _, value in members(self):
            yield name, value

    def _parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What makes up this object: the values of its fields, and its `__dict__`."""
        values = {name: value for name, value in asdict(self).items() if value is not UNSET}
        state = dict(self.__dict__)
        learned = getattr(type(self), "__learned__", {})
        if learned:
            state[EXTRA] = extras_of(self)
            values = {name: value for name, value in values.items() if name not in learned}
        return values, state

    def _become(self, cls: type[_T]) -> _T:
        """The same content as an instance of another class with the same fields."""
        return cast(_T, _restore(cls, *self._parts()))

    def __reduce__(self) -> Any:
        values, state = self._parts()
        state.pop(LIVE, None)
        return _restore, (public_class(type(self)), values, state)

    def __copy__(self) -> Self:
        values, state = self._parts()
        if EXTRA in state:
            state[EXTRA] = dict(state[EXTRA])
        return cast(Self, _restore(public_class(type(self)), values, state))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        values, state = self._parts()
        live = {LIVE: state.pop(LIVE)} if LIVE in state else {}
        parts = copy.deepcopy((values, state), memo)
        twin = cast(Self, _restore(public_class(type(self)), *parts))
        twin.__dict__.update(live)
        memo[id(self)] = twin
        return twin

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Lets pydantic models have fields of this type: dicts come in, objects go out."""
        from pydantic_core import core_schema  # noqa: PLC0415  # only ever called by pydantic

        return core_schema.no_info_plain_validator_function(
            cls._validated_by_pydantic,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.to_dict),
        )

    @classmethod
    def _validated_by_pydantic(cls, value: Any) -> Self:
        try:
            return cls.model_validate(value)
        except TypeError as error:
            raise ValueError(str(error)) from None  # what pydantic reports as a ValidationError


def _pairs(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Every declared field, absent ones with their defaults, then what was sent beyond them."""
    values = {name: value for name, _, value in members(model)}
    for name in fields_of(public_class(type(model))).types:
        yield name, values.pop(name) if name in values else getattr(model, name)
    yield from values.items()


def _restore(cls: type[Any], values: dict[str, Any], state: dict[str, Any]) -> Any:
    model = _build.assemble(cls, values, {})
    model.__dict__.update(state)
    return model


class Unknown(BaseModel):
    """A variant that this version of the library does not know.

    Everything the server sent is readable as attributes, in `raw`, and goes out again unchanged.
    """

    __unknown__: ClassVar[bool] = True

    if TYPE_CHECKING:
        # A value that no known variant has, so that comparing the tag narrows a union as it should.
        type: Literal["<unknown>"]
        object: Literal["<unknown>"]
        event: Literal["<unknown>"]
        role: Literal["<unknown>"]

        def __getattr__(self, name: str) -> Any: ...

    @property
    def raw(self) -> dict[str, Any]:
        """What the server sent."""
        return extras_of(self)
