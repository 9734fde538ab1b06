"""The tools of a run: which of them it calls, and how the API shows such a call, whole or in the
pieces of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .chat import call_of, named_tool, tool_name
from .errors import invalid
from .shapes import is_object, is_objects

PIECE = 8  # characters of arguments or code in one delta
CODE = "print(sum(range(10)))"
LOGS = "45\n"


@dataclass(frozen=True)
class Call:
    """A call of a tool: `text` is the arguments of a function, or code."""

    id: str
    kind: str
    name: str = ""
    text: str = ""
    picture: str | None = None

    def as_json(self, output: str | None) -> dict[str, Any]:
        """The call as a step shows it; `output` is what came back from a function."""
        return {"id": self.id, "type": self.kind, self.kind: WHOLE[self.kind](self, output)}

    def required(self) -> dict[str, Any]:
        """The call as a run shows it that waits for the output."""
        function = {"name": self.name, "arguments": self.text}
        return {"id": self.id, "type": "function", "function": function}

    def deltas(self, index: int) -> Iterator[dict[str, Any]]:
        frame = {"index": index, "type": self.kind}
        first, *rest = DELTAS[self.kind](self)
        yield {**frame, "id": self.id, self.kind: first}
        for piece in rest:
            yield {**frame, self.kind: piece}


def pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def whole_function(call: Call, output: str | None) -> dict[str, Any]:
    return {"name": call.name, "arguments": call.text, "output": output}


def function_deltas(call: Call) -> list[dict[str, Any]]:
    first = {"name": call.name, "arguments": "", "output": None}
    return [first, *({"arguments": piece} for piece in pieces(call.text))]


def outputs_of(call: Call) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = [{"type": "logs", "logs": LOGS}]
    if call.picture is not None:
        outputs.append({"type": "image", "image": {"file_id": call.picture}})
    return outputs


def whole_code(call: Call, output: str | None) -> dict[str, Any]:
    return {"input": call.text, "outputs": outputs_of(call)}


def code_deltas(call: Call) -> list[dict[str, Any]]:
    outputs = [{"index": index, **output} for index, output in enumerate(outputs_of(call))]
    return [
        {"input": "", "outputs": []},
        *({"input": piece} for piece in pieces(call.text)),
        {"outputs": outputs},
    ]


def whole_search(call: Call, output: str | None) -> dict[str, Any]:
    return {"ranking_options": {"ranker": "auto", "score_threshold": 0.0}, "results": []}


def search_deltas(call: Call) -> list[dict[str, Any]]:
    return [{}]


WHOLE: dict[str, Callable[[Call, str | None], dict[str, Any]]] = {
    "function": whole_function,
    "code_interpreter": whole_code,
    "file_search": whole_search,
}
DELTAS: dict[str, Callable[[Call], list[dict[str, Any]]]] = {
    "function": function_deltas,
    "code_interpreter": code_deltas,
    "file_search": search_deltas,
}


def tools_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools which a run calls, as `tools` and `tool_choice` want it."""
    tools: Any = body.get("tools") or []
    if not is_objects(tools) or not all(tool.get("type") in WHOLE for tool in tools):
        raise invalid("tools", f"it must be a list of objects of the types {', '.join(WHOLE)}")
    if not all(tool["type"] != "function" or tool_name(tool) for tool in tools):
        raise invalid("tools", "every function must have a name")
    return chosen(tools, body.get("tool_choice"))


def groups_of(
    tools: list[dict[str, Any]],
    new_id: Callable[[str], str],
    *,
    parallel: bool,
    picture: str | None,
) -> list[list[Call]]:
    """The calls of a run, one list for each of its steps: first what the server does itself, then
    the functions, all together or one after another."""
    own = [
        [
            Call(
                new_id("call_"),
                kind,
                text=CODE if kind == "code_interpreter" else "",
                picture=picture,
            )
        ]
        for kind in ("code_interpreter", "file_search")
        if any(tool["type"] == kind for tool in tools)
    ]
    functions = [
        function_call(tool, new_id("call_")) for tool in tools if tool["type"] == "function"
    ]
    if parallel:
        return [*own, functions] if functions else own
    return [*own, *([call] for call in functions)]


def chosen(tools: list[dict[str, Any]], choice: Any) -> list[dict[str, Any]]:
    """The tools that `tool_choice` leaves."""
    if choice == "none":
        return []
    if not is_object(choice):
        return tools
    if choice.get("type") == "function":
        return [named_tool(tools, tool_name(choice))]
    return [tool for tool in tools if tool["type"] == choice.get("type")]


def function_call(tool: dict[str, Any], identifier: str) -> Call:
    call = call_of(tool, identifier)
    return Call(call.id, call.kind, call.name, call.text)
