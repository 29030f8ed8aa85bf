"""What must hold of every stored notebook, checked without running it.

`problems(path, ...)` gives one sentence for each rule that the file breaks. The rules on outputs
say only what can be seen in the source: a cell whose last line shows a value, or that prints,
must have stored something; whether it is the right thing is nbval's to say.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat

from gan_utils.errors import ParameterError
from gan_utils.lesson.declarations import read_parameters

SHOWING = {"print", "display", "show"}
# Two or more parts after a leading slash, not inside a longer address or a fraction of symbols.
POSIX_PATH = re.compile(r"(?:^|(?<=[\s\"'`(=\[,]))/(?:[\w.@+-]+/)+[\w.@+-]+", re.MULTILINE)
WINDOWS_PATH = re.compile(r"\b[A-Za-z]:\\+(?:Users|Windows|Program)", re.IGNORECASE)
MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\([^)]*\)")
HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
HTML_ALT = re.compile(r"\balt=(\"[^\"]*\S[^\"]*\"|'[^']*\S[^']*')", re.IGNORECASE)
TEXT_SIZE = re.compile(r"(?:font|label|title)size|font\.size")
DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[\w+/=\s]+")


def problems(path: Path, repository: str, version: str) -> list[str]:
    """One sentence for each rule that the notebook in `path` breaks; empty for a sound one.

    `repository` is its web address without a slash at the end, `version` that of the package:
    the badge and the installing cell must name both.  A study is run by sweeps and not opened on
    Colab, so it needs neither.
    """
    # nbformat.read would mend missing and repeated ids before they are seen.
    notebook = nbformat.v4.reads_json(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    is_study = path.parent.name == "studies"
    opening = [
        *_title(path, texts),
        *_badge(path, texts, repository, version),
        *_installation(code, repository, version),
    ]
    return [
        *(_study_title(texts) if is_study else opening),
        *_parameters(code),
        *_execution(code),
        *_outputs(code),
        *_pictures(code, texts),
        *_paths(notebook),
        *_metadata(notebook),
    ]


def _title(path: Path, texts: list[str]) -> Iterator[str]:
    first = texts[0].splitlines()[0] if texts else ""
    number = path.name[:2]
    if not re.fullmatch(rf"# {number} · \S.*", first):
        yield f"its first line is {first!r}, not `# {number} · Title`"


def _study_title(texts: list[str]) -> Iterator[str]:
    first = texts[0].splitlines()[0] if texts else ""
    if not re.fullmatch(r"# Study · \S.*", first):
        yield f"its first line is {first!r}, not `# Study · Title`"


def _badge(path: Path, texts: list[str], repository: str, version: str) -> Iterator[str]:
    expected = colab_address(repository, version, path.name)
    links = re.findall(r"https://colab\.research\.google\.com/github/[^\s)\"']+", "\n".join(texts))
    if links != [expected]:
        yield f"its Colab badge leads to {links or 'nothing'}, not to {expected}"


def colab_address(repository: str, version: str, name: str) -> str:
    """Where Colab opens the notebook `name` at the tag of this version."""
    project = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{project}/blob/v{version}/notebooks/{name}"


def _installation(code: list, repository: str, version: str) -> Iterator[str]:
    sources = re.findall(r"git\+[^\s\"')]+", "\n".join(cell.source for cell in code))
    if sources != [f"git+{repository}@v{version}"]:
        yield f"its code installs {sources or 'nothing'}, not git+{repository}@v{version}"


def _parameters(code: list) -> Iterator[str]:
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells are tagged `parameters`, not one"
        return
    try:
        declared = read_parameters(tagged[0].source)
    except ParameterError as error:
        yield str(error)
        return
    if missing := {"seed", "folder"} - declared.keys():
        yield f"its parameters lack {' and '.join(sorted(missing))}"


def _execution(code: list) -> Iterator[str]:
    counts = [cell.execution_count for cell in code]
    if None in counts:
        yield f"code cell {counts.index(None) + 1} was never executed"
    elif counts != list(range(1, len(code) + 1)):
        yield f"its execution counts are {counts}, not those of one run from top to bottom"


def _outputs(code: list) -> Iterator[str]:
    for number, cell in enumerate(code, 1):
        kinds = Counter(output.output_type for output in cell.outputs)
        if kinds["error"]:
            yield f"code cell {number} stores an error"
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"code cell {number} stores what was written to stderr"
        if _shows(cell.source) and not cell.outputs:
            yield f"code cell {number} shows something and stores no output"
        if "NBVAL_CHECK_OUTPUT" in cell.source and not any(map(_plain_text, cell.outputs)):
            yield f"code cell {number} is marked NBVAL_CHECK_OUTPUT and stores no text"


def _shows(source: str) -> bool:
    """Whether a cell certainly shows something: it prints outside any condition or definition,
    saves a picture of the run, or ends in a value that is no call."""
    # A magic may be all that a block holds, so `pass` takes its place.
    body = ast.parse(re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.MULTILINE)).body
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call):
        text = isinstance(last.value, ast.Constant) and isinstance(last.value.value, str)
        return not text and not source.rstrip().endswith(";")
    return any(_showing_call(statement) for statement in body)


def _showing_call(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.For | ast.With):
        return any(map(_showing_call, statement.body))
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return False
    function = ast.unparse(statement.value.func)
    return function.rpartition(".")[2] in SHOWING or function == "run.save"


def _plain_text(output: nbformat.NotebookNode) -> str:
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def _pictures(code: list, texts: list[str]) -> Iterator[str]:
    shown = 0
    for number, cell in enumerate(code, 1):
        # A picture's text has the size of gan_utils.figures, which can be read on a slide.
        if TEXT_SIZE.search(cell.source):
            yield f"code cell {number} sets the size of a picture's text"
        for output in cell.outputs:
            data, metadata = output.get("data", {}), output.get("metadata", {})
            for kind in (kind for kind in data if kind.startswith("image/")):
                shown += 1
                if not metadata.get(kind, {}).get("alt", "").strip():
                    yield f"code cell {number} shows a picture without alternative text"
            for tag in HTML_IMAGE.findall(data.get("text/html", "")):
                shown += 1
                if not HTML_ALT.search(tag):
                    yield f"code cell {number} shows a picture without alternative text"
    for text in texts:
        tags = [tag for tag in HTML_IMAGE.findall(text) if not HTML_ALT.search(tag)]
        if tags or any(not image["alt"].strip() for image in MARKDOWN_IMAGE.finditer(text)):
            yield "a text cell shows a picture without alternative text"
    if not shown:
        yield "it stores no picture"


def _paths(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, 1):
        for text in (cell.source, *_output_texts(cell)):
            text = DATA_URI.sub("", text)
            if match := POSIX_PATH.search(text) or WINDOWS_PATH.search(text):
                yield f"cell {number} holds the absolute path {match[0]}"


def _output_texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for kind, data in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield data


def _output_kinds(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield from output.get("data", {})


def _metadata(notebook: nbformat.NotebookNode) -> Iterator[str]:
    volatile = [name for name in ("widgets", "papermill") if name in notebook.metadata]
    if "version" in notebook.metadata.get("language_info", {}):
        volatile.append("language_info.version")
    for cell in notebook.cells:
        volatile += [name for name in ("papermill", "execution") if name in cell.metadata]
    if any("widget-view" in kind for kind in _output_kinds(notebook)):
        volatile.append("widgets")
    if volatile:
        yield f"it holds {', '.join(sorted(set(volatile)))}: run tools/notebooks.py clean"
    identifiers = Counter(cell.get("id") for cell in notebook.cells)
    repeated = sorted(str(name) for name, count in identifiers.items() if name is None or count > 1)
    if repeated:
        yield f"its cell ids are missing or repeated: {', '.join(repeated)}"
