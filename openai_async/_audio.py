"""What transcriptions and translations are answered with, which the caller's format decides."""

from __future__ import annotations

from typing import Any

from ._logs import logger

#: Names of classes in `openai_async.types.audio`, by the format that is answered with them.
_TRANSCRIPTIONS = {
    "json": "Transcription",
    "verbose_json": "TranscriptionVerbose",
    "diarized_json": "TranscriptionDiarized",
}
_TRANSLATIONS = {"json": "Translation", "verbose_json": "TranslationVerbose"}

_TEXTS = {"text", "srt", "vtt"}


def transcription_type(response_format: object) -> Any:
    """The type of a transcription that was asked for in this format."""
    return _choose(_TRANSCRIPTIONS, response_format)


def translation_type(response_format: object) -> Any:
    """The type of a translation that was asked for in this format."""
    return _choose(_TRANSLATIONS, response_format)


def _choose(names: dict[str, str], response_format: object) -> Any:
    wanted = response_format if isinstance(response_format, str) else "json"
    if wanted in _TEXTS:
        return str
    if wanted not in names:
        logger.warning("Unknown response_format %r: the answer is taken to be JSON", wanted)
    from .types import audio  # noqa: PLC0415  # loaded by the first method that needs it

    return getattr(audio, names.get(wanted, names["json"]))
