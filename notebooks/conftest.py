"""How nbval compares the notebooks' stored outputs with fresh ones."""

import pytest

# Text differs between machines where a library warns on stderr; pictures and pages between versions
# of the libraries that draw them.
NOT_COMPARED = ("stderr", "image/gif", "text/html")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Exclude what legitimately differs between two machines from nbval's comparison."""
    if collector.fspath and collector.fspath.ext == ".ipynb":
        collector.skip_compare += NOT_COMPARED
