"""How much of the API is there, counted."""

from __future__ import annotations

import json
from pathlib import Path

from .derived import DERIVED
from .description import KINDS, Description
from .helpers import HELPERS
from .official import NO_API, Source


def report(description: Description, *sources: Path) -> int:
    """Prints the counts, against the two JSON files if given; 1 if something is missing."""
    methods = set(description.methods)
    for mount, target in description.mounts.items():
        inner = [path for path in methods if path.startswith(f"{target}.")]
        methods |= {mount + path.removeprefix(target) for path in inner}
    helpers = {f"{space}.{name}" for space, (_, _, names) in HELPERS.items() for name in names}
    helpers |= set(DERIVED)
    counts = {kind: sum(t.kind == kind for t in description.types.values()) for kind in KINDS}
    if not sources:
        print("methods", len(methods), *(f"{kind} {counts[kind]}" for kind in KINDS))
        return 0
    source = Source(*(json.loads(path.read_text()) for path in sources))
    wanted = {each["path"] for each in source.single}
    others = {each["path"] for each in source.methods} - wanted
    print(f"methods {len(methods & wanted)}/{len(wanted)}")
    print(f"helpers {len(helpers & others)}/{len(others)}")
    missing = sorted(wanted - methods)
    official = {f"{t.module}:{t.official_name}" for t in description.types.values()}
    for kind in KINDS:
        keys = [key for key in source.definitions() if source.kind(key) == kind]
        there = [key for key in keys if ":".join(key) in official]
        missing += [":".join(key) for key in keys if key not in there]
        print(f"{kind} {len(there)}/{len(keys)}")
    left = [
        f"{module}:{name}"
        for module, content in source.modules.items()
        for name in content["defs"]
        if module.startswith(NO_API)
    ]
    print(f"left out, because they belong to helpers: {len(left)}")
    for name in missing:
        print("missing:", name)
    return 1 if missing else 0
