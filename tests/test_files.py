"""Files replace others even where somebody has those open for a moment; new folders are empty."""

import pytest

from gan_utils import files
from gan_utils.errors import OutputError
from gan_utils.files import new_folder, whole_file, write_atomically


@pytest.fixture
def refusals(monkeypatch):
    """A function that lets the next replacements be refused, and the list of those that were."""
    replace, refused, left = files.os.replace, [], [0]

    def reluctant(part, path):
        if left[0]:
            left[0] -= 1
            refused.append(path)
            raise PermissionError(13, "Permission denied")
        return replace(part, path)

    monkeypatch.setattr(files.os, "replace", reluctant)
    monkeypatch.setattr(files, "PAUSES", (0.0, 0.0, 0.0))

    def refuse(times):
        left[0] = times
        return refused

    return refuse


def test_a_file_that_is_held_twice_is_replaced_at_last(tmp_path, refusals):
    path = tmp_path / "result.json"
    write_atomically(path, b"earlier")
    refused = refusals(2)
    write_atomically(path, b"later")
    assert path.read_bytes() == b"later" and len(refused) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_always_held_stays_as_it_was(tmp_path, refusals):
    path = tmp_path / "result.json"
    write_atomically(path, b"earlier")
    refusals(99)
    with pytest.raises(OutputError, match=r"cannot write .*result\.json \(permission denied\)"):
        write_atomically(path, b"later")
    assert path.read_bytes() == b"earlier" and list(tmp_path.iterdir()) == [path]


def test_a_new_folder_holds_nothing(tmp_path):
    new_folder(tmp_path / "a" / "b")
    new_folder(tmp_path / "a" / "b")  # still empty
    with pytest.raises(OutputError, match="already holds files: choose a new one"):
        new_folder(tmp_path / "a")


def test_a_file_in_pieces_is_whole_or_is_what_it_was(tmp_path):
    path = tmp_path / "images.npy"
    with whole_file(path) as file:
        file.write(b"12")
        file.write(b"34")
        assert not path.exists()
    for fault, seen in ((ValueError, ValueError), (OSError, OutputError)):
        with pytest.raises(seen), whole_file(path) as file:
            file.write(b"half")
            raise fault
    assert path.read_bytes() == b"1234" and list(tmp_path.iterdir()) == [path]
