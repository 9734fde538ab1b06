from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator.server import listen, url_of

HEADERS = {"authorization": "Bearer sk-test"}
ROOT = str(Path(__file__).parents[2])


def test_emulator_serves_while_it_is_entered() -> None:
    with Emulator() as emulator:
        assert emulator.base_url == f"{emulator.url}/v1"
        assert httpx.get(f"{emulator.base_url}/models", headers=HEADERS).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{emulator.base_url}/models")


def test_emulator_can_be_entered_by_async_code() -> None:
    async def main() -> int:
        async with Emulator() as emulator, httpx.AsyncClient(headers=HEADERS) as client:
            return (await client.get(f"{emulator.base_url}/models")).status_code

    assert asyncio.run(main()) == 200


def test_emulator_can_be_entered_again_but_not_twice() -> None:
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="start it"):
        emulator.url  # noqa: B018 - it raises
    for _ in range(2):
        with emulator:
            with pytest.raises(RuntimeError, match="already running"):
                emulator.start()
            assert httpx.get(f"{emulator.base_url}/models", headers=HEADERS).is_success
    emulator.stop()


def test_starting_and_stopping_leaves_nothing() -> None:
    before = threading.active_count()
    clients = []
    start = time.monotonic()
    for _ in range(20):
        with Emulator() as emulator:
            client = httpx.Client(base_url=emulator.base_url, headers=HEADERS)
            client.get("/models")
            clients.append(client)
    assert time.monotonic() - start < 10
    assert threading.active_count() == before
    for client in clients:
        client.close()


def test_stopping_ends_streams() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    with httpx.Client(headers=HEADERS, timeout=10) as client:
        with Emulator(chunk_delay_ms=100_000) as emulator:
            request = client.build_request(
                "POST", f"{emulator.base_url}/chat/completions", json=body
            )
            response = client.send(request, stream=True)
            start = time.monotonic()
        assert time.monotonic() - start < 2
        with pytest.raises(httpx.TransportError):
            response.read()
        response.close()


def test_stopping_under_load_is_silent() -> None:
    script = """
        import socket
        from openai_async.emulator import Emulator

        HEAD = b"%s /v1/files HTTP/1.1\\r\\nhost: x\\r\\nauthorization: Bearer x\\r\\n"
        LENGTH = b"content-length: 3000000\\r\\ncontent-type: multipart/form-data; boundary=b\\r\\n"
        PART = b'--b\\r\\nContent-Disposition: form-data; name="file"; filename="x"\\r\\n\\r\\n'
        SENT = [
            b"",
            b"GET",
            HEAD % b"GET" + b"x-emulator-fault: stall=100\\r\\n\\r\\n",
            HEAD % b"GET" + b"x-emulator-fault: drip=1/100000\\r\\n\\r\\n",
            HEAD % b"GET" + b"\\r\\n",
            HEAD % b"POST" + LENGTH + b"\\r\\n" + PART + b"x" * 2_000_000,
        ]
        with Emulator() as emulator:
            host, port = emulator.url[7:].split(":")
            clients = [socket.create_connection((host, int(port))) for _ in range(60)]
            for index, client in enumerate(clients):
                client.sendall(SENT[index % len(SENT)])
            clients += [socket.create_connection((host, int(port))) for _ in range(60)]
        for client in clients:
            client.close()
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_reset_makes_it_as_new(emulator: Emulator) -> None:
    url = f"{emulator.base_url}/files"
    httpx.post(url, headers=HEADERS, data={"purpose": "x"}, files={"file": b"x"})
    emulator.fault("status=500")
    emulator.settings.poll_after_ms = 1
    emulator.reset()
    assert (emulator.requests, emulator.files, emulator.settings.poll_after_ms) == ([], [], 20)
    assert httpx.get(url, headers=HEADERS).json()["data"] == []


def test_many_connections_at_once(emulator: Emulator) -> None:
    with httpx.Client(headers={**HEADERS, "x-emulator-fault": "stall=0.2"}, timeout=30) as client:

        def get(_: int) -> int:
            return client.get(f"{emulator.base_url}/models").status_code

        start = time.monotonic()
        with ThreadPoolExecutor(50) as pool:
            assert set(pool.map(get, range(50))) == {200}
        assert time.monotonic() - start < 5


def test_thousand_requests(emulator: Emulator) -> None:
    with httpx.Client(base_url=emulator.base_url, headers=HEADERS) as client:
        for _ in range(1000):
            assert client.get("/models/gpt-4o").status_code == 200
    assert len(emulator.requests) == 1000


def test_port_can_be_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Emulator(port=port).start()
    with Emulator(port=port) as emulator:
        assert emulator.url == f"http://127.0.0.1:{port}"


def test_address_of_version_6_is_bracketed() -> None:
    try:
        listener = listen("::1", 0)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with listener:
        assert url_of(listener).startswith("http://[::1]:")


# The command line


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "openai_async.emulator", *arguments]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_line_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("--port", "0"), stdout=pipe, stderr=pipe, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        with httpx.Client(headers=HEADERS) as client:
            assert client.get(f"{url}/models").status_code == 200
            process.send_signal(number)
            assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


def test_command_line_passes_its_options_on() -> None:
    options = ["--processing-seconds", "100", "--poll-after-ms", "7", "--chunk-delay-ms", "1"]
    with subprocess.Popen(
        command(*options), stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, headers=HEADERS) as client:
            made = client.post("/vector_stores", json={}).json()["id"]
            batches = f"/vector_stores/{made}/file_batches"
            response = client.post(batches, json={"file_ids": ["file-x"]})
        process.terminate()
        process.communicate(timeout=20)
    assert response.headers["openai-poll-after-ms"] == "7"
    assert response.json()["status"] == "in_progress"


def test_command_line_explains_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(command("--port", port), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot listen on 127.0.0.1:{port}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "python_multipart"])
def test_missing_extra_is_explained(missing: str) -> None:
    script = f"""
        import runpy, sys
        sys.modules[{missing!r}] = None
        from openai_async.emulator import Emulator
        try:
            Emulator()
        except ImportError as error:
            assert 'pip install "openai-anyio[emulator]"' in str(error)
        else:
            raise SystemExit("nothing happened")
        sys.argv = ["emulator"]
        runpy.run_module("openai_async.emulator", run_name="__main__")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert 'pip install "openai-anyio[emulator]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_fixture_gives_every_test_a_new_emulator(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["openai_async.emulator.pytest_plugin"]\n'
    )
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent(
            """
            import urllib.request

            def ask(emulator):
                assert emulator.requests == []
                emulator.fault("status=200; html; times=5")
                urllib.request.urlopen(emulator.base_url + "/models").read()
                assert len(emulator.requests) == 1

            def test_one(emulator): ask(emulator)
            def test_two(emulator): ask(emulator)
            """
        )
    )
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": ROOT, "PATH": ""},
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_requests_over_one_connection_have_the_same_port(emulator: Emulator) -> None:
    for _ in range(2):
        with httpx.Client(base_url=emulator.base_url) as client:
            client.get("/models")
            client.get("/models")
    ports = [request.port for request in emulator.requests]
    assert ports[0] == ports[1] != ports[2] == ports[3]
