"""How long the course and the TensorFlow tutorial train until their garments are equally good.

    python benchmarks/quality.py

The tutorial's recipe trains for as many steps as its loop does in 15 minutes in float32; lesson
03's default recipe, whose rates fall over all its steps, until its score is below a tenth of
the tutorial's. Both see the 20,000 bundled images; their score is the Fréchet distance of 5,000
generated images to the test images by the bundled classifier, and scoring is outside the clock.
Five seeds each. It takes two hours on two cores, most of them for the tutorial's recipe.

Every training is a process of its own (`python benchmarks/quality.py textbook:0`), and its
result is kept in benchmarks/quality/, by the hash of the sources that it depends on: a benchmark
that was stopped goes on where it was, and changed sources are measured anew.
"""

import ast
import hashlib
import inspect
import io
import json
import statistics
import sys
import time
import tokenize
from functools import cache
from pathlib import Path

import numpy as np
import recording
import step as textbook
from recording import Row, spread

from gan_utils.course.package_hash import modules
from gan_utils.files import make_folder, write_atomically

SEEDS = range(5)
SAMPLES = 5000
ENOUGH = 20.0  # FD; a tenth of what the tutorial reaches is 22
MINUTES = 15
FOLDER = recording.HERE / "quality"
TEXTBOOK_STEPS = (250, 1500, 1625, 1750)


def scorer():
    """A function that gives the FD of uint8 images."""
    from gan_utils.judging import Judge

    judge = Judge("fashion_mnist")
    return lambda images: float(judge.fd(images, resamples=0))


def train_textbook(seed: int) -> dict:
    """FD of the tutorial's loop in float32 after each of `TEXTBOOK_STEPS`."""
    import keras

    from gan_utils.data import load_images, unscale

    keras.utils.set_random_seed(seed)
    train, generator = textbook.loop(load_images("fashion_mnist").images)
    score, z = scorer(), np.random.default_rng(0).normal(size=(SAMPLES, 100)).astype("float32")
    scores: dict[int, float] = {}
    done = 0
    for steps in TEXTBOOK_STEPS:
        train(steps - done)
        done = steps
        parts = [generator(z[i : i + 500], training=False) for i in range(0, SAMPLES, 500)]
        scores[steps] = score(unscale(np.concatenate(parts), -1.0, 1.0))
    return scores


def train_course(seed: int, precision: str = "auto", steps: int | None = None) -> dict:
    """Seconds of training, and FD of the average, while lesson 03's recipe trains.

    It is scored every 250 steps until it is `ENOUGH`; `steps` stands for the recipe's own number,
    and then only the end is scored.
    """
    import keras

    from gan_utils.course.notebooks import find_lessons
    from gan_utils.data import load_images, unscale
    from gan_utils.fast.optimizers import Adam
    from gan_utils.fast.precision import choose
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import LOSSES
    from gan_utils.training.penalties import R1, Lazy

    (lesson,) = find_lessons(["03"])
    values = {name: parameter.default for name, parameter in lesson.parameters.items()}
    stops = [steps] if steps else [*range(250, values["steps"] + 1, 250)]
    steps = stops[-1]
    if precision == "auto":
        precision = choose().name
    keras.utils.set_random_seed(seed)
    generator, discriminator, image_range = build(values["architecture"], precision)
    gan = GAN(
        generator,
        discriminator,
        LOSSES[values["loss"]](),
        penalty=Lazy(R1(values["gamma"]), values["penalty_every"]),
        ema=values["ema"],
        image_range=image_range,
        seed=seed,
    )

    def adam(rate):
        return Adam(keras.optimizers.schedules.CosineDecay(rate, steps), beta_1=0.0)

    gan.compile(adam(values["g_rate"]), adam(values["d_rate"]))
    images, score, seconds, curve = load_images("fashion_mnist").images, scorer(), 0.0, []
    for stop in stops:
        start = time.perf_counter()
        gan.fit(images, stop, values["batch_size"], epoch_steps=250)
        seconds += time.perf_counter() - start
        curve.append([seconds, score(unscale(gan.sample(SAMPLES, seed=2), *image_range))])
        if curve[-1][1] < ENOUGH:
            break
    return {"precision": precision, "steps": steps, "curve": curve}


SHORT = 1000  # steps of the recipe when it is trained to compare number formats
WAYS = {
    "textbook": train_textbook,
    "course": train_course,
    "short, float32": lambda seed: train_course(seed, "float32", SHORT),
    "short, bfloat16": lambda seed: train_course(seed, "bfloat16", SHORT),
}


# The rooms that a training of each kind passes through, its judge's included.
JUDGED = {"data", "metrics", "fast", "networks", "judging"}
PLAYED = JUDGED | {"streams", "training"}


@cache
def sources(way: str) -> str:
    """Hash of all that a training of this kind depends on, its clock and its judge included.

    It follows what the code of whole rooms does, and not its words or where it lies: a module
    that is moved, or a better docstring, costs no training.
    """
    root = Path(__file__).parent.parent
    files = [root / "data" / "checksums.json", root / "data" / "evaluators" / "fashion_mnist.json"]
    texts = [file.read_text(encoding="utf-8") for file in files]
    if way == "textbook":
        rooms, parts = JUDGED, [textbook.loop, train_textbook, scorer]
        texts.append(repr((TEXTBOOK_STEPS, SAMPLES, textbook.BATCH)))
    else:
        rooms, parts = PLAYED, [train_course, scorer]
        lesson = json.loads((root / "notebooks" / "03_dcgan_fashion.ipynb").read_text("utf-8"))
        recipe = next(c for c in lesson["cells"] if "parameters" in c["metadata"].get("tags", []))
        texts += [json.dumps(recipe["source"]), recording.processor()]
        texts.append(repr((SHORT, SAMPLES, ENOUGH)))
    codes = [inspect.getsource(part) for part in parts]
    codes += [
        path.read_text(encoding="utf-8")
        for name, path in modules().items()
        if name.split("/")[0].removesuffix(".py") in rooms
    ]
    contents = [*texts, *map(doings, codes)]
    digests = sorted(hashlib.sha256(content.encode()).hexdigest() for content in contents)
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:12]


def doings(source: str) -> str:
    """The lines of a module without its imports, comments, docstrings and empty lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node):
            node = node.body[0]
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def file_name(way: str) -> str:
    """How the files begin in which trainings of a kind are kept."""
    return way.replace(" ", "-").replace(",", "")


def piece(way: str, seed: int) -> dict:
    """One training's provenance, and what it gave as `found`: kept from an earlier training by the
    same sources, or trained now.
    """
    path = FOLDER / f"{file_name(way)}-{seed}-{sources(way)}.json"
    if not path.exists():
        make_folder(FOLDER)
        name, started = f"{way}:{seed}", time.perf_counter()
        result = recording.in_turn(__file__, [name], 1)[name][0]
        kept = {
            **recording.provenance(f"{Path(__file__).stem}.py {name!r}", started),
            "processor": recording.processor(),
            "found": result,
        }
        write_atomically(path, (json.dumps(kept, indent=1) + "\n").encode())
    return json.loads(path.read_text(encoding="utf-8"))


def measure(pieces: dict[str, list[dict]]) -> list[Row]:
    results = {way: [one["found"] for one in ones] for way, ones in pieces.items()}
    milliseconds = loop_milliseconds()
    affordable = MINUTES * 60e3 / milliseconds
    if affordable > TEXTBOOK_STEPS[-1]:
        raise SystemExit(f"TEXTBOOK_STEPS ends before {affordable:.0f}: add a number beyond that.")
    # The next number that was scored, to the tutorial's advantage.
    reached = next(s for s in TEXTBOOK_STEPS if s >= affordable)
    targets = [one[str(reached)] for one in results["textbook"]]
    target = statistics.median(targets)
    rows = [
        Row("tutorial's loop, float32: one step", milliseconds, "ms"),
        Row(f"tutorial's loop, float32: steps in {MINUTES} minutes", affordable, ""),
        spread(
            f"tutorial's loop, float32: FD after {MINUTES} minutes, {reached:,} steps",
            targets,
            "",
            shown=True,
        ),
    ]
    for words, share in (
        ("the tutorial's FD", 1.0),
        ("a quarter of it", 0.25),
        ("a tenth of it", 0.1),
    ):
        taken = [
            min((s for s, fd in one["curve"] if fd <= share * target), default=float("inf"))
            for one in results["course"]
        ]
        rows.append(spread(f"lesson 03's recipe: training until {words}", taken, "s", shown=True))
    for precision in ("float32", "bfloat16"):
        fds = [one["curve"][-1][1] for one in results[f"short, {precision}"]]
        rows.append(spread(f"FD of the recipe in {SHORT:,} steps, {precision}", fds, ""))
    return rows


def loop_milliseconds() -> float:
    """Median time of the loop's step, as step.py measured it on such a processor."""
    kept = recording.read().get("step", {}).get(recording.processor(), {"rows": []})
    times = [row["value"] for row in kept["rows"] if row["what"].startswith(textbook.LOOP)]
    if not times:
        raise SystemExit(
            "run python benchmarks/step.py first: it times the loop on this processor."
        )
    return times[0]


if __name__ == "__main__":
    if sys.argv[1:]:
        way, seed = sys.argv[1].rsplit(":", 1)
        print(json.dumps(WAYS[way](int(seed))))
    else:
        pieces = {way: [piece(way, seed) for seed in SEEDS] for way in WAYS}
        kept = [one for ones in pieces.values() for one in ones]
        versions = sorted({one["version"] for one in kept})
        minutes = sum(one["minutes"] for one in kept)
        recording.run(__file__, lambda: measure(pieces), minutes, ", ".join(versions))
