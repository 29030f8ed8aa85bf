"""The command line, called inside of a test."""

from click.testing import CliRunner


def runner() -> CliRunner:
    """Keeps the two outputs apart: Click does so from 8.2 on, and before that when asked to."""
    try:
        return CliRunner(mix_stderr=False)
    except TypeError:
        return CliRunner()
