"""Calls that know what their answer must be."""

from __future__ import annotations

from typing import Any

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

from .server import EVENTS


def request(number: object, how: str = "whole", **more: Any) -> dict[str, Any]:
    """The arguments of a chat completion that is answered `how`."""
    return {"model": how, "messages": [{"role": "user", "content": str(number)}], **more}


async def ask(client: AsyncOpenAI, number: object, how: str = "whole", **more: Any) -> None:
    answer = await client.chat.completions.create(**request(number, how, **more))
    assert answer.choices[0].message.content == str(number), (answer, number)


def ask_blocking(client: OpenAI, number: object, how: str = "whole", **more: Any) -> None:
    answer = client.chat.completions.create(**request(number, how, **more))
    assert answer.choices[0].message.content == str(number), (answer, number)


async def listen(client: AsyncOpenAI, number: object, how: str = "whole", **more: Any) -> None:
    """Reads a stream to its end."""
    events = await client.chat.completions.create(**request(number, how, stream=True, **more))
    said = [event.choices[0].delta.content async for event in events]
    assert said == [str(number)] * EVENTS, (said, number)


def listen_blocking(client: OpenAI, number: object, how: str = "whole", **more: Any) -> None:
    events = client.chat.completions.create(**request(number, how, stream=True, **more))
    said = [event.choices[0].delta.content for event in events]
    assert said == [str(number)] * EVENTS, (said, number)
