"""The marks of an argument that was not passed."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import openai_async
import openai_sync
from openai_async._sentinels import NOT_GIVEN, NotGiven, Omit, is_given, not_given, omit


@pytest.mark.parametrize("mark", [omit, not_given])
def test_a_mark_is_false(mark: object) -> None:
    assert not mark


@pytest.mark.parametrize("mark", [omit, not_given])
def test_a_mark_is_not_given(mark: object) -> None:
    assert not is_given(mark)


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, object(), Omit, NotGiven])
def test_everything_else_is_given(value: object) -> None:
    assert is_given(value)


def test_marks_are_shown_by_name() -> None:
    assert (repr(omit), repr(not_given)) == ("omit", "NOT_GIVEN")


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
@pytest.mark.parametrize("mark", [omit, not_given])
def test_a_copy_of_a_mark_is_the_mark(mark: object, twin: Any) -> None:
    assert twin(mark) is mark
    assert twin({"a": [mark]})["a"][0] is mark


def test_a_mark_that_a_user_makes_is_the_mark() -> None:
    assert Omit() is omit
    assert NotGiven() is not_given


def test_not_given_has_two_names() -> None:
    assert NOT_GIVEN is not_given


@pytest.mark.parametrize("name", ["NOT_GIVEN", "not_given", "NotGiven", "omit", "Omit"])
def test_both_packages_have_the_same_marks(name: str) -> None:
    assert getattr(openai_sync, name) is getattr(openai_async, name)
