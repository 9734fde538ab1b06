"""The emulator as its users see it: an object which serves while it is entered."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from .indexes import VectorStore
from .line_batches import LineBatch
from .parts import Upload
from .queue import FaultQueue
from .recorder import RecordedRequest, Recorder
from .settings import Settings
from .store import Store, StoredFile

if TYPE_CHECKING:
    from typing_extensions import Self

    from .running import Running

EXTRA = {"starlette", "uvicorn", "h11", "python_multipart"}

REMEDY = 'The emulator needs some more packages: pip install "openai-anyio[emulator]"'


class Emulator:
    """A server that speaks like the OpenAI API, on a port of this machine.

    It serves inside `with` or `async with`, in a thread of its own. Everything here may be used
    from any thread."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        processing_seconds: float = 0.0,
        poll_after_ms: float | None = 20,
        chunk_delay_ms: float = 0.0,
        run_seconds: float = 0.0,
        file_seconds: float = 0.0,
        latency_ms: float = 0.0,
        rate_limit: tuple[float, float] | None = None,
        token_limit: tuple[float, float] | None = None,
        fault_rate: float = 0.0,
        fault_seed: int = 1,
        max_requests: int = 10_000,
    ) -> None:
        """
        Args:
            port: 0 takes any free port.
            processing_seconds: How long the files of a batch are processed, all together.
            poll_after_ms: When clients are told to ask about a job again; None tells them nothing.
            chunk_delay_ms: The pause between the chunks of a stream.
            run_seconds: How long runs, background responses and other jobs take.
            file_seconds: How long an uploaded file is processed.
            latency_ms: How long every answer is held back before it begins.
            rate_limit: How many requests are answered in how many seconds; 429 to the others.
            token_limit: How many tokens may be spent in how many seconds.
            fault_rate: The share of the requests that go wrong; see `random_faults`.
            fault_seed: Which of them, and how.
            max_requests: How many requests are remembered.
        """
        self._run = load()
        self._address = (host, port)
        self._initial = Settings(
            processing_seconds,
            poll_after_ms,
            chunk_delay_ms,
            run_seconds,
            file_seconds,
            latency_ms=latency_ms,
            rate_limit=rate_limit,
            token_limit=token_limit,
        )
        self.settings: Settings = replace(self._initial)
        self._store = Store()
        self._faults = FaultQueue()
        self._chance = (fault_rate, fault_seed)
        self._draw_faults()
        self._recorder = Recorder(max_requests)
        self._running: Running | None = None
        self._url = ""

    # Start and stop

    def start(self) -> None:
        """Serve from now on; returns when connections are accepted."""
        if self._running is not None:
            raise RuntimeError("This emulator is already running.")
        listener = listen(*self._address)
        self._url = url_of(listener)
        self._running = self._run(
            listener, self._store, self.settings, self._faults, self._recorder
        )

    def stop(self) -> None:
        """Drop all connections, end all streams, forget all files."""
        stopping, self._running = self._running, None
        if stopping is not None:
            stopping.stop()
            self._store.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        # Starting and stopping take a few milliseconds and wait for no client: a thread to keep
        # the caller's event loop free would cost as much.
        self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # Where it is

    @property
    def url(self) -> str:
        """The root of the server, such as `http://127.0.0.1:41234`."""
        if not self._url:
            raise RuntimeError("The emulator has no address yet: start it using `with`.")
        return self._url

    @property
    def base_url(self) -> str:
        """The root of the API, for the `base_url` of clients."""
        return f"{self.url}/v1"

    @property
    def azure_endpoint(self) -> str:
        """The address of the resource, for the `azure_endpoint` of clients of Azure."""
        return self.url

    # What it saw and what it shall do

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests received, oldest first."""
        return self._recorder.snapshot()

    @property
    def files(self) -> list[StoredFile]:
        """The files uploaded and not deleted, oldest first."""
        return list(self._store.files.values())

    @property
    def uploads(self) -> list[Upload]:
        """The uploads begun, oldest first, whatever became of them."""
        return list(self._store.uploads.values())

    @property
    def batches(self) -> list[LineBatch]:
        """The batches of requests, oldest first; each knows its `status`."""
        return list(self._store.line_batches.values())

    @property
    def vector_stores(self) -> list[VectorStore]:
        """The vector stores made and not deleted, oldest first."""
        return list(self._store.vector_stores.values())

    def fault(
        self,
        spec: str,
        *,
        times: int | None = None,
        path: str | None = None,
        method: str | None = None,
    ) -> None:
        """Let the next requests go wrong.

        Args:
            spec: What happens, such as `"status=429; retry-after-ms=20"`.
            times: To how many requests it happens; the `times` of the spec, or one.
            path: Only to requests of this path or pattern, with or without `/v1`.
            method: Only to requests of this method.
        """
        self._faults.add(spec, times=times, path=path, method=method)

    def random_faults(
        self,
        rate: float,
        kinds: Sequence[str] | None = None,
        *,
        seed: int = 1,
        path: str | None = None,
        method: str | None = None,
    ) -> None:
        """Let requests go wrong at random, until `clear_faults`.

        Args:
            rate: The share of the requests which meet a fault, from 0 to 1.
            kinds: What happens, one of these at random; `queue.KINDS` if it is None.
            seed: The same draws the same, for requests that come in the same order.
            path: Only to requests of this path or pattern, with or without `/v1`.
            method: Only to requests of this method.
        """
        self._faults.add_chance(rate, kinds, seed=seed, path=path, method=method)

    def advance(self, seconds: float) -> None:
        """Put the clock forward: what takes its time is that much further, and nobody waited."""
        self._store.skipped += seconds

    def clear(self) -> None:
        """Forget the recorded requests."""
        self._recorder.clear()

    def clear_faults(self) -> None:
        """Forget the faults that have not happened yet; nothing goes wrong at random any more."""
        self._faults.clear()

    def reset(self) -> None:
        """Be as new: no requests, no faults, no files, and the settings of the beginning."""
        self.clear()
        self.clear_faults()
        self._draw_faults()
        self._store.clear()
        vars(self.settings).update(vars(self._initial))

    def _draw_faults(self) -> None:
        """Let requests go wrong at random if this was wished for from the beginning."""
        rate, seed = self._chance
        if rate:
            self.random_faults(rate, seed=seed)


def load() -> type[Running]:
    """The server, imported when an emulator is made, for only this needs the extra."""
    try:
        importlib.import_module("python_multipart")  # Starlette does so only for the first form
        module = importlib.import_module(".running", __package__)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise ModuleNotFoundError(REMEDY, name=error.name) from error
    run: type[Running] = module.Running
    return run


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the port is known before the server runs."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
