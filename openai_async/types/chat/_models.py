from __future__ import annotations

from typing import Literal, TypeAlias

from ..._models import BaseModel, Unknown
from ..shared._models import Metadata


class CompletionUsageCompletionTokensDetails(BaseModel):
    accepted_prediction_tokens: int | None = None
    audio_tokens: int | None = None
    reasoning_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    text_tokens: int | None = None


class CompletionUsagePromptTokensDetails(BaseModel):
    audio_tokens: int | None = None
    cache_write_tokens: int | None = None
    cached_tokens: int | None = None
    image_tokens: int | None = None
    text_tokens: int | None = None


class CompletionUsage(BaseModel):
    completion_tokens: int
    prompt_tokens: int
    total_tokens: int
    completion_tokens_details: CompletionUsageCompletionTokensDetails | None = None
    prompt_tokens_details: CompletionUsagePromptTokensDetails | None = None


class ChatCompletionTokenLogprobTopLogprob(BaseModel):
    token: str
    bytes: list[int] | None = None
    logprob: float


class ChatCompletionTokenLogprob(BaseModel):
    token: str
    bytes: list[int] | None = None
    logprob: float
    top_logprobs: list[ChatCompletionTokenLogprobTopLogprob]


class ChatCompletionChoiceLogprobs(BaseModel):
    content: list[ChatCompletionTokenLogprob] | None = None
    refusal: list[ChatCompletionTokenLogprob] | None = None


class ChatCompletionMessageAnnotationURLCitation(BaseModel):
    end_index: int
    start_index: int
    title: str
    url: str


class ChatCompletionMessageAnnotation(BaseModel):
    type: Literal["url_citation"]
    url_citation: ChatCompletionMessageAnnotationURLCitation


class ChatCompletionAudio(BaseModel):
    id: str
    data: str
    expires_at: int
    transcript: str


class ChatCompletionMessageFunctionCall(BaseModel):
    arguments: str
    name: str


class ChatCompletionMessageFunctionToolCallFunction(BaseModel):
    arguments: str
    name: str


class ChatCompletionMessageFunctionToolCall(BaseModel, tag_field="type", tag="function"):
    id: str
    function: ChatCompletionMessageFunctionToolCallFunction
    type: Literal["function"]


class ChatCompletionMessageCustomToolCallCustom(BaseModel):
    input: str
    name: str


class ChatCompletionMessageCustomToolCall(BaseModel, tag_field="type", tag="custom"):
    id: str
    custom: ChatCompletionMessageCustomToolCallCustom
    type: Literal["custom"]


ChatCompletionMessageToolCallUnion: TypeAlias = (
    ChatCompletionMessageFunctionToolCall | ChatCompletionMessageCustomToolCall | Unknown
)


class ChatCompletionMessage(BaseModel):
    content: str | None = None
    refusal: str | None = None
    role: Literal["assistant"]
    annotations: list[ChatCompletionMessageAnnotation] | None = None
    audio: ChatCompletionAudio | None = None
    function_call: ChatCompletionMessageFunctionCall | None = None
    tool_calls: list[ChatCompletionMessageToolCallUnion] | None = None


class ChatCompletionChoice(BaseModel):
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
    index: int
    logprobs: ChatCompletionChoiceLogprobs | None = None
    message: ChatCompletionMessage


class ChatCompletionModerationInputModerationResultsResult(BaseModel):
    categories: dict[str, bool]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]
    category_scores: dict[str, float]
    flagged: bool
    model: str
    type: Literal["moderation_result"]


class ChatCompletionModerationInputModerationResults(
    BaseModel, tag_field="type", tag="moderation_results"
):
    model: str
    results: list[ChatCompletionModerationInputModerationResultsResult]
    type: Literal["moderation_results"]


class ChatCompletionModerationInputError(BaseModel, tag_field="type", tag="error"):
    code: str
    message: str
    type: Literal["error"]


ChatCompletionModerationInput: TypeAlias = (
    ChatCompletionModerationInputModerationResults | ChatCompletionModerationInputError | Unknown
)


class ChatCompletionModerationOutputModerationResultsResult(BaseModel):
    categories: dict[str, bool]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]
    category_scores: dict[str, float]
    flagged: bool
    model: str
    type: Literal["moderation_result"]


class ChatCompletionModerationOutputModerationResults(
    BaseModel, tag_field="type", tag="moderation_results"
):
    model: str
    results: list[ChatCompletionModerationOutputModerationResultsResult]
    type: Literal["moderation_results"]


class ChatCompletionModerationOutputError(BaseModel, tag_field="type", tag="error"):
    code: str
    message: str
    type: Literal["error"]


ChatCompletionModerationOutput: TypeAlias = (
    ChatCompletionModerationOutputModerationResults | ChatCompletionModerationOutputError | Unknown
)


class ChatCompletionModeration(BaseModel):
    input: ChatCompletionModerationInput
    output: ChatCompletionModerationOutput


class ChatCompletion(BaseModel):
    id: str
    choices: list[ChatCompletionChoice]
    created: int
    model: str
    object: Literal["chat.completion"]
    metadata: Metadata | None = None
    moderation: ChatCompletionModeration | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    system_fingerprint: str | None = None
    usage: CompletionUsage | None = None


class ChatCompletionChunkChoiceDeltaAudio(BaseModel):
    id: str | None = None
    data: str | None = None
    expires_at: int | None = None
    transcript: str | None = None


class ChatCompletionChunkChoiceDeltaFunctionCall(BaseModel):
    arguments: str | None = None
    name: str | None = None


class ChatCompletionChunkChoiceDeltaToolCallFunction(BaseModel):
    arguments: str | None = None
    name: str | None = None


class ChatCompletionChunkChoiceDeltaToolCall(BaseModel):
    index: int
    id: str | None = None
    function: ChatCompletionChunkChoiceDeltaToolCallFunction | None = None
    type: Literal["function"] | None = None


class ChatCompletionChunkChoiceDelta(BaseModel):
    """What one event adds to a choice."""

    audio: ChatCompletionChunkChoiceDeltaAudio | None = None
    content: str | None = None
    function_call: ChatCompletionChunkChoiceDeltaFunctionCall | None = None
    refusal: str | None = None
    role: Literal["developer", "system", "user", "assistant", "tool"] | None = None
    tool_calls: list[ChatCompletionChunkChoiceDeltaToolCall] | None = None


class ChatCompletionChunkChoiceLogprobs(BaseModel):
    content: list[ChatCompletionTokenLogprob] | None = None
    refusal: list[ChatCompletionTokenLogprob] | None = None


class ChatCompletionChunkChoice(BaseModel):
    delta: ChatCompletionChunkChoiceDelta
    index: int
    finish_reason: (
        Literal["stop", "length", "tool_calls", "content_filter", "function_call"] | None
    ) = None
    logprobs: ChatCompletionChunkChoiceLogprobs | None = None


class ChatCompletionChunkModerationInputModerationResultsResult(BaseModel):
    categories: dict[str, bool]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]
    category_scores: dict[str, float]
    flagged: bool
    model: str
    type: Literal["moderation_result"]


class ChatCompletionChunkModerationInputModerationResults(
    BaseModel, tag_field="type", tag="moderation_results"
):
    model: str
    results: list[ChatCompletionChunkModerationInputModerationResultsResult]
    type: Literal["moderation_results"]


class ChatCompletionChunkModerationInputError(BaseModel, tag_field="type", tag="error"):
    code: str
    message: str
    type: Literal["error"]


ChatCompletionChunkModerationInput: TypeAlias = (
    ChatCompletionChunkModerationInputModerationResults
    | ChatCompletionChunkModerationInputError
    | Unknown
)


class ChatCompletionChunkModerationOutputModerationResultsResult(BaseModel):
    categories: dict[str, bool]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]
    category_scores: dict[str, float]
    flagged: bool
    model: str
    type: Literal["moderation_result"]


class ChatCompletionChunkModerationOutputModerationResults(
    BaseModel, tag_field="type", tag="moderation_results"
):
    model: str
    results: list[ChatCompletionChunkModerationOutputModerationResultsResult]
    type: Literal["moderation_results"]


class ChatCompletionChunkModerationOutputError(BaseModel, tag_field="type", tag="error"):
    code: str
    message: str
    type: Literal["error"]


ChatCompletionChunkModerationOutput: TypeAlias = (
    ChatCompletionChunkModerationOutputModerationResults
    | ChatCompletionChunkModerationOutputError
    | Unknown
)


class ChatCompletionChunkModeration(BaseModel):
    input: ChatCompletionChunkModerationInput
    output: ChatCompletionChunkModerationOutput


class ChatCompletionChunk(BaseModel):
    """One event of a streamed chat completion."""

    id: str
    choices: list[ChatCompletionChunkChoice]
    created: int
    model: str
    object: Literal["chat.completion.chunk"]
    moderation: ChatCompletionChunkModeration | None = None
    obfuscation: str | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    system_fingerprint: str | None = None
    usage: CompletionUsage | None = None


ChatCompletionMessageToolCall: TypeAlias = ChatCompletionMessageFunctionToolCall
