from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from typing_extensions import Required, TypedDict

from ..._types import SequenceNotStr
from ..shared._models import Metadata
from ..shared._params import (
    ChatModel,
    FunctionDefinition,
    FunctionParameters,
    ReasoningEffort,
    ResponseFormatJSONObject,
    ResponseFormatJSONSchema,
    ResponseFormatText,
)


class ChatCompletionAllowedToolsParam(TypedDict, total=False):
    mode: Required[Literal["auto", "required"]]
    tools: Required[Iterable[dict[str, object]]]


class ChatCompletionAllowedToolChoiceParam(TypedDict, total=False):
    allowed_tools: Required[ChatCompletionAllowedToolsParam]
    type: Required[Literal["allowed_tools"]]


class ChatCompletionAssistantMessageParamAudio(TypedDict, total=False):
    id: Required[str]


class ChatCompletionContentPartTextParamPromptCacheBreakpoint(TypedDict, total=False):
    mode: Required[Literal["explicit"]]
    ttl: Literal["30m", "12h"]


class ChatCompletionContentPartTextParam(TypedDict, total=False):
    text: Required[str]
    type: Required[Literal["text"]]
    prompt_cache_breakpoint: ChatCompletionContentPartTextParamPromptCacheBreakpoint


class ChatCompletionContentPartRefusalParam(TypedDict, total=False):
    refusal: Required[str]
    type: Required[Literal["refusal"]]


ChatCompletionAssistantMessageParamContentArrayOfContentPart: TypeAlias = (
    ChatCompletionContentPartTextParam | ChatCompletionContentPartRefusalParam
)


class ChatCompletionAssistantMessageParamFunctionCall(TypedDict, total=False):
    arguments: Required[str]
    name: Required[str]


class ChatCompletionMessageFunctionToolCallParamFunction(TypedDict, total=False):
    arguments: Required[str]
    name: Required[str]


class ChatCompletionMessageFunctionToolCallParam(TypedDict, total=False):
    id: Required[str]
    function: Required[ChatCompletionMessageFunctionToolCallParamFunction]
    type: Required[Literal["function"]]


class ChatCompletionMessageCustomToolCallParamCustom(TypedDict, total=False):
    input: Required[str]
    name: Required[str]


class ChatCompletionMessageCustomToolCallParam(TypedDict, total=False):
    id: Required[str]
    custom: Required[ChatCompletionMessageCustomToolCallParamCustom]
    type: Required[Literal["custom"]]


ChatCompletionMessageToolCallUnionParam: TypeAlias = (
    ChatCompletionMessageFunctionToolCallParam | ChatCompletionMessageCustomToolCallParam
)


class ChatCompletionAssistantMessageParam(TypedDict, total=False):
    role: Required[Literal["assistant"]]
    audio: ChatCompletionAssistantMessageParamAudio | None
    content: str | Iterable[ChatCompletionAssistantMessageParamContentArrayOfContentPart] | None
    function_call: ChatCompletionAssistantMessageParamFunctionCall | None
    name: str
    refusal: str | None
    tool_calls: Iterable[ChatCompletionMessageToolCallUnionParam]


class ChatCompletionAudioParamVoiceID(TypedDict, total=False):
    id: Required[str]


ChatCompletionAudioParamVoice: TypeAlias = (
    str
    | Literal[
        "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"
    ]
    | ChatCompletionAudioParamVoiceID
)


class ChatCompletionAudioParam(TypedDict, total=False):
    format: Required[Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]]
    voice: Required[ChatCompletionAudioParamVoice]


class ChatCompletionContentPartImageParamImageURL(TypedDict, total=False):
    url: Required[str]
    detail: Literal["auto", "low", "high", "original"]


class ChatCompletionContentPartImageParamPromptCacheBreakpoint(TypedDict, total=False):
    mode: Required[Literal["explicit"]]
    ttl: Literal["30m", "12h"]


class ChatCompletionContentPartImageParam(TypedDict, total=False):
    image_url: Required[ChatCompletionContentPartImageParamImageURL]
    type: Required[Literal["image_url"]]
    prompt_cache_breakpoint: ChatCompletionContentPartImageParamPromptCacheBreakpoint


class ChatCompletionContentPartInputAudioParamInputAudio(TypedDict, total=False):
    data: Required[str]
    format: Required[Literal["wav", "mp3"]]


class ChatCompletionContentPartInputAudioParamPromptCacheBreakpoint(TypedDict, total=False):
    mode: Required[Literal["explicit"]]
    ttl: Literal["30m", "12h"]


class ChatCompletionContentPartInputAudioParam(TypedDict, total=False):
    input_audio: Required[ChatCompletionContentPartInputAudioParamInputAudio]
    type: Required[Literal["input_audio"]]
    prompt_cache_breakpoint: ChatCompletionContentPartInputAudioParamPromptCacheBreakpoint


class ChatCompletionContentPartParamFileFile(TypedDict, total=False):
    file_data: str
    file_id: str
    filename: str


class ChatCompletionContentPartParamFilePromptCacheBreakpoint(TypedDict, total=False):
    mode: Required[Literal["explicit"]]
    ttl: Literal["30m", "12h"]


class ChatCompletionContentPartParamFile(TypedDict, total=False):
    file: Required[ChatCompletionContentPartParamFileFile]
    type: Required[Literal["file"]]
    prompt_cache_breakpoint: ChatCompletionContentPartParamFilePromptCacheBreakpoint


ChatCompletionContentPartParam: TypeAlias = (
    ChatCompletionContentPartTextParam
    | ChatCompletionContentPartImageParam
    | ChatCompletionContentPartInputAudioParam
    | ChatCompletionContentPartParamFile
)


class ChatCompletionCustomToolParamCustomFormatText(TypedDict, total=False):
    type: Required[Literal["text"]]


class ChatCompletionCustomToolParamCustomFormatGrammarGrammar(TypedDict, total=False):
    definition: Required[str]
    syntax: Required[Literal["lark", "regex"]]


class ChatCompletionCustomToolParamCustomFormatGrammar(TypedDict, total=False):
    grammar: Required[ChatCompletionCustomToolParamCustomFormatGrammarGrammar]
    type: Required[Literal["grammar"]]


ChatCompletionCustomToolParamCustomFormat: TypeAlias = (
    ChatCompletionCustomToolParamCustomFormatText | ChatCompletionCustomToolParamCustomFormatGrammar
)


class ChatCompletionCustomToolParamCustom(TypedDict, total=False):
    name: Required[str]
    description: str
    format: ChatCompletionCustomToolParamCustomFormat


class ChatCompletionCustomToolParam(TypedDict, total=False):
    custom: Required[ChatCompletionCustomToolParamCustom]
    type: Required[Literal["custom"]]


class ChatCompletionDeveloperMessageParam(TypedDict, total=False):
    content: Required[str | Iterable[ChatCompletionContentPartTextParam]]
    role: Required[Literal["developer"]]
    name: str


class ChatCompletionFunctionCallOptionParam(TypedDict, total=False):
    name: Required[str]


class ChatCompletionFunctionMessageParam(TypedDict, total=False):
    content: Required[str | None]
    name: Required[str]
    role: Required[Literal["function"]]


class ChatCompletionFunctionToolParam(TypedDict, total=False):
    function: Required[FunctionDefinition]
    type: Required[Literal["function"]]


class ChatCompletionSystemMessageParam(TypedDict, total=False):
    content: Required[str | Iterable[ChatCompletionContentPartTextParam]]
    role: Required[Literal["system"]]
    name: str


class ChatCompletionUserMessageParam(TypedDict, total=False):
    content: Required[str | Iterable[ChatCompletionContentPartParam]]
    role: Required[Literal["user"]]
    name: str


class ChatCompletionToolMessageParam(TypedDict, total=False):
    content: Required[str | Iterable[ChatCompletionContentPartTextParam]]
    role: Required[Literal["tool"]]
    tool_call_id: Required[str]


ChatCompletionMessageParam: TypeAlias = (
    ChatCompletionDeveloperMessageParam
    | ChatCompletionSystemMessageParam
    | ChatCompletionUserMessageParam
    | ChatCompletionAssistantMessageParam
    | ChatCompletionToolMessageParam
    | ChatCompletionFunctionMessageParam
)


ChatCompletionMessageToolCallParam: TypeAlias = ChatCompletionMessageFunctionToolCallParam


ChatCompletionModality: TypeAlias = Literal["text", "audio"]


class ChatCompletionNamedToolChoiceCustomParamCustom(TypedDict, total=False):
    name: Required[str]


class ChatCompletionNamedToolChoiceCustomParam(TypedDict, total=False):
    custom: Required[ChatCompletionNamedToolChoiceCustomParamCustom]
    type: Required[Literal["custom"]]


class ChatCompletionNamedToolChoiceParamFunction(TypedDict, total=False):
    name: Required[str]


class ChatCompletionNamedToolChoiceParam(TypedDict, total=False):
    function: Required[ChatCompletionNamedToolChoiceParamFunction]
    type: Required[Literal["function"]]


class ChatCompletionPredictionContentParam(TypedDict, total=False):
    content: Required[str | Iterable[ChatCompletionContentPartTextParam]]
    type: Required[Literal["content"]]


ChatCompletionReasoningEffort: TypeAlias = ReasoningEffort


ChatCompletionRole: TypeAlias = Literal[
    "developer", "system", "user", "assistant", "tool", "function"
]


class ChatCompletionStreamOptionsParam(TypedDict, total=False):
    include_obfuscation: bool
    include_usage: bool


ChatCompletionToolChoiceOptionParam: TypeAlias = (
    Literal["none", "auto", "required"]
    | ChatCompletionAllowedToolChoiceParam
    | ChatCompletionNamedToolChoiceParam
    | ChatCompletionNamedToolChoiceCustomParam
)


ChatCompletionToolParam: TypeAlias = ChatCompletionFunctionToolParam


ChatCompletionToolUnionParam: TypeAlias = (
    ChatCompletionFunctionToolParam | ChatCompletionCustomToolParam
)


CompletionCreateParamsFunctionCall: TypeAlias = (
    Literal["none", "auto"] | ChatCompletionFunctionCallOptionParam
)


class CompletionCreateParamsFunction(TypedDict, total=False):
    name: Required[str]
    description: str
    parameters: FunctionParameters


class CompletionCreateParamsModerationPolicyInput(TypedDict, total=False):
    mode: Required[Literal["score", "block"]]


class CompletionCreateParamsModerationPolicyOutput(TypedDict, total=False):
    mode: Required[Literal["score", "block"]]


class CompletionCreateParamsModerationPolicy(TypedDict, total=False):
    input: CompletionCreateParamsModerationPolicyInput | None
    output: CompletionCreateParamsModerationPolicyOutput | None


class CompletionCreateParamsModeration(TypedDict, total=False):
    model: Required[str]
    policy: CompletionCreateParamsModerationPolicy | None


class CompletionCreateParamsPromptCacheOptions(TypedDict, total=False):
    mode: Literal["implicit", "explicit"]
    ttl: Literal["30m"]


CompletionCreateParamsResponseFormat: TypeAlias = (
    ResponseFormatText | ResponseFormatJSONSchema | ResponseFormatJSONObject
)


class CompletionCreateParamsWebSearchOptionsUserLocationApproximate(TypedDict, total=False):
    city: str
    country: str
    region: str
    timezone: str


class CompletionCreateParamsWebSearchOptionsUserLocation(TypedDict, total=False):
    approximate: Required[CompletionCreateParamsWebSearchOptionsUserLocationApproximate]
    type: Required[Literal["approximate"]]


class CompletionCreateParamsWebSearchOptions(TypedDict, total=False):
    search_context_size: Literal["low", "medium", "high"]
    user_location: CompletionCreateParamsWebSearchOptionsUserLocation | None


class CompletionCreateParamsBase(TypedDict, total=False):
    messages: Required[Iterable[ChatCompletionMessageParam]]
    model: Required[str | ChatModel]
    audio: ChatCompletionAudioParam | None
    frequency_penalty: float | None
    function_call: CompletionCreateParamsFunctionCall
    functions: Iterable[CompletionCreateParamsFunction]
    logit_bias: dict[str, int] | None
    logprobs: bool | None
    max_completion_tokens: int | None
    max_tokens: int | None
    metadata: Metadata | None
    modalities: list[Literal["text", "audio"]] | None
    moderation: CompletionCreateParamsModeration | None
    n: int | None
    parallel_tool_calls: bool
    prediction: ChatCompletionPredictionContentParam | None
    presence_penalty: float | None
    prompt_cache_key: str | None
    prompt_cache_options: CompletionCreateParamsPromptCacheOptions
    prompt_cache_retention: Literal["in_memory", "24h"] | None
    reasoning_effort: ReasoningEffort | None
    response_format: CompletionCreateParamsResponseFormat
    safety_identifier: str | None
    seed: int | None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None
    stop: str | SequenceNotStr[str] | None
    store: bool | None
    stream_options: ChatCompletionStreamOptionsParam | None
    temperature: float | None
    tool_choice: ChatCompletionToolChoiceOptionParam
    tools: Iterable[ChatCompletionToolUnionParam]
    top_logprobs: int | None
    top_p: float | None
    user: str
    verbosity: Literal["low", "medium", "high"] | None
    web_search_options: CompletionCreateParamsWebSearchOptions


class CompletionCreateParamsNonStreaming(CompletionCreateParamsBase, total=False):
    stream: Literal[False] | None


class CompletionCreateParamsStreaming(CompletionCreateParamsBase):
    stream: Required[Literal[True]]


CompletionCreateParams: TypeAlias = (
    CompletionCreateParamsNonStreaming | CompletionCreateParamsStreaming
)


CreateChatCompletionRequestMessageParam: TypeAlias = (
    ChatCompletionDeveloperMessageParam
    | ChatCompletionSystemMessageParam
    | ChatCompletionUserMessageParam
    | ChatCompletionAssistantMessageParam
    | ChatCompletionToolMessageParam
    | ChatCompletionFunctionMessageParam
)
