"""How far a training has come, in a small file that whoever started it may read meanwhile."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import keras

from gan_utils.training import PROGRESS

SECONDS = 1.0  # from one note to the next


class Progress(keras.callbacks.Callback):
    """Notes step, goal, seconds left and what was measured, and removes its note at the end.

    A note that cannot be written is left out: no training ends for it.
    """

    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        self.began, self.first, self.told = time.monotonic(), self.model.step, 0.0

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        if now - self.told < SECONDS:
            return
        self.told, step = now, self.model.step
        pace = (now - self.began) / max(1, step - self.first)
        note = {
            "step": step, "goal": self.model.goal, "measured": logs,
            "seconds_left": pace * (self.model.goal - step),
        }  # fmt: skip
        part = self.path.with_suffix(".part")
        with suppress(OSError):
            part.write_text(json.dumps(note), encoding="utf-8")
            part.replace(self.path)

    def on_train_end(self, logs=None):
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def asked_for() -> list[Progress]:
    """The callback that the environment asks for, if it does."""
    return [Progress(Path(os.environ[PROGRESS]))] if os.environ.get(PROGRESS) else []
