from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_names

if TYPE_CHECKING:
    from ._models import ChatCompletion as ChatCompletion
    from ._models import ChatCompletionAudio as ChatCompletionAudio
    from ._models import ChatCompletionChoice as ChatCompletionChoice
    from ._models import ChatCompletionChoiceLogprobs as ChatCompletionChoiceLogprobs
    from ._models import ChatCompletionChunk as ChatCompletionChunk
    from ._models import ChatCompletionChunkChoice as ChatCompletionChunkChoice
    from ._models import ChatCompletionChunkChoiceDelta as ChatCompletionChunkChoiceDelta
    from ._models import ChatCompletionChunkChoiceDeltaAudio as ChatCompletionChunkChoiceDeltaAudio
    from ._models import (
        ChatCompletionChunkChoiceDeltaFunctionCall as ChatCompletionChunkChoiceDeltaFunctionCall,
    )
    from ._models import (
        ChatCompletionChunkChoiceDeltaToolCall as ChatCompletionChunkChoiceDeltaToolCall,
    )
    from ._models import (
        ChatCompletionChunkChoiceDeltaToolCallFunction as ChatCompletionChunkChoiceDeltaToolCallFunction,
    )
    from ._models import ChatCompletionChunkChoiceLogprobs as ChatCompletionChunkChoiceLogprobs
    from ._models import ChatCompletionChunkModeration as ChatCompletionChunkModeration
    from ._models import ChatCompletionChunkModerationInput as ChatCompletionChunkModerationInput
    from ._models import (
        ChatCompletionChunkModerationInputError as ChatCompletionChunkModerationInputError,
    )
    from ._models import (
        ChatCompletionChunkModerationInputModerationResults as ChatCompletionChunkModerationInputModerationResults,
    )
    from ._models import (
        ChatCompletionChunkModerationInputModerationResultsResult as ChatCompletionChunkModerationInputModerationResultsResult,
    )
    from ._models import ChatCompletionChunkModerationOutput as ChatCompletionChunkModerationOutput
    from ._models import (
        ChatCompletionChunkModerationOutputError as ChatCompletionChunkModerationOutputError,
    )
    from ._models import (
        ChatCompletionChunkModerationOutputModerationResults as ChatCompletionChunkModerationOutputModerationResults,
    )
    from ._models import (
        ChatCompletionChunkModerationOutputModerationResultsResult as ChatCompletionChunkModerationOutputModerationResultsResult,
    )
    from ._models import ChatCompletionMessage as ChatCompletionMessage
    from ._models import ChatCompletionMessageAnnotation as ChatCompletionMessageAnnotation
    from ._models import (
        ChatCompletionMessageAnnotationURLCitation as ChatCompletionMessageAnnotationURLCitation,
    )
    from ._models import ChatCompletionMessageCustomToolCall as ChatCompletionMessageCustomToolCall
    from ._models import (
        ChatCompletionMessageCustomToolCallCustom as ChatCompletionMessageCustomToolCallCustom,
    )
    from ._models import ChatCompletionMessageFunctionCall as ChatCompletionMessageFunctionCall
    from ._models import (
        ChatCompletionMessageFunctionToolCall as ChatCompletionMessageFunctionToolCall,
    )
    from ._models import (
        ChatCompletionMessageFunctionToolCallFunction as ChatCompletionMessageFunctionToolCallFunction,
    )
    from ._models import ChatCompletionMessageToolCall as ChatCompletionMessageToolCall
    from ._models import ChatCompletionMessageToolCallUnion as ChatCompletionMessageToolCallUnion
    from ._models import ChatCompletionModeration as ChatCompletionModeration
    from ._models import ChatCompletionModerationInput as ChatCompletionModerationInput
    from ._models import ChatCompletionModerationInputError as ChatCompletionModerationInputError
    from ._models import (
        ChatCompletionModerationInputModerationResults as ChatCompletionModerationInputModerationResults,
    )
    from ._models import (
        ChatCompletionModerationInputModerationResultsResult as ChatCompletionModerationInputModerationResultsResult,
    )
    from ._models import ChatCompletionModerationOutput as ChatCompletionModerationOutput
    from ._models import ChatCompletionModerationOutputError as ChatCompletionModerationOutputError
    from ._models import (
        ChatCompletionModerationOutputModerationResults as ChatCompletionModerationOutputModerationResults,
    )
    from ._models import (
        ChatCompletionModerationOutputModerationResultsResult as ChatCompletionModerationOutputModerationResultsResult,
    )
    from ._models import ChatCompletionTokenLogprob as ChatCompletionTokenLogprob
    from ._models import (
        ChatCompletionTokenLogprobTopLogprob as ChatCompletionTokenLogprobTopLogprob,
    )
    from ._models import CompletionUsage as CompletionUsage
    from ._models import (
        CompletionUsageCompletionTokensDetails as CompletionUsageCompletionTokensDetails,
    )
    from ._models import CompletionUsagePromptTokensDetails as CompletionUsagePromptTokensDetails
    from ._params import (
        ChatCompletionAllowedToolChoiceParam as ChatCompletionAllowedToolChoiceParam,
    )
    from ._params import ChatCompletionAllowedToolsParam as ChatCompletionAllowedToolsParam
    from ._params import ChatCompletionAssistantMessageParam as ChatCompletionAssistantMessageParam
    from ._params import (
        ChatCompletionAssistantMessageParamAudio as ChatCompletionAssistantMessageParamAudio,
    )
    from ._params import (
        ChatCompletionAssistantMessageParamContentArrayOfContentPart as ChatCompletionAssistantMessageParamContentArrayOfContentPart,
    )
    from ._params import (
        ChatCompletionAssistantMessageParamFunctionCall as ChatCompletionAssistantMessageParamFunctionCall,
    )
    from ._params import ChatCompletionAudioParam as ChatCompletionAudioParam
    from ._params import ChatCompletionAudioParamVoice as ChatCompletionAudioParamVoice
    from ._params import ChatCompletionAudioParamVoiceID as ChatCompletionAudioParamVoiceID
    from ._params import ChatCompletionContentPartImageParam as ChatCompletionContentPartImageParam
    from ._params import (
        ChatCompletionContentPartImageParamImageURL as ChatCompletionContentPartImageParamImageURL,
    )
    from ._params import (
        ChatCompletionContentPartImageParamPromptCacheBreakpoint as ChatCompletionContentPartImageParamPromptCacheBreakpoint,
    )
    from ._params import (
        ChatCompletionContentPartInputAudioParam as ChatCompletionContentPartInputAudioParam,
    )
    from ._params import (
        ChatCompletionContentPartInputAudioParamInputAudio as ChatCompletionContentPartInputAudioParamInputAudio,
    )
    from ._params import (
        ChatCompletionContentPartInputAudioParamPromptCacheBreakpoint as ChatCompletionContentPartInputAudioParamPromptCacheBreakpoint,
    )
    from ._params import ChatCompletionContentPartParam as ChatCompletionContentPartParam
    from ._params import ChatCompletionContentPartParamFile as ChatCompletionContentPartParamFile
    from ._params import (
        ChatCompletionContentPartParamFileFile as ChatCompletionContentPartParamFileFile,
    )
    from ._params import (
        ChatCompletionContentPartParamFilePromptCacheBreakpoint as ChatCompletionContentPartParamFilePromptCacheBreakpoint,
    )
    from ._params import (
        ChatCompletionContentPartRefusalParam as ChatCompletionContentPartRefusalParam,
    )
    from ._params import ChatCompletionContentPartTextParam as ChatCompletionContentPartTextParam
    from ._params import (
        ChatCompletionContentPartTextParamPromptCacheBreakpoint as ChatCompletionContentPartTextParamPromptCacheBreakpoint,
    )
    from ._params import ChatCompletionCustomToolParam as ChatCompletionCustomToolParam
    from ._params import ChatCompletionCustomToolParamCustom as ChatCompletionCustomToolParamCustom
    from ._params import (
        ChatCompletionCustomToolParamCustomFormat as ChatCompletionCustomToolParamCustomFormat,
    )
    from ._params import (
        ChatCompletionCustomToolParamCustomFormatGrammar as ChatCompletionCustomToolParamCustomFormatGrammar,
    )
    from ._params import (
        ChatCompletionCustomToolParamCustomFormatGrammarGrammar as ChatCompletionCustomToolParamCustomFormatGrammarGrammar,
    )
    from ._params import (
        ChatCompletionCustomToolParamCustomFormatText as ChatCompletionCustomToolParamCustomFormatText,
    )
    from ._params import ChatCompletionDeveloperMessageParam as ChatCompletionDeveloperMessageParam
    from ._params import (
        ChatCompletionFunctionCallOptionParam as ChatCompletionFunctionCallOptionParam,
    )
    from ._params import ChatCompletionFunctionMessageParam as ChatCompletionFunctionMessageParam
    from ._params import ChatCompletionFunctionToolParam as ChatCompletionFunctionToolParam
    from ._params import (
        ChatCompletionMessageCustomToolCallParam as ChatCompletionMessageCustomToolCallParam,
    )
    from ._params import (
        ChatCompletionMessageCustomToolCallParamCustom as ChatCompletionMessageCustomToolCallParamCustom,
    )
    from ._params import (
        ChatCompletionMessageFunctionToolCallParam as ChatCompletionMessageFunctionToolCallParam,
    )
    from ._params import (
        ChatCompletionMessageFunctionToolCallParamFunction as ChatCompletionMessageFunctionToolCallParamFunction,
    )
    from ._params import ChatCompletionMessageParam as ChatCompletionMessageParam
    from ._params import ChatCompletionMessageToolCallParam as ChatCompletionMessageToolCallParam
    from ._params import (
        ChatCompletionMessageToolCallUnionParam as ChatCompletionMessageToolCallUnionParam,
    )
    from ._params import ChatCompletionModality as ChatCompletionModality
    from ._params import (
        ChatCompletionNamedToolChoiceCustomParam as ChatCompletionNamedToolChoiceCustomParam,
    )
    from ._params import (
        ChatCompletionNamedToolChoiceCustomParamCustom as ChatCompletionNamedToolChoiceCustomParamCustom,
    )
    from ._params import ChatCompletionNamedToolChoiceParam as ChatCompletionNamedToolChoiceParam
    from ._params import (
        ChatCompletionNamedToolChoiceParamFunction as ChatCompletionNamedToolChoiceParamFunction,
    )
    from ._params import (
        ChatCompletionPredictionContentParam as ChatCompletionPredictionContentParam,
    )
    from ._params import ChatCompletionReasoningEffort as ChatCompletionReasoningEffort
    from ._params import ChatCompletionRole as ChatCompletionRole
    from ._params import ChatCompletionStreamOptionsParam as ChatCompletionStreamOptionsParam
    from ._params import ChatCompletionSystemMessageParam as ChatCompletionSystemMessageParam
    from ._params import ChatCompletionToolChoiceOptionParam as ChatCompletionToolChoiceOptionParam
    from ._params import ChatCompletionToolMessageParam as ChatCompletionToolMessageParam
    from ._params import ChatCompletionToolParam as ChatCompletionToolParam
    from ._params import ChatCompletionToolUnionParam as ChatCompletionToolUnionParam
    from ._params import ChatCompletionUserMessageParam as ChatCompletionUserMessageParam
    from ._params import CompletionCreateParams as CompletionCreateParams
    from ._params import CompletionCreateParamsBase as CompletionCreateParamsBase
    from ._params import CompletionCreateParamsFunction as CompletionCreateParamsFunction
    from ._params import CompletionCreateParamsFunctionCall as CompletionCreateParamsFunctionCall
    from ._params import CompletionCreateParamsModeration as CompletionCreateParamsModeration
    from ._params import (
        CompletionCreateParamsModerationPolicy as CompletionCreateParamsModerationPolicy,
    )
    from ._params import (
        CompletionCreateParamsModerationPolicyInput as CompletionCreateParamsModerationPolicyInput,
    )
    from ._params import (
        CompletionCreateParamsModerationPolicyOutput as CompletionCreateParamsModerationPolicyOutput,
    )
    from ._params import CompletionCreateParamsNonStreaming as CompletionCreateParamsNonStreaming
    from ._params import (
        CompletionCreateParamsPromptCacheOptions as CompletionCreateParamsPromptCacheOptions,
    )
    from ._params import (
        CompletionCreateParamsResponseFormat as CompletionCreateParamsResponseFormat,
    )
    from ._params import CompletionCreateParamsStreaming as CompletionCreateParamsStreaming
    from ._params import (
        CompletionCreateParamsWebSearchOptions as CompletionCreateParamsWebSearchOptions,
    )
    from ._params import (
        CompletionCreateParamsWebSearchOptionsUserLocation as CompletionCreateParamsWebSearchOptionsUserLocation,
    )
    from ._params import (
        CompletionCreateParamsWebSearchOptionsUserLocationApproximate as CompletionCreateParamsWebSearchOptionsUserLocationApproximate,
    )
    from ._params import (
        CreateChatCompletionRequestMessageParam as CreateChatCompletionRequestMessageParam,
    )
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "._models": (
                "ChatCompletion",
                "ChatCompletionAudio",
                "ChatCompletionChoice",
                "ChatCompletionChoiceLogprobs",
                "ChatCompletionChunk",
                "ChatCompletionChunkChoice",
                "ChatCompletionChunkChoiceDelta",
                "ChatCompletionChunkChoiceDeltaAudio",
                "ChatCompletionChunkChoiceDeltaFunctionCall",
                "ChatCompletionChunkChoiceDeltaToolCall",
                "ChatCompletionChunkChoiceDeltaToolCallFunction",
                "ChatCompletionChunkChoiceLogprobs",
                "ChatCompletionChunkModeration",
                "ChatCompletionChunkModerationInput",
                "ChatCompletionChunkModerationInputError",
                "ChatCompletionChunkModerationInputModerationResults",
                "ChatCompletionChunkModerationInputModerationResultsResult",
                "ChatCompletionChunkModerationOutput",
                "ChatCompletionChunkModerationOutputError",
                "ChatCompletionChunkModerationOutputModerationResults",
                "ChatCompletionChunkModerationOutputModerationResultsResult",
                "ChatCompletionMessage",
                "ChatCompletionMessageAnnotation",
                "ChatCompletionMessageAnnotationURLCitation",
                "ChatCompletionMessageCustomToolCall",
                "ChatCompletionMessageCustomToolCallCustom",
                "ChatCompletionMessageFunctionCall",
                "ChatCompletionMessageFunctionToolCall",
                "ChatCompletionMessageFunctionToolCallFunction",
                "ChatCompletionMessageToolCall",
                "ChatCompletionMessageToolCallUnion",
                "ChatCompletionModeration",
                "ChatCompletionModerationInput",
                "ChatCompletionModerationInputError",
                "ChatCompletionModerationInputModerationResults",
                "ChatCompletionModerationInputModerationResultsResult",
                "ChatCompletionModerationOutput",
                "ChatCompletionModerationOutputError",
                "ChatCompletionModerationOutputModerationResults",
                "ChatCompletionModerationOutputModerationResultsResult",
                "ChatCompletionTokenLogprob",
                "ChatCompletionTokenLogprobTopLogprob",
                "CompletionUsage",
                "CompletionUsageCompletionTokensDetails",
                "CompletionUsagePromptTokensDetails",
            ),
            "._params": (
                "ChatCompletionAllowedToolChoiceParam",
                "ChatCompletionAllowedToolsParam",
                "ChatCompletionAssistantMessageParam",
                "ChatCompletionAssistantMessageParamAudio",
                "ChatCompletionAssistantMessageParamContentArrayOfContentPart",
                "ChatCompletionAssistantMessageParamFunctionCall",
                "ChatCompletionAudioParam",
                "ChatCompletionAudioParamVoice",
                "ChatCompletionAudioParamVoiceID",
                "ChatCompletionContentPartImageParam",
                "ChatCompletionContentPartImageParamImageURL",
                "ChatCompletionContentPartImageParamPromptCacheBreakpoint",
                "ChatCompletionContentPartInputAudioParam",
                "ChatCompletionContentPartInputAudioParamInputAudio",
                "ChatCompletionContentPartInputAudioParamPromptCacheBreakpoint",
                "ChatCompletionContentPartParam",
                "ChatCompletionContentPartParamFile",
                "ChatCompletionContentPartParamFileFile",
                "ChatCompletionContentPartParamFilePromptCacheBreakpoint",
                "ChatCompletionContentPartRefusalParam",
                "ChatCompletionContentPartTextParam",
                "ChatCompletionContentPartTextParamPromptCacheBreakpoint",
                "ChatCompletionCustomToolParam",
                "ChatCompletionCustomToolParamCustom",
                "ChatCompletionCustomToolParamCustomFormat",
                "ChatCompletionCustomToolParamCustomFormatGrammar",
                "ChatCompletionCustomToolParamCustomFormatGrammarGrammar",
                "ChatCompletionCustomToolParamCustomFormatText",
                "ChatCompletionDeveloperMessageParam",
                "ChatCompletionFunctionCallOptionParam",
                "ChatCompletionFunctionMessageParam",
                "ChatCompletionFunctionToolParam",
                "ChatCompletionMessageCustomToolCallParam",
                "ChatCompletionMessageCustomToolCallParamCustom",
                "ChatCompletionMessageFunctionToolCallParam",
                "ChatCompletionMessageFunctionToolCallParamFunction",
                "ChatCompletionMessageParam",
                "ChatCompletionMessageToolCallParam",
                "ChatCompletionMessageToolCallUnionParam",
                "ChatCompletionModality",
                "ChatCompletionNamedToolChoiceCustomParam",
                "ChatCompletionNamedToolChoiceCustomParamCustom",
                "ChatCompletionNamedToolChoiceParam",
                "ChatCompletionNamedToolChoiceParamFunction",
                "ChatCompletionPredictionContentParam",
                "ChatCompletionReasoningEffort",
                "ChatCompletionRole",
                "ChatCompletionStreamOptionsParam",
                "ChatCompletionSystemMessageParam",
                "ChatCompletionToolChoiceOptionParam",
                "ChatCompletionToolMessageParam",
                "ChatCompletionToolParam",
                "ChatCompletionToolUnionParam",
                "ChatCompletionUserMessageParam",
                "CompletionCreateParams",
                "CompletionCreateParamsBase",
                "CompletionCreateParamsFunction",
                "CompletionCreateParamsFunctionCall",
                "CompletionCreateParamsModeration",
                "CompletionCreateParamsModerationPolicy",
                "CompletionCreateParamsModerationPolicyInput",
                "CompletionCreateParamsModerationPolicyOutput",
                "CompletionCreateParamsNonStreaming",
                "CompletionCreateParamsPromptCacheOptions",
                "CompletionCreateParamsResponseFormat",
                "CompletionCreateParamsStreaming",
                "CompletionCreateParamsWebSearchOptions",
                "CompletionCreateParamsWebSearchOptionsUserLocation",
                "CompletionCreateParamsWebSearchOptionsUserLocationApproximate",
                "CreateChatCompletionRequestMessageParam",
            ),
        },
    )
