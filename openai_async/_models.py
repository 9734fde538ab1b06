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
from ._brief import brief
from ._fields import EXTRA, LIVE, extras_of, fields_of, forget_extra, members, public_class

_T = TypeVar("_T")

#: Said to those who look for something where it cannot be.
_REMEDIES = {"_request_id": ": only the object that a method returned has one"}


class ModelMeta(StructMeta):
    """Makes Structs whose fields may be absent."""

    __field_slots__: dict[str, Any]
    __defaults__: dict[str, Any]

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> ModelMeta:
        config.setdefault("kw_only", True)
        annotations = namespace["__annotations__"] = dict(namespace.get("__annotations__", {}))
        if config.get("tag") is not None:
            annotations.pop(config["tag_field"], None)
            namespace[config["tag_field"]] = config["tag"]
        own = [n for n, tp in annotations.items() if "ClassVar" not in str(tp).partition("[")[0]]
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

        def __call__(cls, /, *positional: Any, **values: Any) -> Any:
            if positional:
                raise TypeError(f"{cls.__name__}() takes its fields by name, not by position.")
            return _build.construct(cls, values, required=True)


def _merged(bases: tuple[type, ...], name: str) -> dict[str, Any]:
    return {k: v for base in reversed(bases) for k, v in getattr(base, name, {}).items()}


def _reading(slot: Any, default: Any) -> property:
    """An attribute that reads `default` where the slot says that nothing was sent."""
    get: Callable[[Any], Any] = slot.__get__
    put: Callable[[Any, Any], None] = slot.__set__

    def read(self: Any) -> Any:
        value = get(self)
        return default if value is UNSET else value

    return property(read, put, lambda self: put(self, UNSET))


@dataclass_transform(kw_only_default=True)
class BaseModel(
    Struct, metaclass=ModelMeta, dict=True, weakref=True, eq=False, forbid_unknown_fields=True
):
    """What every response object can do: be read, turned into a dict or JSON, copied, pickled."""

    if TYPE_CHECKING:

        @property
        def _request_id(self) -> str | None:
            """The `x-request-id` of the answer, for support. Only the answer itself has one."""

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
        **_pydantic: Any,
    ) -> dict[str, Any]:
        """A dict with every field, absent ones as their defaults, under the Python names.

        Takes what pydantic's method of that name takes; what has no meaning here changes nothing.
        `include` and `exclude` are sets of names, or mappings from names to what is meant inside
        them; in lists, positions and `"__all__"` are names. `mode="json"` leaves what JSON can say.
        """
        dumped: dict[str, Any] = _dump.dump(
            self,
            by_alias=bool(by_alias),
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
            include=include,
            exclude=exclude,
        )
        return cast("dict[str, Any]", _dump.plain(dumped)) if mode == "json" else dumped

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """`model_dump(...)` as JSON text."""
        text = _dump.encode(self.model_dump(**options)).decode()
        return text if indent is None else msgspec.json.format(text, indent=indent)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with the fields of `update` in it, unchecked; of nested objects too if `deep`."""
        twin = copy.deepcopy(self) if deep else copy.copy(self)
        fields = fields_of(type(twin))
        for name, value in (update or {}).items():
            if name in fields.types or name == fields.tag_field or not hasattr(type(twin), name):
                setattr(twin, name, value)
            else:  # a field that happens to be called like a method, such as "copy"
                vars(twin).setdefault(EXTRA, {})[name] = value
        return twin

    @classmethod
    def model_construct(cls, /, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """An object with just these fields: nothing is required, nothing refused."""
        built: Self = _build.construct(cls, values, required=False)
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
        """An object from JSON text, such as `to_json()` made. ValueError if it is not JSON."""
        return cls.model_validate(msgspec.json.decode(json_data))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            extras = extras_of(self)
            if name in extras and name != "_request_id":
                return extras[name]
            kind, remedy = public_class(type(self)).__name__, _REMEDIES.get(name, "")
            raise AttributeError(f"{kind!r} object has no attribute {name!r}{remedy}")

        def __delattr__(self, name: str) -> None:
            declared = name in fields_of(public_class(type(self))).types
            if declared or not forget_extra(self, name):
                super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *extras_of(self)})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseModel):
            return NotImplemented
        if public_class(type(self)) is not public_class(type(other)):
            return False
        return dict(_pairs(self)) == dict(_pairs(other))

    def __ne__(self, other: object) -> bool:  # Struct has one of its own, that compares identity
        return not self == other

    # Mutable and equal by value, like those of pydantic.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value, so that `dict(model)` works (not deep)."""
        return _pairs(self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={brief(value)!r}" for name, _, value in members(self))
        return f"{public_class(type(self)).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, brief(value)) for name, _, value in members(self)]

    def _repr_markdown_(self) -> str | None:
        """What notebooks show, of an object that is mostly text; None for the others."""
        from . import _display  # noqa: PLC0415  # only ever called by notebooks

        return _display.markdown(self)

    def _repr_html_(self) -> str | None:
        """What notebooks show, of images, vectors and lists; None for the others."""
        from . import _display  # noqa: PLC0415  # only ever called by notebooks

        return _display.html(self)

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
        live = {LIVE: state.pop(LIVE)} if LIVE in state else {}  # nothing of this process is copied
        twin = cast(Self, _restore(public_class(type(self)), *copy.deepcopy((values, state), memo)))
        vars(twin).update(live)
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
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}

    @classmethod
    def _validated_by_pydantic(cls, value: Any) -> Self:
        fields = fields_of(cls)
        tag = value.get(fields.tag_field, fields.tag) if isinstance(value, Mapping) else fields.tag
        if tag != fields.tag:
            raise ValueError(f"{cls.__name__} has the {fields.tag_field} {fields.tag!r}.")
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

    What the server sent is readable as attributes and in `raw`, and goes out again unchanged.
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
