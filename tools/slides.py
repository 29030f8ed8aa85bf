"""Build the decks of slides/ into build/slides/, each one an HTML file that needs no network.

    python tools/slides.py              # every deck, HTML and PDF
    python tools/slides.py 01 --no-pdf  # those whose names begin so, HTML only

A deck is Markdown: `## Title` begins a slide, `. . .` a step, `::: notes` what the speaker reads.
A figure is `![what it shows](figure:LESSON/NAME)`: the picture that the lesson's stored notebook
saved under that name, so that no deck shows what no lesson makes.  What is wrong with a deck is
named with its file and line before anything is built.
"""

from __future__ import annotations

import argparse
import ast
import base64
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from browser import BrowserDied, find_chromium, open_browser
from gan_utils.course.deaths import ended

ROOT = Path(__file__).resolve().parent.parent
DECKS, NOTEBOOKS, BUILD = ROOT / "slides", ROOT / "notebooks", ROOT / "build" / "slides"
# From the npm registry, when slides are built: name, version and the SHA-512 of the package.
PACKAGES = {
    "reveal.js": (
        "5.2.1",
        "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
    ),
    "katex": (
        "0.16.22",
        "XCHRdUw4lf3SKBaJe4EvgqIuWwkPSo9XoeO8GjQW94Bp7TWv9hNhzZjZ+OH9yf1UmLygb7DIT5GSFQiyt16zYg==",
    ),
}
WIDTH, HEIGHT = 1280, 720
SHORTEST_NOTE = 40  # characters
# Code between fences, and in a line; what looks like a heading or a formula there is none.
CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
NOTES = re.compile(r"^::: notes\n(.*?)^:::$", re.DOTALL | re.MULTILINE)
TARGET = re.compile(r"(?<=\]\()(?P<target>figure:[^)\s]*)")
FIGURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]*)[^)]*\)")
MATH = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\\$\w])\$(?P<inline>[^$\s](?:[^$\n]*[^$\s])?)\$")
CHECK_MATH = """
const katex = require(process.argv[1]);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(formulas.map(([tex, displayMode]) => {
  try { katex.renderToString(tex, {displayMode, throwOnError: true, strict: "error"}); return ""; }
  catch (error) { return error.message; }
})));
"""


class SlidesError(Exception):
    """What is wrong with a deck, in one sentence that begins with its file and line."""


@dataclass(frozen=True)
class Slide:
    """One slide of a deck: its heading, its text, and the line that it begins on."""

    title: str
    line: int
    text: str

    @property
    def notes(self) -> str:
        """What the speaker reads."""
        return "\n".join(self.text[slice(*match.span(1))] for match in found(NOTES, self.text))

    def line_at(self, position: int) -> int:
        """The line of the deck in which a position in `text` lies."""
        return self.line + self.text.count("\n", 0, position)


def read(deck: Path) -> str:
    """The text of a deck; SlidesError where it is none."""
    content = deck.read_bytes()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SlidesError(f"{deck.name}, line {line}: this is not UTF-8: save it so.") from None


def found(pattern: re.Pattern, text: str) -> Iterator[re.Match]:
    """Where a pattern occurs in a deck's text outside of code; its groups lie in `text`."""
    blank = CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return pattern.finditer(blank)


def replaced(pattern: re.Pattern, new: Callable[[re.Match], str], text: str) -> str:
    """A deck's text in which `new` stands for each occurrence of a pattern outside of code."""
    for match in reversed([*found(pattern, text)]):
        text = text[: match.start()] + new(match) + text[match.end() :]
    return text


def slides_of(text: str) -> list[Slide]:
    """The slides of a deck, its title page left out."""
    starts = [match.start() for match in found(re.compile(r"^## ", re.MULTILINE), text)]
    parts = itertools.pairwise([*starts, len(text)])
    return [
        Slide(text[a:b].splitlines()[0][3:].strip(), text.count("\n", 0, a) + 1, text[a:b])
        for a, b in parts
    ]


def notes_first(text: str) -> str:
    """A deck with each slide's notes right below its heading.

    What follows `. . .` appears with that step, notes as well: the speaker would read nothing
    before the last one.
    """
    slides = slides_of(text)
    head = text[: -sum(len(slide.text) for slide in slides) or None]
    for slide in slides:
        heading, _, rest = slide.text.partition("\n")
        notes = "".join(rest[slice(*match.span())] + "\n" for match in found(NOTES, rest))
        head += f"{heading}\n\n{notes}\n{replaced(NOTES, lambda _: '', rest)}"
    return head


@cache
def pictures(lesson: str) -> dict[str, bytes]:
    """The pictures that a lesson's stored notebook holds, by the names it saved them under."""
    path = NOTEBOOKS / f"{lesson}.ipynb"
    if not path.exists():
        raise SlidesError(f"there is no lesson {lesson}")
    try:
        return _pictures(path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise SlidesError(
            f"the notebook of lesson {lesson} is damaged ({type(error).__name__}: {reason})"
        ) from None


def _pictures(path: Path) -> dict[str, bytes]:
    saved: dict[str, bytes] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        shown = [
            output["data"][kind]
            for output in cell["outputs"]
            for kind in ("image/png", "image/gif")
            if kind in output.get("data", {})
        ]
        code = re.sub(r"^([ \t]*)[%!].*", r"\1pass", "".join(cell["source"]), flags=re.M)
        names = list(_saved(code))
        if shown and names and len(names) != len(shown):
            raise SlidesError(
                f"lesson {path.stem} shows pictures in one cell beside those it saves"
            )
        for name, data in zip(names, shown, strict=False):
            saved[name] = base64.b64decode("".join(data))
    return saved


def _saved(source: str) -> Iterator[str]:
    """The names of the pictures that a cell saves by `run.save(figure, "name", …)`, in order."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = call.args[1] if len(call.args) > 1 else None
        if ast.unparse(call.func) == "run.save" and isinstance(name, ast.Constant):
            yield name.value


def check(deck: Path, vendor: Path) -> None:
    """Raise SlidesError for the first thing that is wrong with a deck."""
    slides = slides_of(read(deck))
    if not slides:
        raise SlidesError(f"{deck.name}, line 1: no slide begins with `## `.")
    formulas: list[tuple[int, str, bool]] = []
    for slide in slides:
        where = f"{deck.name}, line {slide.line}"
        if len(slide.notes.strip()) < SHORTEST_NOTE:
            raise SlidesError(f"{where}: the slide `{slide.title}` has no notes for its speaker.")
        for match in found(FIGURE, slide.text):
            line = f"{deck.name}, line {slide.line_at(match.start())}"
            if not slide.text[slice(*match.span("alt"))].strip():
                raise SlidesError(f"{line}: the picture has no alternative text.")
            figure(match["target"], line)
        for match in found(MATH, slide.text):
            tex = match["display"] or match["inline"]
            formulas.append((slide.line_at(match.start()), tex, bool(match["display"])))
    if fault := faulty(formulas, vendor):
        line, tex, reason = fault
        raise SlidesError(f"{deck.name}, line {line}: the formula {tex!r} is broken ({reason}).")


def faulty(formulas: Sequence[tuple[int, str, bool]], vendor: Path) -> tuple[int, str, str] | None:
    """The line, the text and the fault of the first formula that KaTeX does not take."""
    katex = vendor / "katex" / "dist" / "katex.min.js"
    if not shutil.which("node"):
        raise SlidesError("node is not here, which checks the formulas: install it.")
    done = subprocess.run(
        ["node", "-e", CHECK_MATH, str(katex)],
        input=json.dumps([(tex, display) for _, tex, display in formulas]),
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SlidesError(f"{_dead('node', done)}.")
    checked = zip(formulas, json.loads(done.stdout), strict=True)
    return next(((line, tex, fault) for (line, tex, _), fault in checked if fault), None)


def figure(target: str, where: str) -> bytes:
    """The bytes of a figure `figure:LESSON/NAME`; SlidesError beginning with `where`."""
    parts = re.fullmatch(r"figure:([\w-]+)/([\w-]+)", target)
    if not parts:
        raise SlidesError(f"{where}: the picture {target} is no figure:LESSON/NAME of a lesson.")
    lesson, name = parts.groups()
    try:
        known = pictures(lesson)
    except SlidesError as error:
        raise SlidesError(f"{where}: {error}.") from None
    if name not in known:
        names = ", ".join(known) or "none"
        raise SlidesError(f"{where}: lesson {lesson} saves no picture `{name}`; it has {names}.")
    return known[name]


def fetch(folder: Path) -> Path:
    """Put the packages that slides are shown with into `folder`, unless they are there."""
    for name, (version, sum_expected) in PACKAGES.items():
        there = folder / name / "package.json"
        if there.exists() and json.loads(there.read_text(encoding="utf-8"))["version"] == version:
            continue
        if not shutil.which("npm"):
            raise SlidesError("npm is not here, which fetches reveal.js and KaTeX: install it.")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            done = subprocess.run(
                ["npm", "pack", f"{name}@{version}", "--silent"], cwd=scratch,
                capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                raise SlidesError(f"npm could not fetch {name} {version}: {_dead('it', done)}.")
            package = Path(scratch) / done.stdout.split()[-1]
            digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
            if digest != sum_expected:
                raise SlidesError(f"{name} {version} is not the package that is known here.")
            with tarfile.open(package) as archive:
                archive.extractall(scratch, filter="data")
            shutil.rmtree(folder / name, ignore_errors=True)
            (Path(scratch) / "package").replace(folder / name)
    return folder


def _dead(program: str, done: subprocess.CompletedProcess) -> str:
    """How a program that failed ended, with what it said last."""
    return ended(program, done.returncode, done.stderr.splitlines()).rstrip(".")


def build(deck: Path, target: Path, vendor: Path, pdf: bool = True) -> Path:
    """Build one deck that was checked; return its page."""
    import pypandoc

    try:
        pandoc = pypandoc.get_pandoc_path()
    except OSError:
        raise SlidesError("pandoc is not here: run pip install pypandoc_binary.") from None
    target.mkdir(parents=True, exist_ok=True)
    page = target / f"{deck.stem}.html"
    with tempfile.TemporaryDirectory() as scratch:

        def placed(match: re.Match) -> str:
            data = figure(match["target"], deck.name)
            suffix = "gif" if data.startswith(b"GIF8") else "png"
            file = Path(scratch) / f"{match['target'].split(':')[1].replace('/', '-')}.{suffix}"
            file.write_bytes(data)
            return str(file)

        # What is set in place of a picture's address, and nothing else of it.
        text = replaced(TARGET, placed, notes_first(read(deck)))
        options = [
            "--to=revealjs", "--standalone", "--embed-resources", "--slide-level=2",
            f"--katex={vendor / 'katex' / 'dist'}/", f"--css={DECKS / 'style.css'}",
            f"--variable=revealjs-url={vendor / 'reveal.js'}", f"--variable=width={WIDTH}",
            f"--variable=height={HEIGHT}", "--variable=theme=white", "--variable=hash=true",
            "--variable=slideNumber=true", "--variable=controls=false",
            "--variable=center=false", "--variable=margin=0", "--variable=transition=none",
            "--variable=lang=en",
        ]  # fmt: skip
        source = Path(scratch) / deck.name
        source.write_text(text, encoding="utf-8")
        part = Path(scratch) / page.name
        command = [pandoc, str(source), f"--output={part}", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SlidesError(f"{deck.name}: {_dead('pandoc', done)}.")
        if "[WARNING]" in done.stderr:
            raise SlidesError(f"{deck.name}: pandoc says {done.stderr.strip()}")
        shutil.move(part, page)
    if pdf:
        _print(page)
    return page


def _print(page: Path) -> None:
    """Print a deck's page into a PDF beside it, one sheet a slide with all its steps."""
    if not find_chromium():
        raise SlidesError("no chromium is there to print with: install it, or give --no-pdf.")
    with open_browser(WIDTH, HEIGHT) as watched:
        watched.page.goto(f"{page.as_uri()}?print-pdf&pdfSeparateFragments=false")
        watched.page.wait_for_function("window.Reveal && Reveal.isReady()")
        watched.page.wait_for_selector(".pdf-page >> nth=-1", state="attached")
        watched.page.evaluate("document.fonts.ready.then(() => true)")
        watched.page.pdf(
            path=page.with_suffix(".pdf"),
            width=f"{WIDTH}px",
            height=f"{HEIGHT}px",
            print_background=True,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("decks", nargs="*", metavar="DECK", help="beginnings of names")
    parser.add_argument("--no-pdf", action="store_true", help="HTML only")
    options = parser.parse_args(arguments)
    decks = [
        path for path in sorted(DECKS.glob("*.md"))
        if not options.decks or path.name.startswith(tuple(options.decks))
    ]  # fmt: skip
    try:
        if not decks:
            raise SlidesError(f"no deck begins with {' or '.join(options.decks)}.")
        vendor = fetch(BUILD / "vendor")
        for deck in decks:
            check(deck, vendor)
        for deck in decks:
            print(build(deck, BUILD, vendor, not options.no_pdf).relative_to(ROOT))
    except (SlidesError, BrowserDied) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
