"""An executed notebook as a page: one file of HTML that runs no script and asks for nothing."""

from __future__ import annotations

from jinja2 import PackageLoader, pass_context
from jinja2.runtime import Context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser
from nbformat import NotebookNode

from gan_utils.course.formulas import INLINE, mathml, with_formulas


class _Dollars(MathInlineParser):
    """Where a formula begins and ends in a line: nbconvert takes "$5 and $" for one, too."""

    SPECIFICATION = MathInlineParser.SPECIFICATION | {"inline_math_tex": INLINE}


class _Renderer(IPythonRenderer):
    """Markdown as nbconvert shows it, but for formulas and for pictures from a network."""

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text if url.startswith(("http:", "https:")) else super().image(text, url, title)


class LessonExporter(HTMLExporter):
    """nbconvert's page of a notebook, with pictures and formulas inside and without scripts."""

    def __init__(self) -> None:
        super().__init__(
            embed_images=True,
            extra_loaders=[PackageLoader("gan_utils.course")],
            template_file="lesson.html.j2",
            filters={"with_formulas": with_formulas},
        )

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Give a Markdown cell as HTML; nbconvert's templates call it by this name."""
        renderer = _Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=True,
        )
        return MarkdownWithMath(renderer, inline=_Dollars()).render(source)


def lesson_page(notebook: NotebookNode, name: str) -> str:
    """Give an executed notebook as a page of HTML; `name` is its title."""
    # Live widgets would need a script from the network; their stored pictures do not.
    notebook.metadata.pop("widgets", None)
    text, _ = LessonExporter().from_notebook_node(notebook, {"metadata": {"name": name}})
    return text
