"""The files that a person reads after a sweep: its tables, and one page that holds all of it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from gan_utils.course.pages import as_source, picture_source, render
from gan_utils.course.sweeps.store import StoredRun, stored_runs
from gan_utils.course.sweeps.tables import (
    comparisons,
    parameters_varied,
    setting_of,
    summary,
    table_of,
)
from gan_utils.figures import COLOURS, png, use_style
from gan_utils.files import write_atomically
from gan_utils.metrics.score import Score

PLOTTED = 3  # scores that get a figure; all of them are in the tables


def write_report(folder: Path) -> Path:
    """Write `table.csv`, `table.parquet`, `summary.csv`, `comparisons.csv` and `report.html`.

    Returns the page.  Raises OutputError where the folder holds no sweep or takes no files.
    """
    stored = stored_runs(folder)
    table = table_of(stored)
    frames = {"table": table, "summary": summary(table), "comparisons": comparisons(table)}
    for name, frame in frames.items():
        write_atomically(folder / f"{name}.csv", frame.to_csv(index=False).encode())
    parquet = io.BytesIO()
    table.to_parquet(parquet, index=False)
    write_atomically(folder / "table.parquet", parquet.getvalue())
    page = render(
        "report.html.j2",
        title=folder.resolve().name,
        stored=stored,
        minutes=sum(known.minutes for known in stored),
        lessons=[_lesson(name, stored, frames) for name in dict.fromkeys(table["lesson"])],
        failed=[known for known in stored if known.error],
        machines=sorted({_machine(known.result) for known in stored if known.result}),
    )
    write_atomically(folder / "report.html", page)
    return folder / "report.html"


def _lesson(
    lesson: str, stored: Sequence[StoredRun], frames: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """What the page shows of one lesson."""
    own = [known for known in stored if known.lesson == lesson]
    varied = parameters_varied(frames["table"])
    names = [name for name in varied if any(name in known.values for known in own)]
    tables = {name: frame[frame["lesson"] == lesson] for name, frame in frames.items()}
    scores = list(dict.fromkeys(tables["summary"]["score"]))
    settings: dict[tuple[str, ...], list[StoredRun]] = {}
    for known in own:
        settings.setdefault(setting_of(known.values, names), []).append(known)
    cells = {setting: {score: {} for score in scores} for setting in settings}
    for kind in ("summary", "comparisons"):
        for row in tables[kind].to_dict("records"):
            cells[setting_of(row, names)][row["score"]][kind] = row
    rows = [
        {
            "setting": setting,
            "label": _label(names, setting),
            "runs": runs,
            "done": sum(known.state == "done" for known in runs),
            "cells": cells[setting],
        }
        for setting, runs in settings.items()
    ]
    return {
        "name": lesson,
        "names": names,
        "scores": scores,
        "rows": rows,
        "plots": [_plot(score, rows) for score in scores[:PLOTTED]] if len(rows) > 1 else [],
        "pictures": _pictures(rows),
        "text": _text,
    }


def _label(names: Sequence[str], setting: Sequence[str]) -> str:
    pairs = zip(names, setting, strict=True)
    return ", ".join(f"{name} = {value}" for name, value in pairs) or "as it is"


def _text(row: Mapping[str, Any], middle: str) -> str:
    """A number of a table with its interval, in three digits."""
    return Score(row[middle], row["low"], row["high"], row["n"]).text(row["unit"])


def _plot(score: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Means with their intervals, and the runs behind them as dots."""
    use_style()
    figure: Figure
    figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.34 * len(rows)))
    unit = ""
    for position, row in enumerate(rows):
        values = [
            entry["value"]
            for known in row["runs"]
            for entry in (known.result["scores"] if known.result else ())
            if entry["name"] == score
        ]
        axes.plot(values, [position] * len(values), "o", color="#9aa5b1", zorder=1)
        mean = row["cells"][score].get("summary")
        if mean is None:
            continue
        unit = mean["unit"]
        if not pd.isna(mean["low"]):
            axes.plot([mean["low"], mean["high"]], [position] * 2, color=COLOURS["real"], zorder=2)
        axes.plot(mean["mean"], position, "s", color=COLOURS["real"], zorder=3)
    axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)  # the first setting on top, as in the tables
    axes.set_xlabel(f"{score} ({unit})" if unit else score)
    alt = f"{score} of {len(rows)} settings: mean with 95 % interval over seeds, and every run"
    return {"source": as_source(png(figure), ".png"), "alt": alt}


def _pictures(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each picture that the runs made, side by side: one run a setting, the first that is done."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        first = next((known for known in row["runs"] if known.state == "done"), None)
        for picture in first.result["pictures"] if first else ():
            source = picture_source(first.folder, picture["file"])
            if source:
                caption = f"{row['label']}, seed {first.values['seed']}"
                entry = {"source": source, "alt": picture["alt"], "caption": caption}
                shown.setdefault(picture["name"], []).append(entry)
    return [{"name": name, "shown": entries} for name, entries in shown.items()]


def _machine(result: Mapping[str, Any]) -> str:
    """Where a run was made, in a line."""
    machine, versions = result["machine"], result["versions"]
    accelerators = ", ".join(machine.get("accelerators", ())) or "no accelerator"
    cores, platform = machine.get("cpus", "?"), machine.get("platform", "another system")
    software = " · ".join(f"{name} {version}" for name, version in versions.items())
    return f"{cores} CPU cores, {platform}, {accelerators} · {software}"
