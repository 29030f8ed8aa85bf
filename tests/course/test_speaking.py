"""What a person sees of a run while it goes on."""

import json
import sys
import time
from functools import partial
from types import SimpleNamespace

from gan_utils.course import speaking
from gan_utils.course.execution import places_of
from gan_utils.course.speaking import Speaker, clock, last_said, said
from gan_utils.course.sweeps import progress

CELLS = [
    {"cell_type": "markdown", "source": "# 03 · Title\n\n[badge]"},
    {"cell_type": "code", "source": "a"},
    {"cell_type": "markdown", "source": "Words.\n\n## 4 · Train\n\nMore # words."},
    {"cell_type": "code", "source": "b"},
    {"cell_type": "code", "source": "c"},
]
PLACE = {"cell": 2, "cells": 3, "heading": "4 · Train"}
NOTE = {"step": 5300, "goal": 14000, "measured": {"d_loss": 0.523, "g_loss": 0.9, "d_real": 0.5},
        "seconds_left": 70.2}  # fmt: skip


def test_a_cell_stands_under_the_last_heading():
    places = places_of(CELLS)
    assert [place["heading"] for place in places.values()] == ["03 · Title", *["4 · Train"] * 2]
    assert places[3] == PLACE and list(places) == [1, 3, 4]


def test_the_line_tells_the_cell_the_step_and_the_time_that_is_left():
    assert said(PLACE, NOTE, 65) == (
        "  cell 2 of 3 · 4 · Train · step 5,300 of 14,000 · d_loss 0.523 · g_loss 0.9 · "
        "1:10 left of this training · 1:05"
    )
    assert said({}, {}, 0.2) == "  starting · 0:00"
    assert [clock(seconds) for seconds in (5, 59.6, 3599, 3665)] == [
        "0:05",
        "1:00",
        "59:59",
        "1:01:05",
    ]


def test_plain_lines_where_there_is_no_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(speaking, "SECOND", 0.02)
    monkeypatch.setattr(speaking, "PLAIN_SECONDS", 0.05)
    (tmp_path / "progress.json").write_text(json.dumps({**NOTE, "step": 1}))  # of a killed run
    with Speaker("03_small", tmp_path) as speaker:
        speaker.cell(PLACE)
        (tmp_path / "progress.json").write_text(json.dumps(NOTE))
        time.sleep(0.3)
        (tmp_path / "progress.json").write_text('{"step": 53')  # half a note is none
        time.sleep(0.2)
    name, *printed = capsys.readouterr().out.splitlines()
    assert name == speaker.head == "03_small  " and len(printed) >= 3
    assert "step 5,300 of 14,000" in printed[0] and "step" not in printed[-1]
    assert "step 1 " not in "".join(printed)
    assert (tmp_path / "run.log").read_text(encoding="utf-8").splitlines() == printed


def test_a_run_among_others_speaks_in_its_log_only(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(speaking, "SECOND", 0.02)
    monkeypatch.setattr(speaking, "PLAIN_SECONDS", 0.05)
    with Speaker("03_small", tmp_path, aloud=False) as speaker:
        speaker.cell(PLACE)
        time.sleep(0.3)
    assert capsys.readouterr().out == ""
    assert last_said(tmp_path).startswith("cell 2 of 3 · 4 · Train · 0:0")
    with (tmp_path / "run.log").open("a", encoding="utf-8") as log:
        log.write("a warning of the kernel\n")
    assert last_said(tmp_path).startswith("cell 2 of 3")
    assert last_said(tmp_path / "elsewhere") == ""


def in_a_terminal(monkeypatch):
    monkeypatch.setattr(speaking, "SECOND", 0.02)
    monkeypatch.setattr(speaking, "PLAIN_SECONDS", 0.05)
    monkeypatch.setattr(speaking, "Console", partial(speaking.Console, force_terminal=True))


def test_a_silent_speaker_leaves_the_output_of_its_process_alone(tmp_path, monkeypatch, capsys):
    in_a_terminal(monkeypatch)
    before = sys.stdout
    with Speaker("03_small", tmp_path, aloud=False):
        assert sys.stdout is before
        print("somebody else's word")
    assert capsys.readouterr().out == "somebody else's word\n"


def test_a_heading_in_brackets_is_said_as_it_stands(tmp_path, monkeypatch, capsys):
    in_a_terminal(monkeypatch)
    with Speaker("03_small", tmp_path) as speaker:
        speaker.cell(PLACE | {"heading": "Train [/optional]"})
        time.sleep(0.3)
    assert "Train [/optional]" in capsys.readouterr().out
    assert "Train [/optional]" in last_said(tmp_path)


def test_what_an_earlier_attempt_said_holds_no_more(tmp_path):
    (tmp_path / "run.log").write_bytes("  cell 9 of 9 · 0:50\n\xff half a word".encode("latin-1"))
    assert last_said(tmp_path).startswith("cell 9 of 9")
    with Speaker("03_small", tmp_path, aloud=False):
        assert last_said(tmp_path) == "starting · 0:00"


def test_a_sweep_tells_what_its_runs_say(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    runs = [
        SimpleNamespace(
            name=f"03-{rate}", lesson=SimpleNamespace(name="03"), values={"rate": rate, "seed": 0}
        )
        for rate in (1, 2)
    ]
    crew = SimpleNamespace(workers=2, dashboard=None)
    (tmp_path / "03-2").mkdir()
    (tmp_path / "03-2/run.log").write_text("  cell 2 of 3 · step 40 of 90 · 0:05\n")
    with progress.Progress(runs, runs, crew, tmp_path) as teller:
        for run in runs:
            teller.started(f"worker of {run.name}", run.name)
        teller.tick()
    assert capsys.readouterr().out.splitlines() == [
        "  03 rate=1 seed=0 · 0:00",
        "  03 rate=2 seed=0 · cell 2 of 3 · step 40 of 90 · 0:05",
    ]


def test_a_short_run_says_nothing(tmp_path, capsys):
    with Speaker("03_small", tmp_path) as speaker:
        speaker.cell(PLACE)
    assert speaker.head == "" and capsys.readouterr().out == "03_small  "
    assert not (tmp_path / "run.log").exists()
