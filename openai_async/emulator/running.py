"""The running server: uvicorn in a thread, from a bound socket until the last task has ended."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any, cast

import uvicorn

from .app import build_app
from .queue import FaultQueue
from .recorder import Recorder
from .settings import Settings
from .store import Store
from .wire import WireProtocol

KEEP_ALIVE = 600  # clients, not the emulator, decide when an idle connection has had its day
GRACE = 5.0  # seconds until a task is cancelled which should have ended by itself


class PromptServer(uvicorn.Server):
    """uvicorn which says when it has started, and leaves without waiting for anybody."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready: threading.Event = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.leave: asyncio.Event = asyncio.Event()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.leave.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # asyncio complains on stderr if a server is closed before the connections it has accepted
        # are set up. So it stops accepting first, and closes when all of them are known and gone.
        try:
            for listener in sockets or []:
                self.loop.remove_reader(listener)
        except NotImplementedError:  # on Windows, where accepting is a task that must end first
            self.close_servers()
        await self.drop_connections()
        self.close_servers()

    def close_servers(self) -> None:
        for server in self.servers:
            server.close()

    async def drop_connections(self) -> None:
        """Drop all connections until there are no more, and no more tasks which were serving them;
        these wait for nothing but their connections, so they need no cancelling."""
        connections = self.server_state.connections
        tasks = other_tasks()
        while connections or tasks:
            for connection in list(connections):
                connection.transport.abort()
            _, stuck = await asyncio.wait(
                [*tasks, asyncio.create_task(asyncio.sleep(0))], timeout=GRACE
            )
            for task in stuck:
                task.cancel()
            tasks = other_tasks()


def other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {cast("asyncio.Task[Any]", asyncio.current_task())}


class Running:
    """A server which accepts connections as soon as this exists, until `stop`."""

    def __init__(
        self,
        listener: socket.socket,
        store: Store,
        settings: Settings,
        faults: FaultQueue,
        recorder: Recorder,
    ) -> None:
        config = uvicorn.Config(
            build_app(store, settings, faults, recorder),
            http=WireProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            workers=1,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self.listener = listener
        self.server: PromptServer = PromptServer(config)
        self.failure: BaseException | None = None
        self.thread: threading.Thread = threading.Thread(
            target=self.run, name="openai-emulator", daemon=True
        )
        self.thread.start()
        self.server.ready.wait()
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        try:
            asyncio.run(self.server.serve(sockets=[self.listener]))
        except BaseException as failure:
            self.failure = failure
        finally:
            self.listener.close()
            self.server.ready.set()

    def stop(self) -> None:
        # The loop is closed already if the server died.
        with suppress(RuntimeError):
            self.server.loop.call_soon_threadsafe(self.server.leave.set)
        self.thread.join()
