"""One question and its answer, which is printed as it comes."""

from __future__ import annotations

from typing import Any

from openai_async._endings import text_of

from . import screen
from .session import Session

#: Where `max_tokens` has a new name, which others need not know.
_NEW_NAMES = ("api.openai.com", "openai.azure.com", "cognitiveservices.azure.com")

_REASONS = {
    "length": "The answer is cut: it has reached the limit of tokens.",
    "content_filter": "The answer is cut by the content filter.",
}


class Asking:
    """How questions are asked, and how their answers are shown."""

    def __init__(
        self,
        session: Session,
        model: str,
        *,
        stream: bool,
        as_json: bool,
        temperature: float | None,
        max_tokens: int | None,
    ) -> None:
        self.session = session
        self._stream = stream
        self._json = as_json
        self._given: dict[str, Any] = {"model": model}
        if temperature is not None:
            self._given["temperature"] = temperature
        self._max_tokens = max_tokens
        self.said = ""
        """The text of the last answer, or as much of it as came."""
        self._reasons: list[object] = []

    def answer(self, messages: list[Any]) -> None:
        """Prints the answer to `messages`."""
        self.said = ""
        self._reasons = []
        completions = self.session.client.chat.completions
        given = {**self._given, **self._limit(), "messages": messages}
        try:
            if self._stream:
                with completions.create(**given, stream=True) as chunks:
                    for chunk in chunks:
                        self._take(chunk, text_of(chunk))
            else:
                completion = completions.create(**given)
                self._take(completion, _text(completion))
        finally:
            if self.said and not self.said.endswith("\n") and not self._json:
                screen.write("\n")
        for reason in self._reasons:
            if isinstance(reason, str) and reason in _REASONS:
                self.session.say(_REASONS[reason])

    def _take(self, answer: Any, text: str) -> None:
        self.said += text
        self._reasons += [choice.finish_reason for choice in answer.choices or ()]
        if self._json:
            screen.write_json(answer.to_dict(), indent=None if self._stream else 2)
        elif text:
            screen.write(text)

    def _limit(self) -> dict[str, int]:
        if self._max_tokens is None:
            return {}
        host = self.session.client.base_url.host
        new = any(host == name or host.endswith(f".{name}") for name in _NEW_NAMES)
        return {"max_completion_tokens" if new else "max_tokens": self._max_tokens}


def _text(completion: Any) -> str:
    """The text of the first choice, or why the model refuses."""
    for choice in completion.choices or ():
        return choice.message.content or choice.message.refusal or ""
    return ""
