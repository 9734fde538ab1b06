"""Medians, ratios and goals of measurements, as text."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.cases import CASES, Goal
from benchmarks.contenders import ASYNC, PACKAGES
from benchmarks.measure import Figures

Row = dict[str, Any]
OTHERS = ASYNC[1:]

#: Figures shown apart, for the cases that have goals for them, and what they are called.
ASIDE = {
    "peak_mib": "peak memory, MiB",
    "growth_mib": "more memory, MiB",
    "stall_ms": "longest stall, ms",
}


def row(name: str, rounds: list[dict[str, Figures | str]]) -> Row:
    """Medians for each contender, ratios of ours to the others', and whether goals are met."""
    medians: dict[str, Figures] = {}
    failures: dict[str, str] = {}
    for contender in rounds[0]:
        runs = [run[contender] for run in rounds]
        good = [run for run in runs if not isinstance(run, str)]
        bad = [run for run in runs if isinstance(run, str)]
        if bad:
            failures[contender] = f"{len(bad)} of {len(runs)}: {bad[-1]}"
        if good:
            medians[contender] = {
                figure: statistics.median(run[figure] for run in good) for figure in good[0]
            }
    ratios = {}
    for other in OTHERS:
        pairs = [(run.get("ours"), run.get(other)) for run in rounds]
        each = [
            mine["cpu_us"] / theirs["cpu_us"]
            for mine, theirs in pairs
            if isinstance(mine, dict) and isinstance(theirs, dict)
        ]
        if each:
            ratios[other] = statistics.median(each)
    goals = [{**goal._asdict(), "met": _met(goal, medians, ratios)} for goal in CASES[name].goals]
    return {
        "case": name,
        "medians": medians,
        "ratios": ratios,
        "goals": goals,
        "failures": failures,
    }


def _met(goal: Goal, medians: dict[str, Figures], ratios: dict[str, float]) -> bool | None:
    """None if it was not measured."""
    value = ratios.get(goal.of) if goal.of else medians.get("ours", {}).get(goal.figure)
    return None if value is None else value <= goal.most


HEAD = (
    f"{'CPU per operation':29}"
    + "".join(f"{name:>10}" for name in ASYNC)
    + "   ours is"
    + "".join(f"{name:>10}" for name in OTHERS)
    + "   goals"
)


def line(row: Row) -> str:
    cells = [_cost(row["medians"].get(name)) for name in ASYNC]
    ratios = [_ratio(row["ratios"].get(name)) for name in OTHERS]
    goals = ", ".join(_goal(goal) for goal in row["goals"])
    return f"{row['case']:29}{''.join(cells)}          {''.join(ratios)}   {goals}"


def aside(rows: list[Row]) -> list[str]:
    """Lines about memory and stalls."""
    lines = []
    for each in rows:
        wanted = [goal for goal in each["goals"] if goal["figure"] in ASIDE]
        for goal in wanted:
            figures = [each["medians"].get(name, {}).get(goal["figure"]) for name in PACKAGES]
            cells = "".join(f"{'-' if it is None else f'{it:.1f}':>10}" for it in figures)
            title = ASIDE[goal["figure"]]
            lines.append(f"{each['case']:29}{title:19}{cells}   {_goal(goal)}")
    if lines:
        lines.insert(0, f"\n{'':29}{'':19}{'ours':>10}{'official':>10}   goal")
    return lines


def failures(rows: list[Row]) -> list[str]:
    return [
        f"{each['case']}: {contender} failed: {reason}"
        for each in rows
        for contender, reason in each["failures"].items()
    ]


def _cost(figures: Figures | None) -> str:
    if figures is None:
        return f"{'-':>10}"
    value = figures["cpu_us"]
    if value >= 1e6:
        return f"{value / 1e6:8.2f} s"
    return f"{value / 1000:7.2f} ms" if value >= 1000 else f"{value:7.1f} us"


def _ratio(value: float | None) -> str:
    if value is None:
        return f"{'-':>10}"
    return f"{_times(value):>10}"


def _times(value: float) -> str:
    return f"1/{1 / value:.1f}" if value < 1 else f"{value:.1f}x"


def _goal(goal: dict[str, Any]) -> str:
    verdict = {True: "met", False: "MISSED", None: "not measured"}[goal["met"]]
    if goal["of"] == "official":
        limit = f"1/{1 / goal['most']:.0f}"
    elif goal["of"]:
        limit = f"{goal['most']:g}x {goal['of']}"
    else:
        limit = {"cpu_us": f"{goal['most'] / 1000:g} ms"}.get(goal["figure"], f"{goal['most']:g}")
    return f"{limit} {verdict}"
