"""The type of a transcription or translation is decided by the format that was asked for."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from openai_async import not_given, omit
from openai_async._audio import transcription_type, translation_type
from openai_async.types import audio

UNSAID: list[Any] = [omit, not_given, None, "json"]


@pytest.mark.parametrize(
    ("response_format", "name"),
    [
        *((each, "Transcription") for each in UNSAID),
        ("verbose_json", "TranscriptionVerbose"),
        ("diarized_json", "TranscriptionDiarized"),
    ],
)
def test_transcriptions_in_json(response_format: Any, name: str) -> None:
    assert transcription_type(response_format) is getattr(audio, name)


@pytest.mark.parametrize(
    ("response_format", "name"),
    [*((each, "Translation") for each in UNSAID), ("verbose_json", "TranslationVerbose")],
)
def test_translations_in_json(response_format: Any, name: str) -> None:
    assert translation_type(response_format) is getattr(audio, name)


@pytest.mark.parametrize("choose", [transcription_type, translation_type])
@pytest.mark.parametrize("response_format", ["text", "srt", "vtt"])
def test_formats_that_are_text(choose: Any, response_format: str) -> None:
    assert choose(response_format) is str


@pytest.mark.parametrize(
    ("choose", "response_format", "name"),
    [
        (transcription_type, "new_json", "Transcription"),
        (translation_type, "new_json", "Translation"),
        (translation_type, "diarized_json", "Translation"),
    ],
)
def test_unknown_format_is_logged_and_taken_for_json(
    choose: Any, response_format: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose(response_format) is getattr(audio, name)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert response_format in record.getMessage()


def test_known_formats_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    for each in (*UNSAID, "verbose_json", "text"):
        translation_type(each)
    assert caplog.records == []
