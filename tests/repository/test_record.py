"""Recording a run keeps what a reader needs to repeat it, and replaces nothing by halves."""

import json

import pytest

from gan_utils.errors import OutputError

pytestmark = pytest.mark.repository
record = pytest.importorskip("record", reason="tools/ lies in the checkout")

RESULT = {
    "lesson": "02_mlp_gan_mnist",
    "parameters": {"seed": 0, "folder": "somewhere"},
    "scores": [{"name": "FD", "value": 1.5}],
    "pictures": [
        {"name": "samples", "file": "samples.png", "alt": "digits"},
        {"name": "curves", "file": "curves.png", "alt": "curves"},
    ],
    "minutes": 3.0,
    "package": "0.2.0",
    "machine": {"cpus": 2, "platform": "Linux", "accelerators": []},
    "versions": {"python": "3.11"},
}


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps(RESULT))
    (folder / "samples.png").write_bytes(b"picture")
    (folder / "history.json").write_text("{}")
    return folder


def test_the_record_names_command_and_machine_and_no_folder(run, tmp_path):
    kept = record.record(run, ["samples"], "gan-course run 02", "2 cores", tmp_path / "recorded")
    assert kept == tmp_path / "recorded" / "02_mlp_gan_mnist"
    assert sorted(path.name for path in kept.iterdir()) == [
        "history.json",
        "result.json",
        "samples.png",
    ]
    result = json.loads((kept / "result.json").read_text())
    assert result["command"] == "gan-course run 02"
    assert result["machine"] == {**RESULT["machine"], "name": "2 cores"}
    assert result["parameters"] == {"seed": 0}
    assert [picture["name"] for picture in result["pictures"]] == ["samples"]


@pytest.mark.parametrize(
    ("spoil", "pictures", "words"),
    [
        (lambda run: None, ["sample"], "no picture `sample`; there are: samples, curves"),
        (lambda run: None, ["curves"], "curves.png cannot be read"),
        (
            lambda run: (run / "samples.png").write_bytes(bytes(record.LARGEST + 1)),
            ["samples"],
            "more than 4,000,000",
        ),
        (lambda run: (run / "result.json").unlink(), ["samples"], "is missing"),
    ],
)
def test_a_fault_leaves_the_earlier_record(run, tmp_path, spoil, pictures, words):
    target = tmp_path / "recorded"
    kept = record.record(run, ["samples"], "first", "2 cores", target)
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    spoil(run)
    with pytest.raises(OutputError, match=words):
        record.record(run, pictures, "second", "2 cores", target)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


def test_the_command_tells_a_fault_in_one_sentence(tmp_path, capsys):
    options = [str(tmp_path), "samples", "--command", "c", "--machine", "m"]
    assert record.main(options) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: ") and error.count("\n") == 1


@pytest.fixture
def sweep(tmp_path):
    """Two runs: one done, one that failed."""
    folder = tmp_path / "sizes"
    runs = [{"name": f"a-{n}", "lesson": "a", "values": {"seed": 0, "size": n}} for n in (1, 2)]
    for run in runs:
        (folder / run["name"]).mkdir(parents=True)
    (folder / "a-1" / "result.json").write_text(json.dumps({**RESULT, "pictures": []}))
    (folder / "a-2" / "failed.json").write_text('{"error": "no luck", "minutes": 0.5}')
    (folder / "sweep.json").write_text(json.dumps({"token": "t", "runs": runs}))
    return folder


def test_tables_of_a_sweep_are_kept_with_their_provenance(sweep, tmp_path):
    kept = record.record_sweep(sweep, "gan-course sweep sizes.yaml", "2 cores", tmp_path / "kept")
    assert kept == tmp_path / "kept" / "sweeps" / "sizes"
    assert sorted(path.name for path in kept.iterdir()) == [
        "comparisons.csv", "provenance.json", "summary.csv", "table.csv",
    ]  # fmt: skip
    assert json.loads((kept / "provenance.json").read_text()) == {
        "command": "gan-course sweep sizes.yaml",
        "machine": {**RESULT["machine"], "name": "2 cores"},
        "package": "0.2.0",
        "versions": {"python": "3.11"},
        "minutes": 3.5,
        "runs": 2,
        "failed": 1,
    }
    assert "a,1,FD,1.5,,,1" in (kept / "summary.csv").read_text()


def test_unfinished_sweep_is_not_kept(sweep, tmp_path):
    (sweep / "a-2" / "failed.json").unlink()
    with pytest.raises(OutputError, match="has 1 runs to do: let the sweep come to its end"):
        record.record_sweep(sweep, "c", "m", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_sweep_of_failures_is_not_kept(sweep, tmp_path):
    for result in sweep.glob("*/result.json"):
        result.unlink()
        (result.parent / "failed.json").write_text('{"error": "E: no", "minutes": 1}')
    with pytest.raises(OutputError, match="no run that succeeded"):
        record.record_sweep(sweep, "c", "m", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
