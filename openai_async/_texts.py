"""Properties that some response classes have beside their fields: the text in them, joined.

Generated classes take them as a base; `codegen/helpers.py` says which.
"""

from __future__ import annotations

from typing import Any

from ._models import BaseModel


class ResponseText(BaseModel):
    """Joins `Response`."""

    @property
    def output_text(self) -> str:
        """The text of all messages in `output`, joined; "" if there is none."""
        items = _list(getattr(self, "output", None))
        return "".join(
            _text(getattr(item, "content", None))
            for item in items
            if getattr(item, "type", None) == "message"
        )


class MessageText(BaseModel):
    """Joins `AgentSessionMessage`."""

    @property
    def output_text(self) -> str:
        """The text of this message, joined; "" if there is none."""
        return _text(getattr(self, "content", None))


def _text(content: Any) -> str:
    parts = [each for each in _list(content) if getattr(each, "type", None) == "output_text"]
    texts = [getattr(each, "text", None) for each in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
