"""Logging: levels from the environment, secrets hidden."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from openai_async import _logs
from openai_async._headers import SECRET_HEADERS, Headers
from openai_async._logs import SecretsFilter, logger, root

SECRET = "sk-secret"


@pytest.fixture
def _restored() -> Iterator[None]:
    """Logging as it was, whatever a test sets."""
    level, handlers = root.level, list(logging.getLogger().handlers)
    yield
    root.setLevel(level)
    logging.getLogger().handlers[:] = handlers


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_a_level_in_lower_case_is_set(level: str) -> None:
    _logs.set_up({"OPENAI_LOG": level})
    assert logging.getLevelName(root.level) == level.upper()


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("level", ["", "DEBUG", "Debug", " debug", "10", "warn", "notset", "true"])
def test_anything_else_is_ignored(level: str) -> None:
    root.setLevel(logging.NOTSET)
    _logs.set_up({"OPENAI_LOG": level})
    assert root.level == logging.NOTSET


def configured(environment: Mapping[str, str]) -> str:
    """What a fresh process says about its logging once it has imported the package."""
    script = (
        "import logging, openai_async\n"
        "names = ('openai', 'httpx', 'httpcore')\n"
        "print(len(logging.getLogger().handlers), logging.getLogger().level,"
        " *[logging.getLogger(name).level for name in names])\n"
        "logging.getLogger('openai.client').debug('hello')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout + ran.stderr


def test_nothing_is_configured_unless_asked() -> None:
    assert configured({}) == f"0 {logging.WARNING} 0 0 0\n"


def test_only_our_level_is_set_when_asked() -> None:
    said, _, line = configured({"OPENAI_LOG": "debug"}).partition("\n")
    assert said == f"1 {logging.WARNING} {logging.DEBUG} 0 0"
    assert line.rstrip().endswith("openai.client:4 - DEBUG] hello")


def filtered(*args: Any) -> str:
    record = logging.LogRecord("openai.client", logging.DEBUG, "", 1, "%s " * len(args), args, None)
    assert SecretsFilter().filter(record)
    return record.getMessage()


@pytest.mark.parametrize("name", sorted({*SECRET_HEADERS, "Authorization", "API-KEY"}))
def test_secret_headers_are_hidden(name: str) -> None:
    shown = filtered("Headers", {name: SECRET, "x": "kept"})
    assert SECRET not in shown
    assert f"'{name}': '<redacted>'" in shown
    assert "'x': 'kept'" in shown


@pytest.mark.parametrize(
    "logged",
    [
        {"headers": {"Authorization": SECRET}},
        {"request": {"options": {"headers": {"api-key": SECRET}}}},
        {"headers": Headers([("Authorization", SECRET)])},
        {"headers": OrderedDict(Authorization=SECRET)},
        {"requests": [{"headers": {"Authorization": SECRET}}]},
        [{"Authorization": SECRET}],
        ({"Authorization": SECRET},),
        [("Authorization", SECRET), ("x", "y")],
        {"headers": [("Authorization", SECRET)]},
        {"headers": [(b"authorization", SECRET.encode())]},
        {b"authorization": SECRET.encode()},
    ],
)
def test_secret_headers_are_hidden_wherever_they_stand(logged: object) -> None:
    shown = filtered("Request", logged)
    assert SECRET not in shown
    assert "<redacted>" in shown


def test_a_single_mapping_is_filtered_too() -> None:
    """Logging unwraps it, so that `%(name)s` can be used."""
    assert SECRET not in filtered({"Authorization": SECRET})


@pytest.mark.parametrize("logged", [5, None, "text", 1.5, b"x", ["a", 1], ("a", "b"), {"a": [1]}])
def test_everything_else_is_logged_as_it_is(logged: object) -> None:
    assert filtered("x", logged) == f"x {logged} "


def test_numbers_can_still_be_formatted() -> None:
    record = logging.LogRecord("x", logging.DEBUG, "", 1, "%d of %.1f", (1, 2.0), None)
    SecretsFilter().filter(record)
    assert record.getMessage() == "1 of 2.0"


def test_what_was_logged_is_not_changed() -> None:
    headers = {"headers": {"Authorization": SECRET}}
    filtered("Request", headers)
    assert headers == {"headers": {"Authorization": SECRET}}


def test_a_message_without_arguments_passes() -> None:
    assert filtered() == ""


def test_our_logger_filters(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="openai"):
        logger.debug("Headers %s", {"Authorization": SECRET})
    assert caplog.messages == ["Headers {'Authorization': '<redacted>'}"]


@pytest.mark.parametrize(
    ("method", "shown"),
    [("GET", "GET"), ("POST", "POST"), ("sk-secret", "<custom>"), ("get", "<custom>")],
)
def test_only_methods_of_http_are_logged(method: str, shown: str) -> None:
    assert _logs.method_name(method) == shown
