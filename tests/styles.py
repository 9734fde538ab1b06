"""Examples translated between the styles: what blocks is awaited, and the reverse.

Not any program, but programs as documentation has them: what is called on a client, or on what a
client gave, by names that are bound only once.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import ClassVar, TypeVar

#: Blocking names with an awaited twin of another name.
NAMES = {
    "openai_sync": "openai_async",
    "APIResponse": "AsyncAPIResponse",
    "AssistantEventHandler": "AsyncAssistantEventHandler",
    "AzureOpenAI": "AsyncAzureOpenAI",
    "Client": "AsyncClient",
    "OpenAI": "AsyncOpenAI",
    "Stream": "AsyncStream",
}
CLIENTS = {"OpenAI", "AzureOpenAI", "Client"}

#: Methods of clients that compute, and those that make clients.
PLAIN = {"is_closed", "platform_headers", "pool_stats"}
COPIES = {"copy", "with_options"}
#: Methods of what clients give that wait for the network.
WAITING = {"close", "get_next_page", "json", "print", "read", "stream_to_file", "text"}
WAITING |= {"get_final_run", "until_done"}
#: Ends of what gives a context manager that is not awaited, and of what gives a list.
MANAGERS = ("client.map", ".runs.stream", "_stream")
LISTS = (".batches.map",)
#: Classes whose hooks are awaited.
HOOKED = {"AssistantEventHandler"}

WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)

N = TypeVar("N", bound=ast.AST)


def awaited(code: str) -> str:
    """A blocking program, awaited in a function `main` that it runs at its end."""
    tree = _Awaited().visit(ast.parse(code))
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    body = [node for node in tree.body if node not in imports]
    main = ast.parse("async def main() -> None: ...").body[0]
    assert isinstance(main, ast.AsyncFunctionDef)
    main.body = body
    tree.body = [ast.Import([ast.alias("anyio")]), *imports, main]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n\nanyio.run(main)\n"


def blocking(code: str) -> str:
    """An awaited program, blocking."""
    return ast.unparse(ast.fix_missing_locations(_Blocking().visit(ast.parse(code)))) + "\n"


def _as(kind: type[N], node: ast.AST) -> N:
    """`node` as its twin: `for` as `async for`, and so on."""
    return kind(**dict(ast.iter_fields(node)))


def _called(node: ast.expr) -> str:
    """What is called, as it is written."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


class _Renaming(ast.NodeTransformer):
    _names: ClassVar[Mapping[str, str]]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        first, dot, rest = (node.module or "").partition(".")
        node.module = self._names.get(first, first) + dot + rest
        for alias in node.names:
            alias.name = self._names.get(alias.name, alias.name)
        return node


class _Awaited(_Renaming):
    _names: ClassVar = NAMES

    def __init__(self) -> None:
        self.clients: set[str] = set()
        #: What came from a client: answers, streams, pages.
        self.given: set[str] = set()
        #: Functions of the program that wait.
        self.waiting: set[str] = set()

    def _made(self, node: ast.expr) -> bool:
        """Whether this is a client."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in COPIES and self._made(node.func.value)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in CLIENTS
        return isinstance(node, ast.Name) and node.id in self.clients

    def _asked(self, node: ast.expr) -> bool:
        """Whether this is a call of a method that the server answers."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return False
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute) and not self._made(root):
            root = root.value
        return self._made(root) and node.func.attr not in PLAIN | COPIES

    def _gives(self, node: ast.expr) -> bool:
        """Whether this is what a client gave, or an iterator over its body."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr.startswith("iter_") and self._gives(node.func.value)
        return isinstance(node, ast.Name) and node.id in self.given

    def _bind(self, target: ast.AST | None, value: ast.expr) -> None:
        if isinstance(target, ast.Name) and self._made(value):
            self.clients.add(target.id)
        elif isinstance(target, ast.Name) and (self._asked(value) or self._gives(value)):
            self.given.add(target.id)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self._bind(node.targets[0], node.value)
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST:
        ours = [each.context_expr for each in node.items]
        waits = any(self._made(e) or self._asked(e) or self._gives(e) for e in ours)
        for item in node.items:
            self._bind(item.optional_vars, item.context_expr)
        managers = [item for item in node.items if self._asked(item.context_expr)]
        for item in managers:
            streams = "with_streaming_response" in ast.unparse(item.context_expr)
            streams = streams or _called(item.context_expr).endswith(MANAGERS)
            item.context_expr = self._inner(item.context_expr)
            if not streams:
                item.context_expr = ast.Await(item.context_expr)
        node.items = [item if item in managers else self.visit(item) for item in node.items]
        node.body = [self.visit(each) for each in node.body]
        return _as(ast.AsyncWith, node) if waits else node

    def visit_For(self, node: ast.For) -> ast.AST:
        waits = self._asked(node.iter) or self._gives(node.iter)
        waits = waits and not _called(node.iter).endswith(LISTS)
        node.iter = self._iterated(node.iter)
        node.body = [self.visit(each) for each in node.body]
        return _as(ast.AsyncFor, node) if waits else node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.is_async = int(self._asked(node.iter) or self._gives(node.iter))
        node.iter = self._iterated(node.iter)
        return node

    def _iterated(self, node: ast.expr) -> ast.expr:
        """What is iterated over: a list is asked for its pages as they are needed."""
        if not self._asked(node):
            return self._inner(node)
        lists = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".list")
        return self._inner(node) if lists else ast.Await(self._inner(node))

    def _inner(self, node: ast.expr) -> ast.expr:
        """`node` with its parts translated, and not awaited."""
        inner = self.generic_visit(node)
        assert isinstance(inner, ast.expr)
        return inner

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        hooked = any(isinstance(base, ast.Name) and base.id in HOOKED for base in node.bases)
        self.generic_visit(node)
        if hooked:
            node.body = [
                _as(ast.AsyncFunctionDef, each) if isinstance(each, ast.FunctionDef) else each
                for each in node.body
            ]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [self.visit(each) for each in node.body]
        if not any(isinstance(each, WAITS) for each in ast.walk(node)):
            return node
        self.waiting.add(node.name)
        return _as(ast.AsyncFunctionDef, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute):
            late = node.func.attr in WAITING and self._gives(node.func.value)
        else:
            late = isinstance(node.func, ast.Name) and node.func.id in self.waiting
        waits = late or self._asked(node)
        return ast.Await(self._inner(node)) if waits else self.generic_visit(node)


class _Blocking(_Renaming):
    _names: ClassVar = {awaited: blocking for blocking, awaited in NAMES.items()}

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return _as(ast.For, self.generic_visit(node))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return _as(ast.With, self.generic_visit(node))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return _as(ast.FunctionDef, self.generic_visit(node))

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.is_async = 0
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) == "anyio.run":
            return ast.Call(node.args[0], node.args[1:], [])
        return self.generic_visit(node)
