"""Methods written by hand that join generated classes, and methods that need more code."""

from __future__ import annotations

#: Mixins, by namespace: the module of `openai_async.helpers`, the class, and its methods.
HELPERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "vector_stores.file_batches": (
        "file_batches",
        "FileBatchesHelpers",
        ("create_and_poll", "poll", "upload_and_poll"),
    ),
}

#: Mixins of response classes, by root and name: they are in `openai_async._texts`.
TEXTS = {"responses.Response": "ResponseText", "beta.AgentSessionMessage": "MessageText"}

#: What chooses the type of an answer, by method: the function and the parameter it looks at.
CHOSEN = {
    "audio.transcriptions.create": ("transcription_type", "response_format"),
    "audio.translations.create": ("translation_type", "response_format"),
}

#: Arguments of `Operation` that the description has no words for, by method.
OPERATIONS = {"realtime.calls.create": ("body_of", "call_body")}
