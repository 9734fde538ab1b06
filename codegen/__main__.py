"""`python -m codegen`: writes the types and methods of the API from their description.

python -m codegen                            writes every generated file
python -m codegen --check                    says which are not what they would be, and fails
python -m codegen import METHODS.json TYPES.json   makes the description, once
python -m codegen coverage [METHODS.json TYPES.json]   counts what is there
python -m codegen diff SPEC.json             compares with an OpenAPI document
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from . import comparing, coverage, description, importing, package, tables, tree

FOLDER = Path(__file__).parent / "api"


def main(arguments: list[str]) -> int:
    commands: dict[str, Callable[..., int]] = {
        "--check": check,
        "import": make_description,
        "coverage": count,
        "diff": compare,
    }
    if not arguments:
        return write()
    if arguments[0] not in commands:
        print(__doc__)
        return 2
    return commands[arguments[0]](*arguments[1:])


def write() -> int:
    changed = tree.write(tree.formatted(package.files(description.load(FOLDER))))
    print(len(changed), "files changed")
    return 0


def check() -> int:
    wrong = tree.differences(tree.formatted(package.files(description.load(FOLDER))))
    for path in wrong:
        print(f"{path} is not what python -m codegen writes")
    return 1 if wrong else 0


def make_description(methods: str, types: str) -> int:
    """One file per root. It replaces what is there, and so what was written by hand."""
    FOLDER.mkdir(exist_ok=True)
    for root, content in importing.read(Path(methods), Path(types)).items():
        heading = f"The API below `{root}`: types with their fields, and methods."
        (FOLDER / f"{root}.toml").write_text(tables.dumps(content, heading), encoding="utf-8")
    return 0


def count(*sources: str) -> int:
    return coverage.report(description.load(FOLDER), *map(Path, sources))


def compare(document: str) -> int:
    return comparing.report(description.load(FOLDER), Path(document))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
