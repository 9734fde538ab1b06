"""One measurement in a process of its own: `python -m benchmarks.measure`, a `Task` on stdin.

Prints JSON: the figures of the work for each operation, and those of the process.
"""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys

import msgspec

from benchmarks.cases import CASES
from benchmarks.contenders import CONTENDERS
from benchmarks.memory import peak
from benchmarks.meter import Meter
from benchmarks.profiling import Profile
from benchmarks.site import Site

Figures = dict[str, float]

#: A measurement that takes longer has failed.
_PATIENCE = 300


class Task(msgspec.Struct):
    contender: str
    case: str
    count: int
    site: Site
    profile: bool = False


def ask(task: Task) -> Figures | str:
    """The figures of a task, measured in a process of its own; or why there are none."""
    case = CASES[task.case]
    command = [sys.executable, "-m", "benchmarks.measure"]
    if isinstance(case.work, str):
        options = ["-X", "importtime"] if task.profile else []
        module = ["-m", "benchmarks.imports"]
        command = [sys.executable, *options, *module, task.contender, case.work]
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(task),
            stdout=subprocess.PIPE,
            stderr=None if task.profile else subprocess.PIPE,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {_PATIENCE} seconds"
    if done.returncode:
        lines = (done.stderr or b"").decode().strip().splitlines()
        return lines[-1] if lines else f"exit status {done.returncode}"
    return msgspec.json.decode(done.stdout, type=Figures)


def figures(task: Task) -> Figures:
    """Measures here and now."""
    case, contender = CASES[task.case], CONTENDERS[task.contender]
    url, trust = task.site.url(tls=case.tls), task.site.trust(tls=case.tls)
    meter = Profile() if task.profile else Meter()
    work = case.work
    assert callable(work)
    if inspect.iscoroutinefunction(work):
        make = contender.asynchronous
        asyncio.run(work(lambda: make(url, trust, case.room), task.count, meter, task.site.files))
    else:
        blocking = contender.blocking
        assert blocking is not None
        work(lambda: blocking(url, trust, case.room), task.count, meter, task.site.files)
    for figure in ("cpu_us", "kernel_us", "wall_us"):
        meter.figures[figure] /= task.count * case.per
    return {**meter.figures, "peak_mib": peak(), "modules": len(sys.modules)}


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    print(msgspec.json.encode(figures(task)).decode())


if __name__ == "__main__":
    main()
