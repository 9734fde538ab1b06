from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from .._operation import Operation
from .._resource import Resource
from .._sentinels import NotGiven, Omit, not_given, omit
from ..types.chat import ChatCompletion, ChatCompletionChunk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._stream import AsyncStream
    from .._timeouts import Timeout
    from .._types import Body, Headers, Query, SequenceNotStr
    from ..types.chat import (
        ChatCompletionAudioParam,
        ChatCompletionMessageParam,
        ChatCompletionPredictionContentParam,
        ChatCompletionStreamOptionsParam,
        ChatCompletionToolChoiceOptionParam,
        ChatCompletionToolUnionParam,
        CompletionCreateParamsFunction,
        CompletionCreateParamsFunctionCall,
        CompletionCreateParamsModeration,
        CompletionCreateParamsPromptCacheOptions,
        CompletionCreateParamsResponseFormat,
        CompletionCreateParamsWebSearchOptions,
    )
    from ..types.shared import ChatModel, Metadata, ReasoningEffort

_CREATE = Operation("POST", "/chat/completions", ChatCompletion)
_CREATE_STREAM = Operation("POST", "/chat/completions", ChatCompletionChunk)


class Completions(Resource):
    @overload
    async def create(
        self,
        *,
        messages: Iterable[ChatCompletionMessageParam],
        model: str | ChatModel,
        audio: ChatCompletionAudioParam | None | Omit = omit,
        frequency_penalty: float | None | Omit = omit,
        function_call: CompletionCreateParamsFunctionCall | Omit = omit,
        functions: Iterable[CompletionCreateParamsFunction] | Omit = omit,
        logit_bias: dict[str, int] | None | Omit = omit,
        logprobs: bool | None | Omit = omit,
        max_completion_tokens: int | None | Omit = omit,
        max_tokens: int | None | Omit = omit,
        metadata: Metadata | None | Omit = omit,
        modalities: list[Literal["text", "audio"]] | None | Omit = omit,
        moderation: CompletionCreateParamsModeration | None | Omit = omit,
        n: int | None | Omit = omit,
        parallel_tool_calls: bool | Omit = omit,
        prediction: ChatCompletionPredictionContentParam | None | Omit = omit,
        presence_penalty: float | None | Omit = omit,
        prompt_cache_key: str | None | Omit = omit,
        prompt_cache_options: CompletionCreateParamsPromptCacheOptions | Omit = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit = omit,
        reasoning_effort: ReasoningEffort | None | Omit = omit,
        response_format: CompletionCreateParamsResponseFormat | Omit = omit,
        safety_identifier: str | None | Omit = omit,
        seed: int | None | Omit = omit,
        service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"]
        | None
        | Omit = omit,
        stop: str | SequenceNotStr[str] | None | Omit = omit,
        store: bool | None | Omit = omit,
        stream: Literal[False] | None | Omit = omit,
        stream_options: ChatCompletionStreamOptionsParam | None | Omit = omit,
        temperature: float | None | Omit = omit,
        tool_choice: ChatCompletionToolChoiceOptionParam | Omit = omit,
        tools: Iterable[ChatCompletionToolUnionParam] | Omit = omit,
        top_logprobs: int | None | Omit = omit,
        top_p: float | None | Omit = omit,
        user: str | Omit = omit,
        verbosity: Literal["low", "medium", "high"] | None | Omit = omit,
        web_search_options: CompletionCreateParamsWebSearchOptions | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[ChatCompletionMessageParam],
        model: str | ChatModel,
        audio: ChatCompletionAudioParam | None | Omit = omit,
        frequency_penalty: float | None | Omit = omit,
        function_call: CompletionCreateParamsFunctionCall | Omit = omit,
        functions: Iterable[CompletionCreateParamsFunction] | Omit = omit,
        logit_bias: dict[str, int] | None | Omit = omit,
        logprobs: bool | None | Omit = omit,
        max_completion_tokens: int | None | Omit = omit,
        max_tokens: int | None | Omit = omit,
        metadata: Metadata | None | Omit = omit,
        modalities: list[Literal["text", "audio"]] | None | Omit = omit,
        moderation: CompletionCreateParamsModeration | None | Omit = omit,
        n: int | None | Omit = omit,
        parallel_tool_calls: bool | Omit = omit,
        prediction: ChatCompletionPredictionContentParam | None | Omit = omit,
        presence_penalty: float | None | Omit = omit,
        prompt_cache_key: str | None | Omit = omit,
        prompt_cache_options: CompletionCreateParamsPromptCacheOptions | Omit = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit = omit,
        reasoning_effort: ReasoningEffort | None | Omit = omit,
        response_format: CompletionCreateParamsResponseFormat | Omit = omit,
        safety_identifier: str | None | Omit = omit,
        seed: int | None | Omit = omit,
        service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"]
        | None
        | Omit = omit,
        stop: str | SequenceNotStr[str] | None | Omit = omit,
        store: bool | None | Omit = omit,
        stream: Literal[True],
        stream_options: ChatCompletionStreamOptionsParam | None | Omit = omit,
        temperature: float | None | Omit = omit,
        tool_choice: ChatCompletionToolChoiceOptionParam | Omit = omit,
        tools: Iterable[ChatCompletionToolUnionParam] | Omit = omit,
        top_logprobs: int | None | Omit = omit,
        top_p: float | None | Omit = omit,
        user: str | Omit = omit,
        verbosity: Literal["low", "medium", "high"] | None | Omit = omit,
        web_search_options: CompletionCreateParamsWebSearchOptions | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> AsyncStream[ChatCompletionChunk]: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[ChatCompletionMessageParam],
        model: str | ChatModel,
        audio: ChatCompletionAudioParam | None | Omit = omit,
        frequency_penalty: float | None | Omit = omit,
        function_call: CompletionCreateParamsFunctionCall | Omit = omit,
        functions: Iterable[CompletionCreateParamsFunction] | Omit = omit,
        logit_bias: dict[str, int] | None | Omit = omit,
        logprobs: bool | None | Omit = omit,
        max_completion_tokens: int | None | Omit = omit,
        max_tokens: int | None | Omit = omit,
        metadata: Metadata | None | Omit = omit,
        modalities: list[Literal["text", "audio"]] | None | Omit = omit,
        moderation: CompletionCreateParamsModeration | None | Omit = omit,
        n: int | None | Omit = omit,
        parallel_tool_calls: bool | Omit = omit,
        prediction: ChatCompletionPredictionContentParam | None | Omit = omit,
        presence_penalty: float | None | Omit = omit,
        prompt_cache_key: str | None | Omit = omit,
        prompt_cache_options: CompletionCreateParamsPromptCacheOptions | Omit = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit = omit,
        reasoning_effort: ReasoningEffort | None | Omit = omit,
        response_format: CompletionCreateParamsResponseFormat | Omit = omit,
        safety_identifier: str | None | Omit = omit,
        seed: int | None | Omit = omit,
        service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"]
        | None
        | Omit = omit,
        stop: str | SequenceNotStr[str] | None | Omit = omit,
        store: bool | None | Omit = omit,
        stream: bool,
        stream_options: ChatCompletionStreamOptionsParam | None | Omit = omit,
        temperature: float | None | Omit = omit,
        tool_choice: ChatCompletionToolChoiceOptionParam | Omit = omit,
        tools: Iterable[ChatCompletionToolUnionParam] | Omit = omit,
        top_logprobs: int | None | Omit = omit,
        top_p: float | None | Omit = omit,
        user: str | Omit = omit,
        verbosity: Literal["low", "medium", "high"] | None | Omit = omit,
        web_search_options: CompletionCreateParamsWebSearchOptions | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...

    async def create(
        self,
        *,
        messages: Iterable[ChatCompletionMessageParam],
        model: str | ChatModel,
        audio: ChatCompletionAudioParam | None | Omit = omit,
        frequency_penalty: float | None | Omit = omit,
        function_call: CompletionCreateParamsFunctionCall | Omit = omit,
        functions: Iterable[CompletionCreateParamsFunction] | Omit = omit,
        logit_bias: dict[str, int] | None | Omit = omit,
        logprobs: bool | None | Omit = omit,
        max_completion_tokens: int | None | Omit = omit,
        max_tokens: int | None | Omit = omit,
        metadata: Metadata | None | Omit = omit,
        modalities: list[Literal["text", "audio"]] | None | Omit = omit,
        moderation: CompletionCreateParamsModeration | None | Omit = omit,
        n: int | None | Omit = omit,
        parallel_tool_calls: bool | Omit = omit,
        prediction: ChatCompletionPredictionContentParam | None | Omit = omit,
        presence_penalty: float | None | Omit = omit,
        prompt_cache_key: str | None | Omit = omit,
        prompt_cache_options: CompletionCreateParamsPromptCacheOptions | Omit = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit = omit,
        reasoning_effort: ReasoningEffort | None | Omit = omit,
        response_format: CompletionCreateParamsResponseFormat | Omit = omit,
        safety_identifier: str | None | Omit = omit,
        seed: int | None | Omit = omit,
        service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"]
        | None
        | Omit = omit,
        stop: str | SequenceNotStr[str] | None | Omit = omit,
        store: bool | None | Omit = omit,
        stream: bool | None | Omit = omit,
        stream_options: ChatCompletionStreamOptionsParam | None | Omit = omit,
        temperature: float | None | Omit = omit,
        tool_choice: ChatCompletionToolChoiceOptionParam | Omit = omit,
        tools: Iterable[ChatCompletionToolUnionParam] | Omit = omit,
        top_logprobs: int | None | Omit = omit,
        top_p: float | None | Omit = omit,
        user: str | Omit = omit,
        verbosity: Literal["low", "medium", "high"] | None | Omit = omit,
        web_search_options: CompletionCreateParamsWebSearchOptions | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """The answer to a conversation, whole or as a stream. `POST /chat/completions`."""
        body = {
            "model": model,
            "stream": stream,
            "service_tier": service_tier,
            "messages": messages,
            "audio": audio,
            "frequency_penalty": frequency_penalty,
            "function_call": function_call,
            "functions": functions,
            "logit_bias": logit_bias,
            "logprobs": logprobs,
            "max_completion_tokens": max_completion_tokens,
            "max_tokens": max_tokens,
            "metadata": metadata,
            "modalities": modalities,
            "moderation": moderation,
            "n": n,
            "parallel_tool_calls": parallel_tool_calls,
            "prediction": prediction,
            "presence_penalty": presence_penalty,
            "prompt_cache_key": prompt_cache_key,
            "prompt_cache_options": prompt_cache_options,
            "prompt_cache_retention": prompt_cache_retention,
            "reasoning_effort": reasoning_effort,
            "response_format": response_format,
            "safety_identifier": safety_identifier,
            "seed": seed,
            "stop": stop,
            "store": store,
            "stream_options": stream_options,
            "temperature": temperature,
            "tool_choice": tool_choice,
            "tools": tools,
            "top_logprobs": top_logprobs,
            "top_p": top_p,
            "user": user,
            "verbosity": verbosity,
            "web_search_options": web_search_options,
        }
        options = (extra_headers, extra_query, extra_body, timeout)
        if stream:
            return await self._stream(_CREATE_STREAM, body=body, options=options)
        return await self._request(_CREATE, body=body, options=options)


class Chat(Resource):
    @cached_property
    def completions(self) -> Completions:
        return Completions(self._client)
