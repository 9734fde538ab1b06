"""Logging: the `openai` logger, its level from `OPENAI_LOG`, and a filter that hides secrets."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from ._headers import SECRET_HEADERS

#: The name that programs configure today; ours log below it.
root = logging.getLogger("openai")
logger = logging.getLogger("openai.client")

_LEVELS = ("debug", "info", "warning", "error", "critical")
_FORMAT = "[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s"


class SecretsFilter(logging.Filter):
    """Replaces the values of secret headers in mappings that are logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping):
            record.args = _hide(record.args)
        elif record.args:
            record.args = tuple(
                _hide(each) if isinstance(each, Mapping) else each for each in record.args
            )
        return True


def _hide(values: Mapping[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            shown[name] = _hide(value)
        else:
            secret = isinstance(name, str) and name.lower() in SECRET_HEADERS
            shown[name] = "<redacted>" if secret else value
    return shown


def set_up(environment: Mapping[str, str] = os.environ) -> None:
    """Sets the level that `OPENAI_LOG` names; anything but a level in lower case is ignored."""
    level = environment.get("OPENAI_LOG", "")
    if level in _LEVELS:
        logging.basicConfig(format=_FORMAT, datefmt="%Y-%m-%d %H:%M:%S")
        root.setLevel(level.upper())


logger.addFilter(SecretsFilter())
