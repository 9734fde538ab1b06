"""TLS contexts, and what a user is told when a handshake fails."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import certifi
import pytest
import trustme

from openai_async._http import tls

HOST = "localhost"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not used TLS yet."""
    monkeypatch.setattr(tls, "_made", {})
    monkeypatch.setattr(tls, "_making", {})
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


def server_context(authority: trustme.CA, *names: str, **validity: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or (HOST,)), **validity).configure_cert(context)
    return context


@contextmanager
def served(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server on loopback for one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            with suppress(OSError):  # how a handshake fails is seen by the client
                serve(connection)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def secured(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Answers over TLS."""

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            stream.sendall(b"hello")
            stream.recv(1)

    return serve


def hello(context: ssl.SSLContext, port: int, host: str = HOST) -> ssl.SSLSocket:
    """Shakes hands and waits for the answer of the server."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        stream = context.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise
    with stream:
        assert stream.recv(5) == b"hello"
        stream.alpn = stream.selected_alpn_protocol()  # type: ignore[attr-defined]
    return stream


# Which context


async def test_a_context_of_the_user_is_taken_as_it_is() -> None:
    context = ssl.create_default_context()
    assert await tls.context(context) is context


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.usefixtures("_fresh")
def test_every_loop_gets_the_same(verify: bool) -> None:
    first = anyio.run(tls.context, verify, backend="asyncio")
    assert anyio.run(tls.context, verify, backend="trio") is first
    assert anyio.run(tls.context, verify, backend="asyncio") is first


@pytest.mark.usefixtures("_fresh")
async def test_one_that_verifies_is_not_the_one_that_does_not() -> None:
    assert await tls.context(True) is not await tls.context(False)


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads in which a trust store was loaded."""
    threads: list[int] = []
    real = ssl.create_default_context

    def create() -> ssl.SSLContext:
        threads.append(threading.get_ident())
        return real()

    monkeypatch.setattr(ssl, "create_default_context", create)
    return threads


@pytest.mark.usefixtures("_fresh")
async def test_many_at_once_wait_for_one(makers: list[int]) -> None:
    found: list[ssl.SSLContext] = []

    async def use() -> None:
        found.append(await tls.context(True))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(use)
    assert len(makers) == 1
    assert len(set(map(id, found))) == 1


@pytest.mark.usefixtures("_fresh")
def test_many_threads_wait_for_one(makers: list[int]) -> None:
    barrier = threading.Barrier(8)

    def use(backend: str) -> int:
        barrier.wait()
        return id(anyio.run(tls.context, True, backend=backend))

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(use, ["asyncio", "trio"] * 4))
    assert len(makers) == 1
    assert len(found) == 1


@pytest.mark.usefixtures("_fresh")
async def test_the_loop_runs_on_while_it_is_made(makers: list[int]) -> None:
    await tls.context(True)
    await tls.context(True)
    assert makers
    assert threading.get_ident() not in makers


@pytest.mark.usefixtures("_fresh")
async def test_who_waits_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    real = ssl.create_default_context

    def create() -> ssl.SSLContext:
        go_on.wait(10)
        return real()

    monkeypatch.setattr(ssl, "create_default_context", create)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tls.context, True)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    go_on.set()
    assert (await tls.context(True)).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.usefixtures("_fresh")
async def test_after_a_failure_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> ssl.SSLContext:
        raise OSError("no trust store")

    with monkeypatch.context() as broken:
        broken.setattr(ssl, "create_default_context", fail)
        with pytest.raises(OSError, match="no trust store"):
            await tls.context(True)
    assert (await tls.context(True)).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.usefixtures("_fresh")
async def test_where_no_thread_can_be_started_it_is_made_at_once(
    makers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", fail)
        await tls.context(True)
    assert makers == [threading.get_ident()]


FORK = """
import os, ssl, threading, anyio
from openai_async._http import tls

real, began, go_on = ssl.create_default_context, threading.Event(), threading.Event()
def create():
    began.set()
    go_on.wait(10)
    return real()
ssl.create_default_context = create

def use():
    print(type(anyio.run(tls.context, True)).__name__, flush=True)

thread = threading.Thread(target=use)
thread.start()
began.wait()
child = os.fork()
if child == 0:
    ssl.create_default_context = real
    use()
    os._exit(0)
_, status = os.waitpid(child, 0)
go_on.set()
thread.join()
print(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_that_was_forked_meanwhile_makes_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["SSLContext", "SSLContext", "0"]


def test_importing_the_library_imports_no_ssl() -> None:
    program = "import sys, openai_async, openai_async._http.tls; print('ssl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


# What is in it


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.usefixtures("_fresh")
async def test_a_context_speaks_no_old_tls(verify: bool) -> None:
    context = await tls.context(verify)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.usefixtures("_fresh")
async def test_verifying_checks_certificate_and_host() -> None:
    context = await tls.context(True)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.usefixtures("_fresh")
def test_without_verifying_everything_is_accepted() -> None:
    context = anyio.run(tls.context, False)
    with served(secured(server_context(trustme.CA(), "elsewhere.example"))) as port:
        hello(context, port)


@pytest.mark.usefixtures("_fresh")
def test_http_1_is_asked_for(authority: trustme.CA) -> None:
    server = server_context(authority)
    server.set_alpn_protocols(["h2", "http/1.1"])
    with served(secured(server)) as port:
        stream = hello(anyio.run(tls.context, False), port)
    assert stream.alpn == "http/1.1"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_fresh")
def test_ssl_cert_file_names_whom_to_trust(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = anyio.run(tls.context, True)
    with served(secured(server_context(authority))) as port:
        hello(context, port)


class NoStore(ssl.SSLContext):
    """As on a system that has no trust store."""

    def set_default_verify_paths(self) -> None:
        pass

    def load_default_certs(self, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> None:
        pass


@pytest.fixture
def no_store(_fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for certificates, which is empty, on a system without a trust store."""
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(ssl, "create_default_context", lambda: NoStore(ssl.PROTOCOL_TLS_CLIENT))
    return tmp_path


def number_of_issuers(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509_ca"]


async def test_where_nobody_is_trusted_certifi_is(no_store: Path) -> None:
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(certifi.where())
    assert number_of_issuers(await tls.context(True)) == number_of_issuers(expected) > 0


async def test_a_directory_of_certificates_is_a_store(no_store: Path) -> None:
    (no_store / "5ed36f99.0").touch()
    assert number_of_issuers(await tls.context(True)) == 0


async def test_a_directory_of_something_else_is_none(no_store: Path) -> None:
    (no_store / "README").touch()
    assert number_of_issuers(await tls.context(True)) > 0


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_whoever_named_whom_to_trust_trusts_nobody_else(
    name: str, no_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(no_store / "missing"))
    assert number_of_issuers(await tls.context(True)) == 0


async def test_a_store_of_the_system_is_enough(
    authority: trustme.CA, no_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = NoStore(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)
    assert number_of_issuers(await tls.context(True)) == 1


# What failed


def client_context(authority: trustme.CA | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is not None:
        authority.configure_trust(context)
    return context


def failure(
    context: ssl.SSLContext, serve: Callable[[socket.socket], None], host: str = HOST
) -> str:
    """What a user is told."""
    with served(serve) as port, pytest.raises(ssl.SSLError) as caught:
        hello(context, port, host)
    return tls.explain(caught.value, host)


def test_an_unknown_issuer_is_explained(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    told = failure(client_context(), secured(server_context(authority)))
    assert told.startswith("The certificate of localhost is not trusted.")
    assert "SSL_CERT_FILE" in told
    assert "verify=" in told


def test_an_issuer_named_in_vain_is_explained(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    told = failure(client_context(), secured(server_context(authority)))
    assert told.endswith("SSL_CERT_FILE names no file: correct it.")


@pytest.mark.parametrize(
    ("names", "host", "told"),
    [
        (["other.example"], HOST, "The certificate of localhost is for another host name."),
        ([HOST], "127.0.0.1", "The certificate of 127.0.0.1 is not for this IP address."),
    ],
)
def test_another_host_is_explained(
    authority: trustme.CA, names: list[str], host: str, told: str
) -> None:
    server = secured(server_context(authority, *names))
    assert failure(client_context(authority), server, host).startswith(told)


YEAR = datetime.timedelta(days=365)
NOW = datetime.datetime.now(datetime.timezone.utc)


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [
        (NOW - 2 * YEAR, NOW - YEAR, "The certificate of localhost has expired."),
        (NOW + YEAR, NOW + 2 * YEAR, "The certificate of localhost is not valid yet."),
    ],
)
def test_another_time_is_explained(
    authority: trustme.CA, begins: datetime.datetime, ends: datetime.datetime, told: str
) -> None:
    server = server_context(authority, not_before=begins, not_after=ends)
    found = failure(client_context(authority), secured(server))
    assert found.startswith(told)
    assert "clock" in found


def test_another_fault_of_a_certificate_is_named(authority: trustme.CA) -> None:
    context = client_context(authority)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    told = failure(context, secured(server_context(authority)))
    assert told == "The certificate of localhost was refused: unable to get certificate CRL."


def test_plain_http_is_explained() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    told = failure(client_context(), serve)
    assert told.startswith("Securing the connection to localhost failed: no TLS is spoken")
    assert "http://" in told


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_an_old_version_is_explained(authority: trustme.CA) -> None:
    server = server_context(authority)
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.minimum_version = ssl.TLSVersion.TLSv1
    server.maximum_version = ssl.TLSVersion.TLSv1_1
    told = failure(client_context(authority), secured(server))
    assert "1.2 is needed" in told


def test_a_demand_for_a_certificate_of_the_client_is_explained(authority: trustme.CA) -> None:
    server = server_context(authority)
    server.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server)
    told = failure(client_context(authority), secured(server))
    assert "wants a certificate of yours" in told
    assert "verify=" in told


def test_whatever_else_is_named() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)

    told = failure(client_context(), serve)
    assert told == ("Securing the connection to localhost failed: unexpected eof while reading.")


def test_an_error_without_a_reason_is_named() -> None:
    assert tls.explain(ssl.SSLZeroReturnError(), HOST) == (
        "Securing the connection to localhost failed: the connection was ended."
    )
