"""The emulator as Azure: its paths, its key, and what only it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator

CHAT = {"model": "gpt", "messages": [{"role": "user", "content": "Hello."}]}
KEY = {"api-key": "k"}


def ask(
    emulator: Emulator, path: str, *, version: str = "?api-version=1", **options: Any
) -> httpx.Response:
    method = "POST" if "json" in options else "GET"
    url = f"{emulator.azure_endpoint}/openai{path}{version}"
    return httpx.request(method, url, **{"headers": KEY, **options})


def test_a_deployment_answers_with_what_filters_found(emulator: Emulator) -> None:
    answer = ask(emulator, "/deployments/d/chat/completions", json=CHAT).json()
    assert answer["choices"][0]["message"]["content"] == "You said: Hello."
    assert answer["choices"][0]["content_filter_results"]["hate"]["filtered"] is False
    assert answer["prompt_filter_results"][0]["prompt_index"] == 0


def test_a_stream_begins_with_what_filters_found_in_the_prompt(emulator: Emulator) -> None:
    body = {**CHAT, "stream": True}
    text = ask(emulator, "/deployments/d/chat/completions", json=body).text
    assert text.startswith('data: {"id":"","object":"","created":0,"model":"","choices":[],"prompt')
    assert text.endswith("data: [DONE]\n\n")


def test_openai_says_nothing_of_filters(emulator: Emulator) -> None:
    headers = {"authorization": "Bearer k"}
    answer = httpx.post(f"{emulator.base_url}/chat/completions", json=CHAT, headers=headers)
    assert "filter" not in answer.text


@pytest.mark.parametrize("headers", [KEY, {"authorization": "Bearer token"}])
def test_a_key_and_a_token_are_accepted(headers: dict[str, str], emulator: Emulator) -> None:
    assert ask(emulator, "/models", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"api-key": ""}, {"api-key": "sk-invalid"}])
def test_the_key_is_checked(headers: dict[str, str], emulator: Emulator) -> None:
    assert ask(emulator, "/models", headers=headers).status_code == 401


def test_openai_takes_no_key_of_azure(emulator: Emulator) -> None:
    assert httpx.get(f"{emulator.base_url}/models", headers=KEY).status_code == 401


@pytest.mark.parametrize("path", ["/chat/completions", "/deployments/d/models"])
def test_deployments_and_resource_have_paths_of_their_own(path: str, emulator: Emulator) -> None:
    assert ask(emulator, path, json=CHAT).json()["error"]["message"] == "Resource not found"


def test_a_version_is_needed(emulator: Emulator) -> None:
    assert ask(emulator, "/models", version="").status_code == 404


def test_a_deployment_may_be_missing(emulator: Emulator) -> None:
    answer = ask(emulator, "/deployments/missing-d/chat/completions", json=CHAT)
    assert answer.json()["error"]["code"] == "DeploymentNotFound"
