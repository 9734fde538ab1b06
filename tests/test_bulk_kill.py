"""Bulk uploads that are killed, over a network that fails: in the end each file is there once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from sync.children import Child

from openai_async._bulk.ledger import Ledger
from openai_async.emulator import Emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed like that there")

FILES = 60

#: Says how many files are done, after each; and in the end what became of all.
PROGRAMS = {
    "blocking": """
    client = client.with_options(max_retries=4)
    uploads = client.files.upload_many(
        sys.argv[2], purpose="user_data", ledger=sys.argv[3], orphans="delete",
        max_concurrency=6, on_progress=lambda p: say(p.ok, p.skipped),
    )
    say(uploads)
    """,
    **{
        backend: f"""
    import anyio
    from openai_async import AsyncOpenAI

    async def main():
        async with AsyncOpenAI(api_key="k", base_url=sys.argv[1], max_retries=4) as client:
            uploads = await client.files.upload_many(
                sys.argv[2], purpose="user_data", ledger=sys.argv[3], orphans="delete",
                max_concurrency=6, on_progress=lambda p: say(p.ok, p.skipped),
            )
            say(uploads)

    anyio.run(main, backend="{backend}")
    """
        for backend in ("asyncio", "trio")
    },
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files in two directories: some of one name, some of these of one size or one content."""
    for number in range(FILES):
        path = tmp_path / "files" / f"{number % 2}" / f"{number // 2}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content {number // (1 + number % 4)}")
    return tmp_path


@pytest.mark.parametrize("how", PROGRAMS)
def test_killed_twice_and_each_file_is_there_once(how: str, emulator: Emulator, tree: Path) -> None:
    emulator.random_faults(0.05, path="/files", seed=7)
    arguments = (emulator.base_url, str(tree / "files"), str(tree / "ledger"))
    for until in (15, 20):
        with Child(PROGRAMS[how], *arguments) as child:
            while (said := child.line()) and int(said.split()[0]) < until:
                pass
            child.send_signal(signal.SIGKILL)
            assert child.end().code == -signal.SIGKILL
        assert 0 < len(emulator.files) < FILES + 20
    ended = run_to_the_end(how, *arguments)
    for _ in range(5):  # a file may fail for good, with so many faults: that is what reruns are for
        if "failed" in ended:
            ended = run_to_the_end(how, *arguments)
    check(tree, emulator)


def run_to_the_end(how: str, *arguments: str) -> str:
    with Child(PROGRAMS[how], *arguments) as child:
        code, said, complained = child.end()
    assert (code, complained) == (0, "")
    return said.splitlines()[-1]


def check(tree: Path, emulator: Emulator) -> None:
    """Each file is on the server once, nothing else is, and the ledger says the same."""
    stored = sorted((file.filename, file.read()) for file in emulator.files)
    paths = [path for path in (tree / "files").rglob("*") if path.is_file()]
    assert len(paths) == FILES
    assert stored == sorted((path.name, path.read_bytes()) for path in paths)
    ledger = Ledger(tree / "ledger")
    ledger.open()
    ledger.close()
    contents = {file.id: (file.filename, file.read()) for file in emulator.files}
    for path in paths:
        file_id = ledger.history.latest[str(path), "", "user_data"].file_id
        assert contents.pop(file_id or "") == (path.name, path.read_bytes())
    assert contents == {}
    assert (ledger.history.orphans, ledger.history.doubts) == ({}, {})


def test_ctrl_c_leaves_a_job_that_goes_on(emulator: Emulator, tree: Path) -> None:
    arguments = (emulator.base_url, str(tree / "files"), str(tree / "ledger"))
    with Child(PROGRAMS["blocking"], *arguments) as child:
        while int(child.line().split()[0]) < 15:
            pass
        child.send_signal(signal.SIGINT)
        code, _, complained = child.end()
    assert "KeyboardInterrupt" in complained
    assert code != 0
    assert "failed" not in run_to_the_end("blocking", *arguments)
    check(tree, emulator)
