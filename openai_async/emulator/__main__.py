"""The command line: `python -m openai_async.emulator` serves until it is interrupted, and prints
nothing but its base URL."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Sequence

from .server import Emulator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DAY = 86_400


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    try:
        emulator = Emulator(**vars(options))
    except ModuleNotFoundError as error:
        sys.exit(str(error))
    # Both signals may be ignored in a process that was started in the background.
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        serve(emulator)
    except KeyboardInterrupt:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        emulator.stop()
    except OSError as error:
        sys.exit(f"Cannot listen on {options.host}:{options.port}: {error.strerror}")


def serve(emulator: Emulator) -> None:
    emulator.start()
    sys.stdout.write(f"{emulator.base_url}\n")
    sys.stdout.flush()
    while True:
        time.sleep(DAY)  # interrupted by signals, on Windows too, where waiting for locks is not


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m openai_async.emulator",
        description="Serve an emulation of the OpenAI API.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    made.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    made.add_argument("--port", type=int, default=0, help="the port, 0 for any free one")
    made.add_argument(
        "--processing-seconds", type=float, default=0.0, help="how long a batch of files takes"
    )
    made.add_argument(
        "--poll-after-ms", type=int, default=20, help="when clients shall ask about a job again"
    )
    made.add_argument(
        "--run-seconds", type=float, default=0.0, help="how long runs and other jobs take"
    )
    made.add_argument(
        "--file-seconds", type=float, default=0.0, help="how long an uploaded file is processed"
    )
    made.add_argument(
        "--chunk-delay-ms", type=float, default=0.0, help="the pause between streamed chunks"
    )
    made.add_argument(
        "--latency-ms", type=float, default=0.0, help="how long every answer is held back"
    )
    made.add_argument(
        "--rate-limit",
        type=limit,
        metavar="REQUESTS/SECONDS",
        help="answer only so many requests of a kind in so many seconds",
    )
    made.add_argument(
        "--token-limit",
        type=limit,
        metavar="TOKENS/SECONDS",
        help="answer only requests that cost so many tokens in so many seconds",
    )
    made.add_argument(
        "--fault-rate", type=share, default=0.0, help="the share of the requests that go wrong"
    )
    made.add_argument("--fault-seed", type=int, default=1, help="which of them, and how")
    return made


def limit(text: str) -> tuple[float, float]:
    most, _, seconds = text.partition("/")
    return positive(most), positive(seconds)


def positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError
    return number


if __name__ == "__main__":
    main()
