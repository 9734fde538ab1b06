"""Who may import whom. The order is the design: a module imports only from layers above its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Layers of `openai_async`, from the top. A name stands for a module or a whole package.
LAYERS: tuple[tuple[str, ...], ...] = (
    # pure, and about nothing but itself
    ("_version", "_lazy", "_sentinels", "_fields", "_sse", "_views", "_overloads", "_pieces"),
    ("_brief", "_markdown", "_notes", "_jobs"),
    # the codec's ground: what response classes are made of
    (
        "_build",
        "_dump",
        "_endings",
        "_display",
        "_timeouts",
        "_urls",
        "_headers",
        "_types",
        "_retry",
        "_sources",
        "_quota",
        "_operation",
        "_arguments",
    ),
    ("_models", "_exchange", "_multipart", "_logs", "_options", "_deployments", "_printing"),
    ("_texts", "_merge"),
    ("types", "_errors", "_decode"),
    ("_unfinished", "_map_results", "_embeddings", "_binary", "_audio", "_calls", "_thread_state"),
    # the only ones that touch the network
    ("_runs", "_transport", "_callbacks"),
    ("_http", "_httpx_clients", "_httpx_errors", "_httpx", "_httpx_threads"),
    ("_deadline", "_config", "_strays"),
    ("_choice", "_network"),
    ("_answers", "_requests"),
    # the only one that sleeps
    ("_engine",),
    ("_stream", "pagination", "_assistant_events"),
    ("_pace",),
    ("_assistants",),
    ("_resource", "_uploads"),
    ("_polling", "_bodies", "_parts"),
    ("_captured", "_intake"),
    ("_turns",),
    ("_map", "_bulk"),
    ("_batches",),
    ("_responses",),
    ("_raw",),
    ("helpers", "resources"),
    ("_client",),
    ("_azure",),
    ("__init__",),
)

#: Layers of `openai_sync`. It imports `openai_async`, never the other way round.
SYNC_LAYERS = (
    ("_portal",),
    ("pagination",),
    ("_bridge",),
    ("_raw", "_assistants", "_map"),
    ("resources",),
    ("_client",),
    ("_azure",),
    ("_module_choice", "_module_removed", "_module_resources"),
    ("_module",),
    ("__init__",),
    ("_cli",),
    ("__main__",),
)

PURE = {
    "_batches/lines",
    "_brief",
    "_build",
    "_bulk/history",
    "_bulk/reconcile",
    "_decode",
    "_deployments",
    "_display",
    "_dump",
    "_endings",
    "_errors",
    "_fields",
    "_jobs",
    "_markdown",
    "_merge",
    "_models",
    "_quota",
    "_retry",
    "_sse",
    "_thread_state",
    "_urls",
}
IMPURE_MODULES = {"anyio", "asyncio", "socket", "httpx", "time", "random", "threading", "trio"}


def _layer_of(module: str, layers: tuple[tuple[str, ...], ...]) -> int:
    for number, names in enumerate(layers):
        if module in names:
            return number
    raise AssertionError(f"{module} is in no layer: give it a place in tests/test_layers.py")


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        if parts[0] != "emulator":
            yield parts[0], path


def _imports(package: str, path: Path) -> Iterator[str]:
    """The dotted modules that `path` imports when it runs (not those for type checkers only)."""
    inside = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in _running(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(inside[: len(inside) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module == package:
                yield from (f"{module}.{alias.name}" for alias in node.names)
            else:
                yield module


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        checked_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if checked_only:
            for each in node.orelse:
                yield each
                yield from _running(each)
        else:
            yield node
            yield from _running(node)


@pytest.mark.parametrize(
    ("package", "layers"), [("openai_async", LAYERS), ("openai_sync", SYNC_LAYERS)]
)
def test_imports_point_up(package: str, layers: tuple[tuple[str, ...], ...]) -> None:
    wrong = []
    for module, path in _modules(package):
        for imported in _imports(package, path):
            first, _, rest = imported.partition(".")
            target = rest.partition(".")[0]
            late = (module, target) == ("_client", "_httpx")
            if first != package or not target or target == module or late:
                continue
            # The packages that load on first use are named by the face of the library alone.
            if module != "__init__" and _layer_of(target, layers) > _layer_of(module, layers):
                wrong.append(f"{path.relative_to(ROOT)} imports {imported}")
    assert wrong == []


def test_async_never_imports_sync() -> None:
    for _, path in _modules("openai_async"):
        assert not any(name.startswith("openai_sync") for name in _imports("openai_async", path))


def test_the_client_never_imports_the_emulator() -> None:
    for package in ("openai_async", "openai_sync"):
        for _, path in _modules(package):
            assert not any("emulator" in name.split(".") for name in _imports(package, path))


@pytest.mark.parametrize("module", sorted(PURE))
def test_decisions_do_no_io(module: str) -> None:
    path = ROOT / "openai_async" / f"{module}.py"
    used = {name.partition(".")[0] for name in _imports("openai_async", path)} & IMPURE_MODULES
    assert used - ({"threading"} if module == "_fields" else set()) == set()


def test_only_one_module_does_io_through_httpx() -> None:
    users = {m for m, path in _modules("openai_async") if "httpx" in _imports("openai_async", path)}
    assert users == {"_httpx", "_exchange"}


def test_only_the_engine_sleeps() -> None:
    sleepers = {
        module
        for package in ("openai_async", "openai_sync")
        for module, path in _modules(package)
        if "anyio.sleep(" in path.read_text() or "time.sleep(" in path.read_text()
    }
    assert sleepers == {"_engine"}
