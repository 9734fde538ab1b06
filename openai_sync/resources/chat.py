from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from openai_async.resources import chat as async_

from .._bridge import Resource, blocking

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, overload

    from openai_async._sentinels import NotGiven, Omit, not_given, omit
    from openai_async._timeouts import Timeout
    from openai_async._types import Body, Headers, Query, SequenceNotStr
    from openai_async.types.chat import (
        ChatCompletion,
        ChatCompletionAudioParam,
        ChatCompletionChunk,
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
    from openai_async.types.shared import ChatModel, Metadata, ReasoningEffort

    from .._bridge import Stream


class Completions(Resource):
    if TYPE_CHECKING:

        @overload
        def create(
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
        def create(
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
        ) -> Stream[ChatCompletionChunk]: ...

        @overload
        def create(
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
        ) -> ChatCompletion | Stream[ChatCompletionChunk]: ...

        def create(self, **params: object) -> ChatCompletion | Stream[ChatCompletionChunk]: ...
    else:
        create = blocking(async_.Completions.create)


class Chat(Resource):
    @cached_property
    def completions(self) -> Completions:
        return Completions(self._async.completions)
