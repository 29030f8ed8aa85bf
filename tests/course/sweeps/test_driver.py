"""What a sweep does with runs whose workers die, and while there is no worker at all."""

import re
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest

from gan_utils.course.sweeps import driver, progress
from gan_utils.course.sweeps.driver import run_all
from gan_utils.course.sweeps.store import note_failure, reached, stored_run
from gan_utils.course.sweeps.work import Done
from gan_utils.errors import CourseError

RUN = SimpleNamespace(
    name="03-one", lesson=SimpleNamespace(name="03"), values={"seed": 0}, notebook="",
    package="", cell_seconds=None,
)  # fmt: skip


def backup(folder, steps, name="training"):
    (folder / "backup").mkdir(parents=True, exist_ok=True)
    np.savez(folder / "backup" / f"{name}.npz", **{"kept/steps_done": np.int64(steps)})


class Crew:
    """A crew whose answers to one submission after the other are told beforehand.

    An answer is called with the function that tells of a run's beginning.
    """

    dashboard = refusal = ""
    waiting = "look there"

    def __init__(self, *answers, workers=(1,)):
        self.answers, self.submitted, self.stopped = list(answers), 0, False
        self.counts = list(workers)
        self.gone = []

    @property
    def workers(self):
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]

    def begin(self, started):
        self.started = started

    def submit(self, task):
        self.submitted += 1
        future = Future()
        future.set_result(self.answers.pop(0)(self.started))
        return future

    def outcome(self, future):
        return future.result()

    def losses(self):
        gone, self.gone = self.gone, []
        return gone

    def stop(self, token, futures):
        self.stopped = True


def lost_at(folder, steps):
    """Dask gave a run up after its trainings had come to these steps."""

    def answer(started):
        started("anna", RUN.name)
        for name, step in steps.items():
            backup(folder / RUN.name, step, name)
        return Done("KilledWorker: 4 workers died over it", 0.0, None, lost=True)

    return answer


def failed(started):
    started("anna", RUN.name)
    return Done("no luck", 1.0, None)


def carried(crew, folder):
    with progress.Progress([RUN], [RUN], crew, folder) as teller:
        run_all([RUN], folder, "token", crew, teller)
    return stored_run(folder, RUN.name, "03", {}).error


def test_a_backup_tells_how_far_a_training_came(tmp_path):
    assert reached(tmp_path) == {}
    backup(tmp_path, 40)
    backup(tmp_path, 7, "critic")
    (tmp_path / "backup" / "torn.npz").write_bytes(b"PK")
    assert reached(tmp_path) == {"training.npz": 40, "critic.npz": 7}


def test_a_run_goes_on_while_it_makes_progress(tmp_path):
    """Its workers are killed eight times four times, and each time its backup is further on."""
    answers = [lost_at(tmp_path, {"training": step}) for step in range(10, 90, 10)]
    crew = Crew(*answers, failed)
    assert carried(crew, tmp_path) == "no luck" and crew.submitted == 9


@pytest.mark.parametrize("again", [{}, {"training": 20}, {"training": 10}])
def test_a_run_that_comes_no_further_has_failed(tmp_path, again):
    """As one that dies after its training, and trains anew each time."""
    crew = Crew(lost_at(tmp_path, {"training": 20}), lost_at(tmp_path, again), failed)
    assert carried(crew, tmp_path).startswith("KilledWorker: 4 workers died over it")
    assert crew.submitted == 2


def test_what_an_earlier_sweep_had_reached_is_no_progress(tmp_path):
    backup(tmp_path / RUN.name, 50)
    crew = Crew(lost_at(tmp_path, {}), failed)
    assert carried(crew, tmp_path).startswith("KilledWorker") and crew.submitted == 1


def test_another_training_of_a_run_is_progress(tmp_path):
    crew = Crew(lost_at(tmp_path, {"a": 20}), lost_at(tmp_path, {"b": 10}), failed)
    assert carried(crew, tmp_path) == "no luck"


def test_a_run_that_never_began_is_not_to_blame(tmp_path):
    """It had been handed to workers that died over others."""
    waiting = [lambda started: Done("KilledWorker", 0.0, None, lost=True)] * 5
    crew = Crew(*waiting, failed)
    assert carried(crew, tmp_path) == "no luck" and crew.submitted == 6


def test_the_end_of_a_worker_is_told_and_written_down(tmp_path, capsys):
    note_failure(tmp_path / RUN.name, "", 0.0)  # the folder is there
    crew = Crew(failed)
    crew.gone = [("anna", RUN.name, "is gone"), ("berta", "another sweep's", "is gone")]
    carried(crew, tmp_path)
    assert capsys.readouterr().out.splitlines()[0] == "  03 seed=0 · anna is gone: it is done again"
    assert (tmp_path / RUN.name / "run.log").read_text() == "anna is gone\n"
    assert not (tmp_path / "another sweep's").exists()


def test_a_note_each_minute_while_no_worker_is_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(driver, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "WAITING", 0.05)
    carried(Crew(failed, workers=[0] * 40 + [1]), tmp_path)
    first, *notes, last = capsys.readouterr().out.splitlines()
    assert first == "waiting for the first worker" and "failed after" in last
    assert len(notes) > 1
    assert all(re.fullmatch(r"  no worker for 0:\d\d: look there", note) for note in notes)


def test_workers_that_will_not_come_are_no_reason_to_wait(tmp_path, monkeypatch):
    crew = Crew(failed, workers=[0])
    crew.refusal = "Slurm took no job (no such account): mend the settings."
    with pytest.raises(CourseError, match="no such account"):
        carried(crew, tmp_path)
    assert crew.submitted == 0


def test_what_ends_a_sweep_stands_in_the_logs_of_its_runs(tmp_path):
    note_failure(tmp_path / RUN.name, "", 0.0)

    class Gone(Crew):
        def outcome(self, future):
            raise CourseError("the Dask scheduler is gone: start it again.")

    crew = Gone(failed)
    with pytest.raises(CourseError):
        carried(crew, tmp_path)
    log = (tmp_path / RUN.name / "run.log").read_text()
    assert crew.stopped and log == "the Dask scheduler is gone: start it again.\n"
