"""The first use of a package: `python -m benchmarks.imports CONTENDER METHOD`. Prints JSON.

It imports next to nothing itself, so that the package pays for what it loads.
"""

import sys
import time


def main() -> None:
    _, contender, method = sys.argv
    cpu, wall = time.process_time(), time.perf_counter()
    if contender == "official":
        from openai import OpenAI
    else:
        from openai_sync import OpenAI  # type: ignore[assignment]
    ready = OpenAI(api_key="sk-bench")
    for name in method.split("."):
        ready = getattr(ready, name)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    modules = len(sys.modules)

    import json

    from benchmarks.memory import peak

    figures = {
        "cpu_us": cpu * 1e6,
        "wall_us": wall * 1e6,
        "peak_mib": peak(),
        "modules": modules,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
