"""Train the evaluators, the classifiers by which generated images are scored; measure them.

    python data/train_evaluators.py                             all
    python data/train_evaluators.py mnist --mnist-test DIR      one, tested on more digits

Writes data/evaluators/<name>.keras (no optimizer state) and data/evaluators/<name>.json (accuracy
with its interval on every test set, and how it was obtained). MNIST is trained on the 8,000 bundled
digits and tested on the 2,000 bundled ones and, where a folder with the two official idx files is
given, on the 10,000 official test digits. Fashion-MNIST is trained on all 60,000 training images
and tested on all 10,000 test images.
"""

import argparse
import hashlib
import json
import os
import platform
import shlex
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from build import FASHION_FOLDER, read_fashion, read_idx
from keras import layers

from gan_utils.data import load_images
from gan_utils.data.bundle import data_dir
from gan_utils.judging.evaluators import NAMES, SHAPE, build_classifier
from gan_utils.metrics import proportion

FOLDER = data_dir() / "evaluators"
SEED = 0
BATCH = 128
PEAK_RATE = 3e-3
WARMUP_STEPS = 200
EPOCHS = {"mnist": 40, "fashion_mnist": 10, "fashion_mnist_residual": 10}


def augmentation(name: str) -> list[layers.Layer]:
    """Small changes that keep the class: digits are moved, turned, zoomed; garments mirrored."""
    black = {"fill_mode": "constant", "fill_value": 0.0}
    if name == "mnist":
        return [
            layers.RandomTranslation(0.08, 0.08, seed=SEED + 1, **black),
            layers.RandomRotation(0.04, seed=SEED + 2, **black),
            layers.RandomZoom(0.12, 0.12, seed=SEED + 3, **black),
        ]
    return [layers.RandomFlip("horizontal", seed=SEED + 1)]


def train(name: str, images: np.ndarray, labels: np.ndarray) -> keras.Model:
    classifier = build_classifier(name)
    inputs = keras.Input(SHAPE)
    x = inputs
    for layer in augmentation(name):
        x = layer(x)
    learner = keras.Model(inputs, classifier(x)[1])
    steps = EPOCHS[name] * (len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - WARMUP_STEPS, warmup_target=PEAK_RATE, warmup_steps=WARMUP_STEPS
    )
    learner.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    rows = (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images), seed=SEED)
        .batch(BATCH, drop_remainder=True)
        .map(lambda x, y: (tf.cast(x, tf.float32), y))
        .prefetch(2)
    )
    learner.fit(rows, epochs=EPOCHS[name], shuffle=False, verbose=2)  # the rows shuffle themselves
    return classifier


def measure(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy in [0, 1] on n images, with the 95 % interval of Wilson (1927) for a proportion."""
    _, logits = model.predict(images, batch_size=500, verbose=0)
    share = proportion(int(np.sum(logits.argmax(1) == labels)), len(labels))
    return {"accuracy": share.value, "low": share.low, "high": share.high, "n": share.n}


def sets(name: str, options: argparse.Namespace) -> tuple[str, tuple, dict[str, tuple]]:
    """In words what is trained on, the training set, and the test sets by name; (n, 28, 28, 1)."""
    if name == "mnist":
        training, test = load_images("mnist", "train"), load_images("mnist", "test")
        tests = {"2,000 bundled test digits": (test.images, test.labels)}
        if options.mnist_test:
            images, _ = read_idx(options.mnist_test / "t10k-images-idx3-ubyte.gz")
            labels, _ = read_idx(options.mnist_test / "t10k-labels-idx1-ubyte.gz")
            tests["10,000 official test digits"] = (images[..., np.newaxis], labels)
        return "8,000 bundled training digits", (training.images, training.labels), tests
    images, labels, test_images, test_labels = read_fashion(options.fashion)
    tests = {"10,000 official test images": (test_images[..., np.newaxis], test_labels)}
    return "60,000 official training images", (images[..., np.newaxis], labels), tests


def provenance(name: str, options: argparse.Namespace) -> dict:
    """Train one classifier, save its weights, and say what came out and how."""
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    words, training, tests = sets(name, options)
    start = time.perf_counter()
    model = train(name, *training)
    minutes = (time.perf_counter() - start) / 60
    path = FOLDER / f"{name}.keras"
    model.save(path)
    command = ["python", "data/train_evaluators.py", name]
    command += ["--mnist-test", "DIR"] if options.mnist_test else []
    return {
        "name": name,
        "tests": {words: measure(model, *rows) for words, rows in tests.items()},
        "training_set": words,
        "parameters": model.count_params(),
        "epochs": EPOCHS[name],
        "seed": SEED,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "minutes": round(minutes, 1),
        "machine": options.machine,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "command": shlex.join(command),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Train and measure the bundled classifiers.")
    parser.add_argument("name", nargs="?", choices=NAMES, help="one of them; default: all")
    parser.add_argument("--mnist-test", type=Path, help="folder of the official MNIST test files")
    parser.add_argument("--fashion", type=Path, default=FASHION_FOLDER, help="folder of idx files")
    parser.add_argument(
        "--machine",
        default=f"{os.cpu_count()} cores, {platform.machine()}",
        help="the machine in words, for the provenance",
    )
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in [options.name] if options.name else NAMES:
        text = json.dumps(provenance(name, options), indent=2)
        (FOLDER / f"{name}.json").write_text(text + "\n")
        print(text)


if __name__ == "__main__":
    main()
