"""The file that a training goes on from: numbered arrays, checked before any is used."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from gan_utils.errors import CheckpointError
from gan_utils.files import make_folder, write_atomically

RECORD = "record "  # how the names of recorded values begin; all others are variables


def write_checkpoint(path: Path, variables: dict, records: dict) -> None:
    """Write variables {name: keras.Variable} and records {name: [(step, array), …]} to `path`.

    The file there is replaced in one move or not at all; raises OutputError.
    """
    arrays = {name: variable.numpy() for name, variable in variables.items()}
    for name, entries in records.items():
        steps, values = zip(*entries, strict=True)
        arrays[f"{RECORD}steps/{name}"] = np.asarray(steps)
        arrays[f"{RECORD}values/{name}"] = np.stack(values)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    make_folder(path.parent)
    write_atomically(path, buffer.getvalue())


def read_value(path: Path, name: str) -> np.ndarray:
    """One array of a checkpoint by its variable's name; raises CheckpointError."""
    arrays = _arrays(path, name)
    if name not in arrays:
        raise CheckpointError(
            f"the checkpoint {path} is of another architecture (it holds no {name!r}): load it "
            f"with the model that wrote it."
        )
    return arrays[name]


def read_checkpoint(path: Path, variables: dict) -> dict:
    """Assign the arrays in `path` to the variables and return the records.

    Nothing changes unless every array is there and fits; raises CheckpointError.
    """
    arrays = _arrays(path)
    names = {name for name in arrays if not name.startswith(RECORD)}
    if names != set(variables):
        raise CheckpointError(
            f"the checkpoint {path} is of another architecture ({len(names)} arrays where this "
            f"model has {len(variables)}): load it with the model that wrote it."
        )
    for name, variable in variables.items():
        if arrays[name].shape != tuple(variable.shape):
            raise CheckpointError(
                f"the checkpoint {path} is of another architecture ({name} has shape "
                f"{arrays[name].shape}, here {tuple(variable.shape)}): load it with the model "
                f"that wrote it."
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    records = {}
    for name in arrays:
        if name.startswith(f"{RECORD}steps/"):
            key = name.removeprefix(f"{RECORD}steps/")
            values = arrays[f"{RECORD}values/{key}"]
            records[key] = list(zip(arrays[name].tolist(), values, strict=True))
    return records


def _arrays(path: Path, only: str = "") -> dict[str, np.ndarray]:
    """All arrays of a checkpoint, or the one that is named, where it is there."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if only in ("", name)}
    except Exception as error:  # a cut zip, a bad header, no npz at all: the mend is the same
        raise CheckpointError(
            f"the checkpoint {path} cannot be read ({type(error).__name__}): delete it to start "
            f"anew, or give an earlier one."
        ) from error
