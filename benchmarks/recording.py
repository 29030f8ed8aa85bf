"""What every benchmark shares: rows of figures, `results.json`, and the README's table."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gan_utils import __version__
from gan_utils.lesson.result import circumstances

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
README = HERE.parent / "README.md"
START, END = "<!-- benchmarks: written by make bench -->", "<!-- end of benchmarks -->"


@dataclass(frozen=True)
class Row:
    """One figure with its spread, from `low` to `high`; `shown` ones stand in the README."""

    what: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    shown: bool = False

    @property
    def figure(self) -> str:
        """Value, spread and unit, with about three digits."""
        spread = f" [{short(self.low)}, {short(self.high)}]" if self.low is not None else ""
        return f"{short(self.value)}{spread} {self.unit}".strip()


def short(value: float) -> str:
    """A number as people say it: 1,744; 244; 2.45; 0.031."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(what: str, values: Sequence[float], unit: str, shown: bool = False) -> Row:
    """The median of several measurements, and the smallest and the largest."""
    return Row(what, statistics.median(values), unit, min(values), max(values), shown)


def ratios(what: str, base: Sequence[float], times: Sequence[float], shown: bool = False) -> Row:
    """How many times as fast, turn by turn: what else the machine does changes between turns."""
    return spread(what, [b / t for b, t in zip(base, times, strict=True)], "times", shown)


def in_turn(script: str, ways: Sequence[str], turns: int) -> dict[str, list[dict]]:
    """What `python script way` prints as JSON, for every way, `turns` times, taking turns.

    Each is a process of its own, so that no way meets what another has loaded or compiled.
    """
    results: dict[str, list[dict]] = {way: [] for way in ways}
    for _ in range(turns):
        for way in ways:
            done = subprocess.run(
                [sys.executable, script, way],
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SystemExit(f"{script} {way} failed:\n{done.stderr[-2000:]}")
            results[way].append(json.loads(done.stdout.splitlines()[-1]))
    return results


def milliseconds_a_step(train: Callable[[int], None], steps: int, blocks: int) -> float:
    """The best of a few blocks of steps, as what else runs only adds to it; tracing is left out."""
    train(steps)
    taken = []
    for _ in range(blocks):
        start = time.perf_counter()
        train(steps)
        taken.append(1e3 * (time.perf_counter() - start) / steps)
    return min(taken)


def run(
    script: str,
    measure: Callable[[], list[Row]],
    minutes: float = 0.0,
    version: str = __version__,
) -> None:
    """Measure, print the rows, and put them into results.json.

    There they replace the rows of this script on such a processor; those of other scripts, and of
    this one on other processors, stay beside them. `minutes` went before, for trainings that
    are kept, and `version` of the course made those.
    """
    name = Path(script).stem
    started = time.perf_counter()
    rows = measure()
    width = max(len(row.what) for row in rows)
    for row in rows:
        print(f"{row.what:{width}}  {row.figure}")
    results = read()
    results.setdefault(name, {})[processor()] = {
        **provenance(f"{name}.py", started - 60 * minutes),
        "version": version,
        "rows": [asdict(row) for row in rows],
    }
    results = {script: dict(sorted(entries.items())) for script, entries in sorted(results.items())}
    text = json.dumps(results, indent=1, ensure_ascii=False)
    part = RESULTS.with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(RESULTS)
    readme = README.read_text(encoding="utf-8")
    before, rest = readme.split(START)
    after = rest.split(END)[1]
    README.write_text(f"{before}{START}\n{table(results)}{END}{after}", encoding="utf-8")


def provenance(script: str, started: float) -> dict:
    """What has to stand beside figures; `started` as `time.perf_counter` gave it."""
    around = circumstances()
    return {
        "command": f"python benchmarks/{script}",
        "date": datetime.now(UTC).date().isoformat(),
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "version": __version__,
        "machine": around["machine"],
        "versions": around["versions"],
    }


def read() -> dict[str, dict[str, dict]]:
    """What results.json holds, by the name of the script and of the processor."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def table(results: dict[str, dict[str, dict]]) -> str:
    """The rows that are shown, as the README's table."""
    lines = [
        "| Measured | Median [smallest, largest] | Processor | Version, command |",
        "|---|---|---|---|",
    ]
    for script in results.values():
        for name, entry in script.items():
            rows = [Row(**row) for row in entry["rows"]]
            command = f"{entry['version']}, `{entry['command']}`, {short(entry['minutes'])} min"
            lines += [f"| {r.what} | {r.figure} | {name} | {command} |" for r in rows if r.shown]
    return "\n".join(lines) + "\n"


def processor() -> str:
    """The processor's name as the system gives it, and its instructions for bfloat16."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        named = dict(line.split(":", 1) for line in lines if ":" in line)
        fields = {key.strip(): value.split() for key, value in named.items()}
        name = " ".join(fields["model name"])
    except (OSError, KeyError):
        return platform.processor() or platform.machine()
    if "amx_bf16" in fields.get("flags", []):
        return f"{name}, AMX"
    return f"{name}, AVX-512 BF16" if "avx512_bf16" in fields.get("flags", []) else name
