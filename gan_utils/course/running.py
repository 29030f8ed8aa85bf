"""Lessons run one after the other, with a line about how each of them ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from gan_utils.course.batches import finished
from gan_utils.course.execution import Runner
from gan_utils.course.exits import INTERRUPTED, one_sentence
from gan_utils.course.notebooks import Lesson, Outcome, execute
from gan_utils.course.overview import write_overview
from gan_utils.course.speaking import Speaker
from gan_utils.metrics.score import score_text

HEADLINE_SCORES = 3


def run_all(chosen: Sequence[Lesson], values: Mapping[str, dict[str, Any]], out: Path) -> None:
    """Run what is not finished yet, and write the page; exits with 1 where something failed."""
    outcomes = []
    with one_sentence(1), Runner() as runner:
        for lesson in chosen:
            folder = out / lesson.name
            if outcome := finished(lesson, folder):
                click.echo(f"{lesson.name}  was finished before")
                outcomes.append(outcome)
                continue
            with Speaker(lesson.name, folder) as speaker:
                try:
                    outcome = execute(
                        lesson, values[lesson.name], folder, runner, told=speaker.cell
                    )
                except KeyboardInterrupt:
                    outcome = None
            if not outcome:
                click.echo(f"{speaker.head}interrupted")
                click.echo(f"Error: interrupted: what was finished is in {out}; `gan-course run "
                           f"--resume {out}` goes on.", err=True)  # fmt: skip
                raise SystemExit(INTERRUPTED)
            outcomes.append(outcome)
            click.echo(f"{speaker.head}{ended(outcome)}")
        page = write_overview(out, outcomes)
    click.echo(f"Overview: {page}")
    results = [outcome.result or {} for outcome in outcomes]
    if hints := {result.get("machine", {}).get("unused_gpu") for result in results} - {None, ""}:
        click.echo("\n".join(sorted(hints)))
    if any(outcome.error for outcome in outcomes):
        raise SystemExit(1)


def ended(outcome: Outcome) -> str:
    """How a lesson ended: its error, or its first scores."""
    if outcome.error:
        return f"failed after {outcome.minutes:.1f} min: {outcome.error}"
    scores = outcome.result["scores"][:HEADLINE_SCORES]
    named = [f"{score['name']} {score_text(score)}" for score in scores]
    return " · ".join([f"done in {outcome.minutes:.1f} min", *named])
