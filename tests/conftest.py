"""What every test runs under, also in the processes that it starts."""

import os

# TensorFlow's start-up notes name the processor at hand and would end up in captured stderr.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
