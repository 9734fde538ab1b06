"""What type checkers know about what the server sent."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import assert_type

from openai_async import APIError, APIStatusError, RateLimitError, Unknown
from openai_async.types.chat import (
    ChatCompletion,
    ChatCompletionMessageCustomToolCall,
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionMessageParam,
)


def a_tool_call_is_narrowed_by_its_type(answer: ChatCompletion) -> None:
    for call in answer.choices[0].message.tool_calls or []:
        if call.type == "function":
            assert_type(call, ChatCompletionMessageFunctionToolCall)
            assert_type(call.function.arguments, str)
        elif call.type == "custom":
            assert_type(call, ChatCompletionMessageCustomToolCall)
            assert_type(call.custom.input, str)
        else:
            assert_type(call, Unknown)
            assert_type(call.raw, dict[str, Any])


def a_tool_call_is_narrowed_by_its_class(answer: ChatCompletion) -> None:
    for call in answer.choices[0].message.tool_calls or []:
        if isinstance(call, ChatCompletionMessageFunctionToolCall):
            assert_type(call.function.name, str)
            assert_type(call.type, Literal["function"])


def every_answer_has_these(answer: ChatCompletion) -> None:
    assert_type(answer.to_dict(), dict[str, object])
    assert_type(answer.to_json(), str)
    assert_type(answer.model_dump(), dict[str, Any])
    assert_type(answer.model_copy(), ChatCompletion)
    assert_type(ChatCompletion.model_validate({}), ChatCompletion)


def errors(error: APIError) -> None:
    if isinstance(error, APIStatusError):
        assert_type(error.status_code, int)
        assert_type(error.request_id, "str | None")
    if isinstance(error, RateLimitError):
        assert_type(error.retry_after, "float | None")


def messages_are_plain_dicts() -> list[ChatCompletionMessageParam]:
    return [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello."}]},
        {"role": "assistant", "content": "Hello."},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
