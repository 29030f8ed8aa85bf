"""How nbval starts kernels, and compares the notebooks' stored outputs with fresh ones."""

import logging

import nbval.kernel
import pytest

# Text differs between machines where a library warns on stderr; pictures and pages between versions
# of the libraries that draw them.
NOT_COMPARED = ("stderr", "image/gif", "text/html")
STARTS = 3


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Exclude what legitimately differs between two machines from nbval's comparison."""
    if collector.fspath and collector.fspath.ext == ".ipynb":
        collector.skip_compare += NOT_COMPARED


def started(start):
    """`start`, called again where the kernel dies before it has run anything.

    Jupyter chooses a kernel's ports before the kernel opens them, and another process may take one
    in between, such as the kernel of another worker. JupyterLab starts such a kernel again, on
    other ports; nbval does not.
    """

    def start_new_kernel(*arguments, **options):
        for _ in range(STARTS - 1):
            try:
                return start(*arguments, **options)
            except RuntimeError as error:
                logging.getLogger(__name__).warning("%s: started again", error)
        return start(*arguments, **options)

    return start_new_kernel


nbval.kernel.start_new_kernel = started(nbval.kernel.start_new_kernel)
