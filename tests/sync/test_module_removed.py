"""The names of before 1.0: they tell what has taken their place."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle

import pytest

import openai_sync as openai
from openai_async import OpenAIError
from openai_sync import APIRemovedInV1
from openai_sync._module_removed import _REPLACED

NAMES = [
    "Audio",
    "ChatCompletion",
    "Completion",
    "Customer",
    "Deployment",
    "Edit",
    "Embedding",
    "Engine",
    "ErrorObject",
    "File",
    "FineTune",
    "FineTuningJob",
    "Image",
    "Model",
    "Moderation",
]

REMEDIES = {
    "ChatCompletion.create": "Use openai.chat.completions.create.",
    "ChatCompletion.acreate": "Use chat.completions.create of an openai_async.AsyncOpenAI",
    "Completion.create": "Use openai.completions.create.",
    "Edit.create": "Use openai.chat.completions.create.",
    "Embedding.create": "Use openai.embeddings.create.",
    "File.create": "Use openai.files.create.",
    "File.download": "Use openai.files.content.",
    "Audio.transcribe": "Use openai.audio.transcriptions.create.",
    "Audio.atranslate": "Use audio.translations.create of an openai_async.AsyncOpenAI",
    "Image.create": "Use openai.images.generate.",
    "Image.create_edit": "Use openai.images.edit.",
    "Model.list": "Use openai.models.list.",
    "Moderation.create": "Use openai.moderations.create.",
    "FineTune.stream_events": "Use openai.fine_tuning.jobs.list_events.",
    "FineTuningJob.create": "Use openai.fine_tuning.jobs.create.",
    "Engine.list": "Use openai.models.list.",
    "Customer.create": "Nothing takes its place.",
    "Deployment.list": "Nothing takes its place.",
    "File.something": "Use openai.files.",
}


@pytest.mark.parametrize("name", NAMES)
def test_calling_one_raises(name: str) -> None:
    with pytest.raises(APIRemovedInV1, match=f"^openai.{name} was removed in version 1.0. "):
        getattr(openai, name)(model="m")


@pytest.mark.parametrize(("name", "remedy"), REMEDIES.items())
def test_an_attribute_names_what_replaces_it(name: str, remedy: str) -> None:
    cls, _, method = name.partition(".")
    with pytest.raises(APIRemovedInV1) as caught:
        getattr(getattr(openai, cls), method)
    assert str(caught.value).startswith(f"openai.{name} was removed in version 1.0. {remedy}")


@pytest.mark.parametrize("name", NAMES)
def test_every_replacement_exists(name: str) -> None:
    by, same, renamed = _REPLACED[name]
    paths = [by, *(f"{by}.{each}" for each in same.split()), *renamed.values()] if by else []
    for path in paths:
        assert callable(functools.reduce(getattr, path.split("."), openai)) or path == by


def test_it_is_an_openai_error() -> None:
    assert issubclass(APIRemovedInV1, OpenAIError)


def test_importing_one_raises_nothing() -> None:
    from openai_sync import ChatCompletion  # type: ignore[attr-defined]

    with pytest.raises(APIRemovedInV1):
        ChatCompletion.create(model="m")


def test_tools_may_inspect_one() -> None:
    removed = openai.ChatCompletion  # type: ignore[attr-defined]
    assert repr(removed) == "<openai.ChatCompletion: removed>"
    assert "openai.chat.completions" in (inspect.getdoc(removed) or "")
    assert not hasattr(removed, "_repr_html_")
    assert repr(copy.copy(removed)) == repr(removed)


def test_the_error_pickles() -> None:
    with pytest.raises(APIRemovedInV1) as caught:
        openai.Image()  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (APIRemovedInV1, str(caught.value))
