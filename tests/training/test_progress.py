"""Notes of progress: what they hold, when they go, and that nothing ends for them."""

import json

import keras
import numpy as np
import pytest
from test_gan import POINTS, small_gan

from gan_utils.training import PROGRESS
from gan_utils.training import progress as module


@pytest.fixture
def note(tmp_path, monkeypatch):
    monkeypatch.setenv(PROGRESS, str(tmp_path / "progress.json"))
    monkeypatch.setattr(module, "SECONDS", 0.0)
    return tmp_path / "progress.json"


class Reader(keras.callbacks.Callback):
    """Reads the note of the epoch before, because its own turn comes first."""

    def __init__(self, path):
        super().__init__()
        self.path, self.notes = path, []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.notes.append(json.loads(self.path.read_text()))


def test_a_note_tells_the_step_the_goal_and_the_losses(note):
    gan, reader = small_gan(), Reader(note)
    gan.fit(POINTS, steps=30, batch_size=8, epoch_steps=10, callbacks=reader)
    assert [(told["step"], told["goal"]) for told in reader.notes] == [(10, 30), (20, 30)]
    losses = gan.recorded("d_loss")[1]
    np.testing.assert_allclose([told["measured"]["d_loss"] for told in reader.notes], losses[:2])
    assert all(told["seconds_left"] > 0 for told in reader.notes)
    assert not note.exists()  # the training is over


def test_training_goes_on_where_no_note_can_be_written(note, monkeypatch):
    monkeypatch.setenv(PROGRESS, str(note.parent / "nowhere" / "progress.json"))
    gan = small_gan()
    gan.fit(POINTS, steps=10, batch_size=8, epoch_steps=5)
    assert gan.step == 10


def test_without_being_asked_there_is_no_note(note, monkeypatch):
    monkeypatch.delenv(PROGRESS)
    small_gan().fit(POINTS, steps=10, batch_size=8, epoch_steps=5)
    assert list(note.parent.iterdir()) == []
