"""Which API the module-level client is for."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from openai_async import OpenAIError
from openai_sync import AmbiguousModuleClientUsageError
from openai_sync._module_choice import chosen

KEY = {"OPENAI_API_KEY": "sk-open"}
ENDPOINT = {"AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com"}
AZURE_KEY = {"AZURE_OPENAI_API_KEY": "az-key"}
TOKEN = {"AZURE_OPENAI_AD_TOKEN": "az-token"}


def token() -> str:
    return "az-token"


#: Settings of the module, variables of the environment, and what is chosen.
CHOICES: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({}, {}, "openai"),
    ({}, KEY, "openai"),
    ({"api_key": "sk"}, {}, "openai"),
    ({"api_key": "sk"}, KEY, "openai"),
    ({}, {"OPENAI_API_VERSION": "2024-10-21"}, "openai"),
    ({"api_key": "sk", "azure_endpoint": None, "azure_ad_token": ""}, {}, "openai"),
    ({}, ENDPOINT, "azure"),
    ({}, AZURE_KEY, "azure"),
    ({}, TOKEN, "azure"),
    ({}, {**ENDPOINT, **AZURE_KEY}, "azure"),
    ({"azure_endpoint": "https://mine.openai.azure.com"}, {}, "azure"),
    ({"azure_ad_token": "az-token"}, {}, "azure"),
    ({"azure_ad_token_provider": token}, {}, "azure"),
    ({"api_key": ""}, ENDPOINT, "azure"),
    ({"api_type": "azure"}, KEY, "azure"),
    ({"api_type": "azure", "api_key": "az"}, {**KEY, **ENDPOINT}, "azure"),
    ({"api_type": "openai"}, {**KEY, **ENDPOINT}, "openai"),
    ({}, {"OPENAI_API_TYPE": "azure", **KEY}, "azure"),
    ({}, {"OPENAI_API_TYPE": "openai", **ENDPOINT}, "openai"),
    ({"api_type": "openai"}, {"OPENAI_API_TYPE": "azure"}, "openai"),
    ({"api_type": None}, {"OPENAI_API_TYPE": "azure"}, "azure"),
]


@pytest.mark.parametrize(("settings", "environment", "api"), CHOICES)
def test_chosen(settings: dict[str, Any], environment: dict[str, str], api: str) -> None:
    assert chosen(settings, environment) == api


#: Settings and variables that leave it open, and the two that the error names.
AMBIGUOUS: list[tuple[dict[str, Any], dict[str, str], tuple[str, str]]] = [
    ({}, {**KEY, **ENDPOINT}, ("OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT")),
    ({}, {**KEY, **AZURE_KEY}, ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")),
    ({}, {**KEY, **TOKEN}, ("OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")),
    ({"azure_ad_token": "t"}, KEY, ("OPENAI_API_KEY", "openai.azure_ad_token")),
    (
        {"azure_ad_token_provider": token},
        KEY,
        ("OPENAI_API_KEY", "openai.azure_ad_token_provider"),
    ),
    ({"api_key": "sk"}, ENDPOINT, ("openai.api_key", "AZURE_OPENAI_ENDPOINT")),
    ({"api_key": token}, AZURE_KEY, ("openai.api_key", "AZURE_OPENAI_API_KEY")),
    (
        {"api_key": "sk", "azure_endpoint": "https://mine"},
        {},
        ("openai.api_key", "openai.azure_endpoint"),
    ),
]


@pytest.mark.parametrize(("settings", "environment", "named"), AMBIGUOUS)
def test_ambiguity_names_both_and_the_remedy(
    settings: dict[str, Any], environment: dict[str, str], named: tuple[str, str]
) -> None:
    with pytest.raises(AmbiguousModuleClientUsageError) as caught:
        chosen(settings, environment)
    openai, azure = named
    assert str(caught.value).startswith(f"{openai} speaks for OpenAI and {azure} for Azure.")
    assert "set openai.api_type" in str(caught.value)


def test_ambiguity_shows_no_secret() -> None:
    with pytest.raises(AmbiguousModuleClientUsageError) as caught:
        chosen({"api_key": "sk-secret", "azure_ad_token": "token-secret"}, {})
    assert "secret" not in str(caught.value)


def test_ambiguity_pickles() -> None:
    with pytest.raises(AmbiguousModuleClientUsageError) as caught:
        chosen({}, {**KEY, **ENDPOINT})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_amazon_bedrock_is_not_supported() -> None:
    with pytest.raises(OpenAIError, match="'amazon-bedrock' is not supported here yet"):
        chosen({"api_type": "amazon-bedrock"}, {})


def test_a_type_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match=r'no api_type .azur.: set .* "openai" or "azure"'):
        chosen({}, {"OPENAI_API_TYPE": "azur"})
