"""The result of a run: read back with suspicion, and what it says of its circumstances."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from pathlib import Path
from typing import Any

from gan_utils import __version__
from gan_utils.errors import OutputError

DRIVER = Path("/proc/driver/nvidia/version")  # is there where NVIDIA's driver runs
RESULT_FIELDS = {
    "lesson": str,
    "parameters": dict,
    "scores": list,
    "pictures": list,
    "minutes": (int, float),
    "machine": dict,
    "versions": dict,
}


def _is_machine(item: dict[str, Any]) -> bool:
    """Whether what is there of it can be shown; older results may lack some."""
    return isinstance(item.get("accelerators", []), list) and all(
        isinstance(name, str) for name in (*item.get("accelerators", ()), item.get("platform", ""))
    )


SOUND = {"minutes": math.isfinite, "machine": _is_machine}


def read_result(folder: Path) -> dict[str, Any]:
    """Read the `result.json` that `Run.finish` wrote; OutputError where it is no whole result."""
    path = folder / "result.json"
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OutputError(
            f"{path} is missing: the lesson ended without `run.finish()`, so run it again."
        ) from None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read ({error}): run the lesson again.") from None
    fields = result if isinstance(result, dict) else {}
    for name, kind in RESULT_FIELDS.items():
        value = fields.get(name)
        if not isinstance(value, kind) or (name in SOUND and not SOUND[name](value)):
            raise OutputError(f"{path} has no proper `{name}`: run the lesson again.")
    for list_name, sound in (("scores", _is_score), ("pictures", _is_picture)):
        for item in fields[list_name]:
            if not (isinstance(item, dict) and sound(item)):
                raise OutputError(f"{path} has a damaged entry in `{list_name}`: run it again.")
    return fields


def _is_score(item: dict[str, Any]) -> bool:
    """Whether it has a name, a finite value, and text or numbers where those are expected."""
    ends = [item.get(end) for end in ("low", "high")]
    numbers = [item.get("value"), *(end for end in ends if end is not None)]
    return all(isinstance(item.get(key, ""), str) for key in ("unit", "better")) and (
        isinstance(item.get("name"), str)
        and (item.get("n") is None or type(item["n"]) is int)
        and all(type(x) in (int, float) and math.isfinite(x) for x in numbers)
    )


def _is_picture(item: dict[str, Any]) -> bool:
    return all(isinstance(item.get(key), str) for key in ("name", "file", "alt"))


def circumstances() -> dict[str, Any]:
    """What a result needs beside its scores to be compared: versions, machine, peak memory."""
    import keras
    import numpy
    import tensorflow as tf

    accelerators = [
        tf.config.experimental.get_device_details(device).get("device_name", device.device_type)
        for device in tf.config.list_physical_devices()
        if device.device_type != "CPU"
    ]
    return {
        "package": __version__,
        "peak_memory_mb": _peak_memory(),
        "machine": {
            "cpus": os.cpu_count(),
            "platform": f"{platform.system()} {platform.machine()}",
            "accelerators": accelerators,
            "unused_gpu": unused_gpu(),
        },
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": numpy.__version__,
        },
    }


def unused_gpu() -> str:
    """One sentence where an NVIDIA GPU is here that TensorFlow does not use, "" elsewhere."""
    import tensorflow as tf

    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    hidden = not wanted or wanted.startswith("-")
    if hidden or not DRIVER.exists() or tf.config.list_physical_devices("GPU"):
        return ""
    lacks = "finds no CUDA libraries" if tf.test.is_built_with_cuda() else "is built for CPUs"
    return (
        f"An NVIDIA GPU is here, but TensorFlow does not use it, because it {lacks}: install "
        f"gan-course[gpu] in an environment of its own, as README says."
    )


def _peak_memory() -> float | None:
    """The most memory that this process has held, in MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)
