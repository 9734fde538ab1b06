"""Methods written by hand that join generated classes, and methods that need more code."""

from __future__ import annotations

#: Mixins, by namespace: the module of `openai_async.helpers`, the class, and its methods.
HELPERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "batches": ("batches", "BatchesHelpers", ("map", "results")),
    "files": ("files", "FilesHelpers", ("upload_many", "wait_for_processing")),
    "uploads": ("uploads", "UploadsHelpers", ("upload_file_chunked",)),
    "vector_stores.file_batches": (
        "file_batches",
        "FileBatchesHelpers",
        ("upload_and_poll", "upload_many"),
    ),
    "vector_stores.files": (
        "vector_store_files",
        "VectorStoreFilesHelpers",
        ("upload", "upload_and_poll"),
    ),
}

#: Helpers that take functions, which differ for blocking code, and so their types: what makes the
#: blocking ones, by method.
TYPED = {"batches.map": ("openai_sync._map", "batch_map")}

#: Mixins of response classes, by root and name: they are in `openai_async._texts`.
TEXTS = {"responses.Response": "ResponseText", "beta.AgentSessionMessage": "MessageText"}

#: What chooses the type of an answer, by method: the function and the parameter it looks at.
CHOSEN = {
    "audio.transcriptions.create": ("transcription_type", "response_format"),
    "audio.translations.create": ("translation_type", "response_format"),
}

#: Arguments of `Operation` that the description has no words for, by method.
OPERATIONS = {"realtime.calls.create": ("body_of", "call_body")}
