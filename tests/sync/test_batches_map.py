"""`batches.map` for code that blocks, and for programs that are interrupted or killed."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from openai_async import BatchProgress, BatchRequestError, MapResult, NotFoundError
from openai_async.emulator import Emulator
from openai_async.types.batches import Batch
from openai_sync import OpenAI

from .children import Child

MODEL = "gpt-4o-mini"

#: What the programs of this module do. They say the id of their batch as soon as it is there.
PROGRAM = """
requests = [
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"Say {n}"}]}
    for n in range(5)
]
try:
    client.batches.map(
        requests,
        client.chat.completions.create,
        ledger=sys.argv[2] or None,
        cancel_on_exit=len(sys.argv) > 3,
        on_batch=lambda batch: say(batch.id),
    )
except BaseException as error:
    say(type(error).__name__)
say(client.models.retrieve("gpt-4o-mini").id, client.pool_stats().in_use)
"""

signals = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")


def many(count: int) -> list[dict[str, Any]]:
    return [
        {"model": MODEL, "messages": [{"role": "user", "content": f"Say {n}"}]}
        for n in range(count)
    ]


def said(result: MapResult[Any]) -> str:
    return str(result.get().choices[0].message.content).removeprefix("You said: ")


@pytest.mark.parametrize("form", ["method", "partial", "path"])
def test_results_are_those_of_live_calls(sync_client: OpenAI, form: str) -> None:
    create = sync_client.chat.completions.create
    requests: list[dict[str, Any]] = [*many(5), {"model": "missing-model", "messages": []}]
    method: Any = {"method": create, "path": "/v1/chat/completions"}.get(form)
    if form == "partial":
        method = partial(create, temperature=0.5)
    begun: list[Batch] = []
    told: list[BatchProgress] = []
    results = sync_client.batches.map(
        iter(requests), method, on_batch=begun.append, on_progress=told.append
    )
    live = list(sync_client.map(requests, method))
    assert [result.value for result in results] == [result.value for result in live]
    assert [type(result.error) for result in results] == [type(result.error) for result in live]
    assert told[-1].done == 6
    again = sync_client.batches.map(requests, method, batch_ids=[batch.id for batch in begun])
    assert [result.value for result in again] == [result.value for result in live]
    found = max((sync_client.batches.results(batch.id) for batch in begun), key=len)
    assert [said(result) for result in found] == [f"Say {n}" for n in range(5)]


def test_errors_are_those_of_the_requests(sync_client: OpenAI) -> None:
    results = sync_client.batches.map(
        many(8), sync_client.chat.completions.create, metadata={"emulator": "expire"}
    )
    assert {type(result.error) for result in results} == {type(None), BatchRequestError}
    with pytest.raises(NotFoundError):
        sync_client.batches.results("batch_x")


@signals
@pytest.mark.parametrize("stop", [True, False])
def test_ctrl_c_leaves_the_batch_running_unless_that_is_not_wanted(
    emulator: Emulator, stop: bool
) -> None:
    emulator.settings.processing_seconds = 3600
    options = ["stop"] if stop else []
    with Child(PROGRAM, emulator.base_url, "", *options) as child:
        assert child.line() == emulator.batches[0].id
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert child.line() == f"{MODEL} 0"
        assert child.end().code == 0
    (batch,) = emulator.batches
    assert (batch.status in {"cancelling", "cancelled"}) is stop


@signals
def test_a_program_that_was_killed_goes_on_where_it_was(
    emulator: Emulator, sync_client: OpenAI, tmp_path: Path
) -> None:
    emulator.settings.processing_seconds = 3600
    ledger = tmp_path / "ledger"
    with Child(PROGRAM, emulator.base_url, str(ledger)) as child:
        child.line()
        child.send_signal(signal.SIGKILL)
        child.end()
    (batch,) = emulator.batches
    emulator.advance(3600)
    results = sync_client.batches.map(many(5), sync_client.chat.completions.create, ledger=ledger)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(5)]
    assert emulator.batches == [batch]


@signals
@pytest.mark.parametrize("path", ["/v1/files", "/v1/batches"])
def test_a_program_that_was_killed_in_the_middle_creates_no_second_batch(
    emulator: Emulator, sync_client: OpenAI, tmp_path: Path, path: str
) -> None:
    """It is killed while it waits for an answer, whose request is handled already."""
    emulator.fault("late=3600", path=path, method="POST")
    ledger = tmp_path / "ledger"
    with Child(PROGRAM, emulator.base_url, str(ledger)) as child:
        while not (emulator.files if path == "/v1/files" else emulator.batches):
            pass
        child.send_signal(signal.SIGKILL)
        child.end()
    emulator.clear_faults()
    results = sync_client.batches.map(many(5), sync_client.chat.completions.create, ledger=ledger)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(5)]
    assert len(emulator.batches) == 1
    assert sum(file.purpose == "batch" for file in emulator.files) == 1
