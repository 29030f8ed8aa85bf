"""`gan-course generate`: images that are the generator's, a table that names them, and refusals."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("papermill")

from commands import runner
from gan_utils.course import cli
from gan_utils.data import unscale
from gan_utils.lesson.run import Run
from gan_utils.networks.conditional import conditional_generator
from gan_utils.networks.growing import EqualisedDense, PixelNorm
from gan_utils.networks.minibatch import MinibatchStdDev
from gan_utils.networks.registry import build
from gan_utils.streams import latent_vectors

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
           "Bag", "Ankle boot")  # fmt: skip


def finished(folder, lesson, model, classes=(), when=None):
    """A run that is over, with a generator."""
    from datetime import UTC, datetime

    folder.mkdir(parents=True)
    run = Run(lesson, folder, {"seed": 0}, "defaults", datetime.now(UTC))
    if model is not None:
        run.keep_generator(model, (-1.0, 1.0), classes)
    run.finish()
    if when:
        os.utime(folder / "result.json", (when, when))
    return folder


@pytest.fixture(scope="module")
def models():
    keras.utils.set_random_seed(0)
    return {"06": conditional_generator(), "03": build("swift")[0]}


@pytest.fixture
def runs(tmp_path, monkeypatch, models):
    monkeypatch.chdir(tmp_path)
    finished(tmp_path / "runs/now/06_conditional", "06_conditional", models["06"], CLASSES)
    finished(tmp_path / "runs/03_dcgan_fashion-1", "03_dcgan_fashion", models["03"])
    finished(tmp_path / "runs/01_minimax-1", "01_minimax", None)
    return tmp_path


def generate(*arguments):
    return runner().invoke(cli.app, ["generate", *arguments])


def rows(folder):
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_image_is_the_generators_of_its_class(runs, models):
    done = generate(
        "06", "--class", "sandal", "--class", "T-shirt/top", "--count", "70", "--out", "o"
    )
    assert done.exit_code == 0, done.stderr
    table = rows(runs / "o")
    assert [row["class"] for row in table] == ["Sandal"] * 70 + ["T-shirt/top"] * 70
    assert len(list((runs / "o").iterdir())) == 141
    asked = np.eye(10, dtype="float32")[[int(row["label"]) for row in table]]
    assert (asked[:70].argmax(1) == 5).all() and (asked[70:].argmax(1) == 0).all()
    expected = unscale(np.asarray(models["06"]([latent_vectors(140, 64, 0), asked])), -1, 1)
    for row, image in zip(table, expected, strict=True):
        written = np.asarray(Image.open(runs / "o" / row["file"])).astype(int)
        assert np.abs(written - image[..., 0]).max() <= 1  # sums in another order


LOAD = """
import json, sys
from pathlib import Path
import numpy as np
from gan_utils.course.generating import load_source
for folder in sys.argv[1:]:
    model = load_source(Path(folder)).model
    z = np.ones((2, model.input_shape[-1]), "float32")
    print(json.dumps(np.asarray(model(z, training=False)).astype(float).sum().item()))
"""


def test_a_generator_with_layers_of_the_course_is_read_by_another_process(tmp_path):
    """Whichever those are: a file of Keras only names them."""
    inputs = keras.Input((7,))
    grown = EqualisedDense(4 * 4)(PixelNorm()(inputs))
    batch = MinibatchStdDev(maps=1)(keras.layers.Reshape((1, 1, 7))(inputs))
    models = {
        "torres": build("torres")[0],
        "grown": keras.Model(inputs, keras.layers.Reshape((4, 4, 1))(grown)),
        "batch": keras.Model(inputs, batch),
    }
    sums = []
    for name, model in models.items():
        finished(tmp_path / name, "03_dcgan_fashion", model)
        z = np.ones((2, model.input_shape[-1]), "float32")
        sums.append(float(np.asarray(model(z, training=False)).astype(float).sum()))
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *models], cwd=tmp_path, capture_output=True, text=True
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == pytest.approx(sums, rel=1e-4)


def test_another_seed_gives_other_images_and_all_classes_are_the_default(runs):
    for seed in ("0", "1"):
        assert generate("06", "--count", "2", "--seed", seed, "--out", seed).exit_code == 0
    assert [row["class"] for row in rows(runs / "0")] == [
        name for name in CLASSES for _ in range(2)
    ]
    file = rows(runs / "0")[0]["file"]
    assert (runs / "0" / file).read_bytes() != (runs / "1" / file).read_bytes()


def test_a_generator_without_classes(runs):
    assert generate("runs/03_dcgan_fashion-1", "--count", "3", "--out", "o").exit_code == 0
    assert [list(row) for row in rows(runs / "o")] == [["file"]] * 3


@pytest.mark.parametrize("name", ["06", "6", "06_conditional"])
def test_the_newest_run_of_a_lesson_is_meant(runs, models, name):
    finished(runs / "runs/old/06_conditional", "06_conditional", models["06"], CLASSES, when=1e9)
    assert "runs/now/06_conditional" in generate(name, "--count", "1", "--out", "o").stdout


REFUSED = {
    "there is no class 'Sandel': did you mean 'Sandal'?": ("06", "--class", "Sandel"),
    "knows no classes: leave out --class": ("03", "--class", "Sandal"),
    "no finished run of 09 in runs: run `gan-course run 09` first": ("09",),
    "kept no generator": ("01",),
    "result.json is missing": ("runs/now",),
}


@pytest.mark.parametrize("words", REFUSED)
def test_refused_with_one_sentence(runs, words):
    done = generate(*REFUSED[words], "--out", "o")
    assert done.exit_code == 2 and words in done.stderr and done.stderr.count("\n") == 1
    assert not (runs / "o").exists()


def test_what_is_there_stays(runs):
    (runs / "o").mkdir()
    (runs / "o" / "mine.txt").write_text("mine")
    done = generate("06", "--out", "o")
    assert done.exit_code == 1 and "already holds files" in done.stderr
    assert [path.name for path in (runs / "o").iterdir()] == ["mine.txt"]


def test_a_damaged_generator(runs):
    path = runs / "runs/now/06_conditional/generator.keras"
    path.write_bytes(path.read_bytes()[:1000])
    done = generate("06", "--out", "o")
    assert done.exit_code == 2 and "generator.keras cannot be read" in done.stderr


def test_the_result_names_what_was_kept(runs):
    result = json.loads((runs / "runs/now/06_conditional/result.json").read_text())
    assert result["generator"] == {
        "file": "generator.keras", "image_range": [-1.0, 1.0], "classes": list(CLASSES),
    }  # fmt: skip
