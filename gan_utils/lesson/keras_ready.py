"""Keras as the course needs it, whatever the environment or an old `keras.json` says."""

from __future__ import annotations

import os
import sys

from gan_utils.errors import CourseError


def load_keras() -> None:
    """Import Keras with TensorFlow behind it, numbers in float32 and channels last.

    Raises CourseError where Keras was imported with something else behind it.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    if keras.config.backend() != "tensorflow":
        raise CourseError(
            f"Keras works with {keras.config.backend()} in this process, and the course needs "
            f"TensorFlow: restart it without KERAS_BACKEND, and import gan_utils before keras."
        )
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
