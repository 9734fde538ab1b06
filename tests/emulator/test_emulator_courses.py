from __future__ import annotations

import pytest

from openai_async.emulator.courses import Course, Job, Way, end_of, way

WAITING = ("queued", "in_progress")


@pytest.mark.parametrize(
    ("end", "seconds", "expected"),
    [
        ("completed", 4.0, [("queued", 0.0), ("in_progress", 2.0), ("completed", 4.0)]),
        (None, 4.0, [("queued", 0.0), ("in_progress", 2.0)]),
        ("failed", 0.0, [("queued", 0.0), ("in_progress", 0.0), ("failed", 0.0)]),
    ],
)
def test_way_shares_its_time(end: str | None, seconds: float, expected: Way) -> None:
    assert way(WAITING, end, seconds) == expected


@pytest.mark.parametrize(
    ("model", "end"),
    [
        ("gpt-4o", "succeeded"),
        ("fails", "failed"),
        ("incomplete", "incomplete"),
        ("expires", "expired"),
        ("never-ends", None),
    ],
)
def test_end_is_chosen_by_the_name_of_the_model(model: str, end: str | None) -> None:
    assert end_of(model, "succeeded") == end


def states(course: Course, *moments: float) -> list[str]:
    return [course.state(course.stage(moment)) for moment in moments]


def test_states_follow_the_clock() -> None:
    course = Course(10.0, way(WAITING, "completed", 4.0))
    moments = (10.0, 12.0, 12.1, 14.0, 14.1, 99.0)
    queued, going, done = "queued", "in_progress", "completed"
    assert states(course, *moments) == [queued, queued, going, going, done, done]


def test_first_state_is_seen_however_short_the_way_is() -> None:
    course = Course(10.0, way(WAITING, "completed", 0.0))
    assert states(course, 10.0, 10.1) == ["queued", "completed"]


def test_turning_forgets_what_was_planned_and_keeps_what_was() -> None:
    course = Course(10.0, way(WAITING, "completed", 4.0))
    course.turn(13.0, [("cancelling", 0.0), ("cancelled", 1.0)])
    assert states(course, 13.0, 14.0, 14.1, 99.0) == [
        "cancelling",
        "cancelling",
        "cancelled",
        "cancelled",
    ]
    assert course.first == 2
    assert [course.state(stage) for stage in range(4)] == [*WAITING, "cancelling", "cancelled"]


def test_turning_at_the_very_beginning() -> None:
    course = Course(10.0, way(WAITING, "completed", 0.0))
    course.turn(10.0, [("cancelled", 0.0)])
    assert states(course, 10.0, 11.0) == ["cancelled", "cancelled"]


def test_part_of_the_way() -> None:
    course = Course(10.0, way(WAITING, "completed", 4.0))
    assert [course.part(moment) for moment in (10.0, 11.0, 13.0, 14.0, 20.0)] == [
        0.0,
        0.25,
        0.75,
        1.0,
        1.0,
    ]


def test_moments_are_told_as_wall_time() -> None:
    job = Job("job_1", 1000, Course(10.0, way(WAITING, "completed", 4.0)))
    assert [job.state(moment) for moment in (10.0, 20.0)] == ["queued", "completed"]
    stage = job.stage(20.0)
    entered = [job.entered_at(state, stage) for state in (*WAITING, "completed", "failed")]
    assert entered == [1000, 1002, 1004, None]
    assert job.entered_at("completed", job.stage(10.0)) is None
