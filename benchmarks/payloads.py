"""What every contender sends."""

from __future__ import annotations

from typing import Any

MODEL = "gpt-4o-mini"
#: With this model the server streams a token at a time, as a real one does.
PACED = "gpt-4o-mini-paced"

MESSAGES = [
    {"role": "system", "content": "You are a terse assistant."},
    {"role": "user", "content": "Why do programs wait?"},
]
KEY = "sk-bench"


def chat(model: str = MODEL, **options: Any) -> dict[str, Any]:
    return {"model": model, "messages": MESSAGES, **options}


def embedding(*, as_numbers: bool) -> dict[str, Any]:
    request = {"model": "text-embedding-3-small", "input": ["some text"] * 32}
    return {**request, "encoding_format": "float"} if as_numbers else request
