"""Courses: the states a job passes through, as a function of the clock.

Nothing runs in the background. A job knows at which moment it enters each of its states, and
whoever asks is told the one it has reached by now. A request that changes what becomes of a job,
such as cancelling it, gives it another way to go from that moment on.

The first state of a way holds at the very moment the way begins, and each other one only after
its moment: so the answer to the request that makes a job says `queued`, however little time the
job takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Way = list[tuple[str, float]]
"""States, and how many seconds after the beginning of the way each of them is entered."""

NEVER = "never-ends"
ENDS: Mapping[str, str] = {"fails": "failed", "incomplete": "incomplete", "expires": "expired"}
"""How the jobs end which are given to a model of that name."""


def way(waiting: Sequence[str], end: str | None, seconds: float) -> Way:
    """Through the states `waiting`, which take `seconds` altogether, to `end`; None: to no end."""
    share = seconds / len(waiting)
    states = [*waiting, *([] if end is None else [end])]
    return [(state, share * position) for position, state in enumerate(states)]


def end_of(name: str, done: str, ends: Mapping[str, str] = ENDS) -> str | None:
    """The last state of a job for the model `name`: `done`, unless the name says otherwise."""
    return None if name == NEVER else ends.get(name, done)


class Course:
    """The stages of one job, past and planned: stage 0 is its first state."""

    def __init__(self, now: float, going: Way | None = None) -> None:
        self.start = now
        self._moments: Way = []
        self.first: int = 0
        """The first stage of the present way."""
        if going is not None:
            self.turn(now, going)

    def turn(self, now: float, going: Way) -> None:
        """Leave the way planned so far, if any, and go another from now on."""
        self.first = self.stage(now) + 1 if self._moments else 0
        self._moments[self.first :] = [(state, now + seconds) for state, seconds in going]

    def stage(self, now: float) -> int:
        """The stage reached by now."""
        return max(
            stage
            for stage, (_, moment) in enumerate(self._moments)
            if stage <= self.first or moment < now
        )

    def state(self, stage: int) -> str:
        return self._moments[stage][0]

    def seconds_to(self, state: str, stage: int) -> float | None:
        """The seconds from the start to `state`, None if it was not entered by that stage."""
        passed = self._moments[: stage + 1]
        return next((moment - self.start for name, moment in passed if name == state), None)

    def part(self, now: float) -> float:
        """How much of the time of the present way has passed, from 0 to 1."""
        begin, end = self._moments[self.first][1], self._moments[-1][1]
        if self.stage(now) == len(self._moments) - 1:
            return 1.0
        return (now - begin) / (end - begin)


@dataclass
class Job:
    """Something that takes time."""

    id: str
    created_at: int
    course: Course

    def stage(self, now: float) -> int:
        return self.course.stage(now)

    def state(self, now: float) -> str:
        return self.course.state(self.stage(now))

    def entered_at(self, state: str, stage: int) -> int | None:
        """When it entered a state, as the API says it, None if it did not by that stage."""
        seconds = self.course.seconds_to(state, stage)
        return None if seconds is None else self.created_at + int(seconds)
