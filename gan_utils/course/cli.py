"""The `gan-course` command: lessons and sweeps with checked parameters, and reports on them."""

from __future__ import annotations

import datetime
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gan_utils.course.exits import BAD_INPUT, INTERRUPTED, one_sentence
from gan_utils.errors import CourseError, ParameterError
from gan_utils.files import new_folder
from gan_utils.lesson.parameters import check, check_together

if TYPE_CHECKING:
    from gan_utils.course.notebooks import Lesson

# The extra `lab`; the commands import what needs them only after checking that they are there.
NEEDED = ("nbformat", "papermill", "nbconvert")
STATES = {"done": "done", "failed": "failed", "missing": "to do"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gan-course")
def app() -> None:
    """A course on generative adversarial networks, from the command line."""
    with one_sentence(BAD_INPUT):
        for module in NEEDED:
            _need(module, "lab")


@app.command()
@click.argument("lessons", nargs=-1, metavar="LESSON...")
@click.option(
    "-p", "pairs", type=(str, str), multiple=True, metavar="NAME VALUE", help="Set a parameter."
)
@click.option("-f", "profile", type=Path, metavar="FILE", help="YAML file of parameters; -p wins.")
@click.option("--out", type=Path, metavar="DIR", help="A new folder  [default: runs/<date>_<time>]")
@click.option("--resume", type=Path, metavar="DIR", help="Go on with the run in this folder.")
def run(
    lessons: tuple[str, ...], pairs: tuple[tuple[str, str], ...], profile: Path | None,
    out: Path | None, resume: Path | None,
) -> None:  # fmt: skip
    """Run lessons and write one page about them.

    LESSON is a number (03), a name, the beginning of a name, a path, or `all`. With --resume
    lessons that are finished stay, and the one that was cut off goes on from its last backup.
    """
    from gan_utils.course.batches import read_batch, write_batch
    from gan_utils.course.locks import opened
    from gan_utils.course.notebooks import find_lessons
    from gan_utils.course.running import run_all

    with one_sentence(BAD_INPUT):
        if resume:
            if lessons or pairs or profile or out:
                raise CourseError("--resume knows what was to be run: give its folder alone.")
            chosen, values = read_batch(resume)
            out = resume
        else:
            if not lessons:
                raise CourseError("no lesson is named: give a number, a name, a path, or `all`.")
            chosen = find_lessons(lessons)
            values = _values(chosen, pairs, profile)
            out = out or Path("runs") / datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S")
            new_folder(out)
    with one_sentence(1), opened(out, "run"):
        if not resume:
            write_batch(out, chosen, values)
        run_all(chosen, values, out)


@app.command()
@click.argument("file", type=Path, metavar="FILE.yaml")
@click.option("--out", type=Path, metavar="DIR", help="Its folder  [default: runs/<name of FILE>]")
@click.option("--jobs", type=click.IntRange(1), default=1, help="Runs at a time  [default: 1]")
@click.option("--scheduler", metavar="TCP://...", help="Work on this Dask cluster instead.")
@click.option("--slurm", is_flag=True, help="Work in --jobs Slurm jobs (settings: dask-jobqueue).")
@click.option("--dry-run", is_flag=True, help="Show what is to be run, and stop.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Do at most N runs now.")
@click.option("--retry-failed", is_flag=True, help="Also do again what failed.")
@click.option("--yes", is_flag=True, help="More than a thousand runs are meant.")
def sweep(
    file: Path, out: Path | None, jobs: int, scheduler: str | None, slurm: bool, dry_run: bool,
    limit: int | None, retry_failed: bool, yes: bool,
) -> None:  # fmt: skip
    """Do the runs of a sweep file that are not done yet.

    A run is known by its notebook's code, its parameters, the package and its data: the same
    command again does what is missing, and a run that was cut off goes on from its last backup.
    """
    from gan_utils.course.locks import opened
    from gan_utils.course.sweeps import crews
    from gan_utils.course.sweeps.driver import open_runs, plan_rows, run_all, states
    from gan_utils.course.sweeps.plan import read_sweep
    from gan_utils.course.sweeps.progress import Progress
    from gan_utils.course.sweeps.store import write_plan

    with one_sentence(BAD_INPUT):
        if scheduler and (slurm or jobs > 1):
            raise CourseError("--scheduler brings its own workers: leave out --jobs and --slurm.")
        runs = read_sweep(file, many=yes)
        out = out or Path("runs") / file.stem
        if dry_run:
            stored = states(runs, out)
            _print_table(plan_rows(runs, stored))
            click.echo(_counts([known.state for known in stored], out))
            return
        if scheduler or slurm or jobs > 1:
            _need("distributed", "sweep")
        if slurm:
            _need("dask_jobqueue", "sweep")
    with one_sentence(1), opened(out, "sweep"):
        token = write_plan(out, runs)
        todo = open_runs(runs, out, retry_failed, limit)
        try:
            if todo:
                crew = crews.choose(jobs, scheduler, slurm)
                with crew, Progress(runs, todo, crew, out) as progress:
                    run_all(todo, out, token, crew, progress)
        except KeyboardInterrupt:
            click.echo(f"Error: interrupted: what was finished is in {out}; the same command "
                       "goes on.", err=True)  # fmt: skip
            raise SystemExit(INTERRUPTED) from None
        final_states = [known.state for known in states(runs, out)]
    click.echo(_counts(final_states, out))
    if "failed" in final_states:
        raise SystemExit(1)


@app.command()
@click.argument("folder", type=Path, metavar="SWEEP")
@click.option("--open", "show", is_flag=True, help="Also open the page in a browser.")
def report(folder: Path, show: bool) -> None:
    """Write the tables and the page of a sweep into its folder SWEEP."""
    with one_sentence(BAD_INPUT):
        for module in ("pandas", "pyarrow"):
            _need(module, "sweep")
        from gan_utils.course.sweeps.report import write_report

        page = write_report(folder)
    click.echo(f"Report: {page}")
    if show:
        click.launch(page.resolve().as_uri())


@app.command()
@click.argument("source", metavar="RUN")
@click.option("--class", "names", multiple=True, metavar="NAME", help="A class  [default: all]")
@click.option("--count", type=click.IntRange(1), default=100, show_default=True,
              help="Images of each class.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option("--out", type=Path, required=True, metavar="DIR", help="A new folder.")
def generate(source: str, names: tuple[str, ...], count: int, seed: int, out: Path) -> None:
    """Write images of a finished run's generator, and a table of their classes.

    RUN is the folder of a run, or a lesson whose newest run in runs/ is meant (06).
    """
    from gan_utils.course.generating import (
        TABLE,
        chosen_labels,
        find_run,
        load_source,
        write_images,
    )

    with one_sentence(BAD_INPUT):
        kept = load_source(find_run(source))
        labels = chosen_labels(kept, names)
    total = count * (len(labels) or 1)
    written = 0
    with one_sentence(1):
        try:
            with click.progressbar(length=total, label=str(out)) as bar:
                for now in write_images(kept, labels, count, out, seed):
                    bar.update(now - written)
                    written = now
        except KeyboardInterrupt:
            click.echo(f"Error: interrupted: {written} images are in {out}, without their table.",
                       err=True)  # fmt: skip
            raise SystemExit(INTERRUPTED) from None
    click.echo(f"{total} images of {kept.folder} and {TABLE} are in {out}.")


@app.command()
@click.argument("lessons", nargs=-1, required=True, metavar="LESSON...")
def parameters(lessons: tuple[str, ...]) -> None:
    """List the parameters of lessons with their defaults and what may be given."""
    from gan_utils.course.notebooks import find_lessons

    with one_sentence(BAD_INPUT):
        chosen = find_lessons(lessons)
    for lesson in chosen:
        rows = [("name", "type", "default", "allowed", "help")]
        for item in lesson.parameters.values():
            default = repr(item.default)
            allowed = f"{item.allowed}{item.condition}"
            rows.append((item.name, item.type.__name__, default, allowed, item.help))
        click.echo(lesson.name)
        _print_table(rows)


def _counts(states: Sequence[str], folder: Path) -> str:
    counts = [f"{states.count(state)} {word}" for state, word in STATES.items()]
    return f"{len(states)} runs in {folder}: {', '.join(counts)}"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  " + "  ".join(cells).rstrip())


def _values(
    lessons: list[Lesson], pairs: tuple[tuple[str, str], ...], profile: Path | None
) -> dict[str, dict[str, Any]]:
    """The checked values for each lesson by its name; -p beats the file."""
    from gan_utils.course.notebooks import read_profile

    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise ParameterError(f"parameter `{name}` is given twice with -p: keep one of the two.")
        given[name] = value
    given = {**(read_profile(profile) if profile else {}), **given}
    if "folder" in given:
        raise ParameterError("parameter `folder` is set for each lesson here: use --out instead.")
    values = {}
    for lesson in lessons:
        if "folder" not in lesson.parameters:
            raise ParameterError(f"lesson {lesson.name} does not declare `folder`: add it.")
        try:
            values[lesson.name] = check(lesson.parameters, given)
            check_together(lesson.parameters, values[lesson.name])
        except ParameterError as error:
            raise ParameterError(f"lesson {lesson.name}: {error}") from None
    return values


def _need(module: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise CourseError(f"{module} is not installed: run `pip install 'gan-course[{extra}]'`.")
