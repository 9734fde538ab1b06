"""Logging: the `openai` logger, its level from `OPENAI_LOG`, and a filter that hides secrets."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from ._headers import SECRET_HEADERS

#: The name that programs configure today; ours log below it.
root = logging.getLogger("openai")
logger = logging.getLogger("openai.client")

_LEVELS = ("debug", "info", "warning", "error", "critical")
_FORMAT = "[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s"


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def method_name(method: str) -> str:
    """`method` as it is logged: what is no method of HTTP may be anything, and is not shown."""
    return method if method in _METHODS else "<custom>"


class SecretsFilter(logging.Filter):
    """Replaces the values of secret headers in what is logged: in mappings and in pairs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.args = _hide(record.args)
        return True


def _hide(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(_hide_pair(name, item) for name, item in value.items())
    if type(value) is tuple and len(value) == 2:
        return _hide_pair(*value)
    if type(value) in (list, tuple):
        return type(value)(_hide(each) for each in value)
    return value


def _hide_pair(name: Any, value: Any) -> tuple[Any, Any]:
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    if isinstance(text, str) and text.lower() in SECRET_HEADERS:
        return name, "<redacted>"
    return _hide(name), _hide(value)


def set_up(environment: Mapping[str, str] = os.environ) -> None:
    """Sets the level that `OPENAI_LOG` names; anything but a level in lower case is ignored."""
    level = environment.get("OPENAI_LOG", "")
    if level in _LEVELS:
        logging.basicConfig(format=_FORMAT, datefmt="%Y-%m-%d %H:%M:%S")
        root.setLevel(level.upper())


logger.addFilter(SecretsFilter())
