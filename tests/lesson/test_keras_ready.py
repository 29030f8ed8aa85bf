"""An environment that is set up for other work of the reader's does not reach the course."""

import json
import os
import subprocess
import sys

import keras
import pytest

from gan_utils.errors import CourseError
from gan_utils.lesson.keras_ready import load_keras

TELL = (
    "from gan_utils.lesson.keras_ready import load_keras; load_keras(); import keras; "
    "print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())"
)


def test_another_backend_and_an_old_file_are_set_right(tmp_path):
    old = {"backend": "torch", "floatx": "float64", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(old))
    environment = {**os.environ, "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", TELL], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["tensorflow", "float32", "channels_last"], done.stderr


def test_keras_that_was_imported_before_with_another_backend_is_named(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(CourseError, match="Keras works with torch in this process"):
        load_keras()
