"""Many requests in three forms, and how each of them is sent.

    sender(client, client.chat.completions.create)   keyword arguments of a method
    sender(client, "/v1/chat/completions")           the same, by the path of its endpoint
    sender(client, None)                             lines of a batch: method, url and body

A method says what to send to whatever its resource delivers to. So one request can be sent, as by
a call of the method, or captured: what a batch has in its file is what the call would have sent,
and what comes back is decoded as the method would have done it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._embeddings import decode_embeddings
from ._operation import Operation
from ._requests import NO_OPTIONS, Call
from ._resource import Content, Deliver, Resource
from ._views import Viewed


class Endpoint(NamedTuple):
    """What takes requests in batches: a method of the client, its class, and its result."""

    method: str
    owner: str
    result: str

    @property
    def module(self) -> str:
        """Of both, in `resources` and in `types`."""
        return self.method.partition(".")[0]


#: By path, as batches have it.
ENDPOINTS: dict[str, Endpoint] = {
    "/v1/responses": Endpoint("responses.create", "Responses", "Response"),
    "/v1/chat/completions": Endpoint("chat.completions.create", "Completions", "ChatCompletion"),
    "/v1/embeddings": Endpoint("embeddings.create", "Embeddings", "CreateEmbeddingResponse"),
    "/v1/completions": Endpoint("completions.create", "Completions", "Completion"),
    "/v1/moderations": Endpoint("moderations.create", "Moderations", "ModerationCreateResponse"),
    "/v1/images/generations": Endpoint("images.generate", "Images", "ImagesResponse"),
    "/v1/images/edits": Endpoint("images.edit", "Images", "ImagesResponse"),
    "/v1/videos": Endpoint("videos.create", "Videos", "Video"),
}

STREAMS = (
    "Results of many requests are whole: leave out stream=True. To stream one of them, call the "
    "method itself."
)

_ID = "custom_id"


class Captured(NamedTuple):
    """A request that was not sent."""

    call: Call
    content: Content


class Sender:
    """Sends requests of one form."""

    #: The path of what the requests are for; None if each says it, or none is known.
    endpoint: str | None = None
    #: The arguments that all requests have.
    given: Mapping[str, Any] = {}

    def parted(self, request: Any) -> tuple[str | None, Mapping[str, Any]]:
        """The name of a request and the rest of it. Raises TypeError if it is none."""
        if not isinstance(request, Mapping):
            raise TypeError(f"A request must be a mapping, not {type(request).__name__}.")
        name = request.get(_ID)
        if name is None:
            return None, request
        if not isinstance(name, str) or not name:
            raise TypeError(f"The {_ID} of a request must be text, not {name!r}.")
        return name, {key: value for key, value in request.items() if key != _ID}

    async def send(self, request: Mapping[str, Any], deliver: Deliver) -> Any:
        """What becomes of a request (without its name) that is handed to `deliver`."""
        raise NotImplementedError


class Method(Sender):
    """Requests are keyword arguments for a method of a resource; `given` ones come first."""

    def __init__(
        self,
        resource: Any,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        given: Mapping[str, Any],
    ) -> None:
        if given.get("stream"):
            raise ValueError(STREAMS)
        self._resource, self._function = resource, function
        self._args, self.given = args, given
        self.endpoint = _endpoint_of(function)

    async def send(self, request: Mapping[str, Any], deliver: Deliver) -> Any:
        twin = self._resource._delivering(deliver)
        return await self._function(twin, *self._args, **{**self.given, **request})


class Lines(Sender):
    """Requests are lines as a batch has them, whose bodies are sent as they are.

    With `vectors`, embeddings are lists of numbers whatever the request says.
    """

    def __init__(self, client: Any, *, vectors: bool = False) -> None:
        self._resource, self._vectors = Resource(client), vectors

    async def send(self, request: Mapping[str, Any], deliver: Deliver) -> Any:
        url, body = request.get("url"), request.get("body")
        if not isinstance(body, Mapping) or request.get("method", "POST") != "POST":
            raise ValueError(
                'A request without a method of the client must be {"custom_id": ..., '
                '"method": "POST", "url": "/v1/...", "body": {...}}.'
            )
        operation = _operation(path := checked(url))
        if body.get("stream"):
            raise ValueError(STREAMS)
        resource = self._resource._delivering(deliver)
        vectors = self._vectors or body.get("encoding_format") != "base64"
        finish = decode_embeddings if path == "/v1/embeddings" and vectors else None
        return await resource._request(operation, body=body, options=NO_OPTIONS, finish=finish)


class Function(Sender):
    """Requests are keyword arguments for a function of the user."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def bound(self, request: Mapping[str, Any]) -> Callable[[], Any]:
        """The call of the function for a request."""
        return functools.partial(self._function, **request)


def sender(client: Any, method: Any) -> Sender:
    """What sends requests that are given with this `method`. Raises TypeError or ValueError."""
    if method is None:
        return Lines(client)
    if isinstance(method, str):
        method = functools.reduce(getattr, ENDPOINTS[checked(method)].method.split("."), client)
    args: tuple[Any, ...] = ()
    given: dict[str, Any] = {}
    function = method
    while isinstance(function, functools.partial):
        args, given = (*function.args, *args), {**function.keywords, **given}
        function = function.func
    owner = getattr(function, "__self__", None)
    if isinstance(owner, Viewed) and inspect.ismethod(function):
        if "_async" in vars(owner):  # of a blocking client, which only waits for the same
            return Method(vars(owner)["_async"], inspect.unwrap(function.__func__), args, given)
        return Method(owner, function.__func__, args, given)
    if not callable(method):
        raise TypeError(
            "method must be a method of the client (client.chat.completions.create), the path of "
            f"an endpoint ({next(iter(ENDPOINTS))}), or left out: not {type(method).__name__}."
        )
    return Function(method)


def checked(path: Any) -> str:
    """`path` if it is one of an endpoint, as `ENDPOINTS` has it. Raises ValueError otherwise."""
    full = path if isinstance(path, str) and path.startswith("/v1/") else f"/v1{path}"
    if full not in ENDPOINTS:
        raise ValueError(f"No endpoint {path!r}: choose from {', '.join(ENDPOINTS)}.")
    return full


def captured(sends: Sender, request: Mapping[str, Any]) -> Captured:
    """The request that would be sent, and how its answer is decoded. Does not wait.

    Raises what the method raises for arguments that make no sense, and ValueError for a stream.
    """
    coroutine = sends.send(request, _capture)
    try:
        coroutine.send(None)
    except _Caught as caught:
        if caught.captured.content.streams:
            raise ValueError(STREAMS) from None
        return caught.captured
    except StopIteration:
        pass
    coroutine.close()
    raise TypeError("This method does more than send one request.")


class _Caught(BaseException):
    """Carries a request out of the method that wanted it sent."""

    def __init__(self, captured: Captured) -> None:
        super().__init__()
        self.captured = captured


async def _capture(_settings: Any, call: Call, content: Content) -> Any:
    raise _Caught(Captured(call, content))


def _endpoint_of(function: Callable[..., Any]) -> str | None:
    """The path of the endpoint that a method of a resource sends to, if batches know it."""
    function = inspect.unwrap(function)
    module = function.__module__.rpartition(".")[2]
    for path, endpoint in ENDPOINTS.items():
        name = f"{endpoint.owner}.{endpoint.method.rpartition('.')[2]}"
        if (module, function.__qualname__) == (endpoint.module, name):
            return path
    return None


def _operation(path: str) -> Operation[Any]:
    """The operation of an endpoint, for bodies that are sent as they are."""
    endpoint = ENDPOINTS[path]
    types = importlib.import_module(f".types.{endpoint.module}", __package__)
    return Operation("POST", path.removeprefix("/v1"), getattr(types, endpoint.result))
