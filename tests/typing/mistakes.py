"""Mistakes that type checkers find. A line that they let pass is an error: it ignores nothing."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from openai_async import AsyncAssistantEventHandler, AsyncOpenAI
from openai_async.types.chat import ChatCompletion
from openai_sync import OpenAI


def clients(client: OpenAI) -> None:
    OpenAI("sk-positional")  # type: ignore[call-arg]
    OpenAI(api_ke="k")  # type: ignore[call-arg]
    OpenAI(timeout="soon")  # type: ignore[arg-type]
    OpenAI(verify="ca.pem")  # type: ignore[arg-type]
    client.copy(time=3)  # type: ignore[call-arg]
    client.copy(deadline="3")  # type: ignore[arg-type]
    client.with_options(max_retries="3")  # type: ignore[arg-type]


def settings(client: OpenAI) -> None:
    client.api_key = 3  # type: ignore[assignment]
    client.user_agent = "mine"  # type: ignore[assignment]
    client.tiemout = 3  # type: ignore[attr-defined]


def calls(client: OpenAI) -> None:
    client.models.retrieve()  # type: ignore[call-arg]
    client.models.retrieve(model_id="m")  # type: ignore[call-arg]
    client.embeddings.create(model="m")  # type: ignore[call-arg]
    client.embeddings.create(model="m", input=1)  # type: ignore[arg-type]
    client.embeddings.create(model="m", input="x", encoding_format="hex")  # type: ignore[arg-type]
    client.files.create(file="name.txt", purpose="batch")  # type: ignore[arg-type]
    client.files.list(limit="2")  # type: ignore[arg-type]
    client.files.list(deadline="3")  # type: ignore[arg-type]
    client.files.list(first_event=3)  # type: ignore[call-arg]
    client.chat.completions.create(model="m")  # type: ignore[call-overload]
    client.chat.completions.create(model="m", messages=[{"role": "me"}])  # type: ignore[typeddict-item]
    client.vector_stores.file_batches.upload_and_poll("vs_1", files=[1])  # type: ignore[list-item]
    _ = client.pictures  # type: ignore[attr-defined]


def answers(answer: ChatCompletion) -> None:
    answer.choices[0].message.content.upper()  # type: ignore[union-attr]
    _ = answer.choises  # type: ignore[attr-defined]
    for call in answer.choices[0].message.tool_calls or []:
        if call.type == "custom":
            _ = call.function  # type: ignore[attr-defined]


def handlers(client: OpenAI, awaited: AsyncAssistantEventHandler) -> None:
    stream = client.beta.threads.runs.stream
    stream("thread_1")  # type: ignore[call-overload]
    stream("thread_1", assistant_id="a", event_handler=awaited)  # type: ignore[call-overload]
    for _event in stream("thread_1", assistant_id="a"):  # type: ignore[attr-defined]
        pass


async def awaited(client: AsyncOpenAI) -> None:
    _ = (await client.models.retrieve("m")).nam  # type: ignore[attr-defined]
    _ = client.models.retrieve("m").id  # type: ignore[attr-defined]
    for _model in client.models.list():  # type: ignore[attr-defined]
        pass
