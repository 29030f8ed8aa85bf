"""What the Jupyter kernel does while a widget is asked: whether a cell runs, and its interrupts.

JupyterLab answers widgets in a thread of their own, also while a cell trains the network that the
widget shows; and between two messages ipykernel ignores interrupts, so that a widget which the
browser keeps asking would go on for ever.
"""

from __future__ import annotations

import asyncio
import signal
import threading

SOON = 0.1  # seconds


class Kernel:
    """Watches the Jupyter kernel from the first `watch` on; without a kernel nothing ever runs.

    busy: a cell runs. interrupts: how many there were. lock: held by who answers a widget, and a
    cell begins when it is free.
    """

    def __init__(self) -> None:
        self.busy = self.watching = False
        self.interrupts = self._depth = 0
        self.lock = threading.RLock()

    def watch(self) -> None:
        """Begin to watch; call it in a cell."""
        try:
            loop = asyncio.get_running_loop()
            from IPython import get_ipython

            shell = get_ipython()
        except (ImportError, RuntimeError):
            return
        if shell is None or self.watching:
            return
        self.watching = self.busy = True
        self._depth = 1
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        loop.call_later(SOON, self._install, loop)

    def _before_cell(self, _) -> None:
        with self.lock:
            self._depth += 1  # a cell may run others, as %run does
            self.busy = True

    def _after_cell(self, result) -> None:
        self._depth = max(0, self._depth - 1)
        self.busy = self._depth > 0
        # A cell that awaits is cancelled when it is interrupted.
        error = getattr(result, "error_in_exec", None)
        if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
            self.interrupts += 1

    def _install(self, loop: asyncio.AbstractEventLoop) -> None:
        # While a cell runs, an interrupt raises KeyboardInterrupt in it, and at its end ipykernel
        # puts back the handler that was there before: ours goes in when none is running.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            loop.call_later(SOON, self._install, loop)
        else:
            signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, *_) -> None:
        self.interrupts += 1


kernel = Kernel()
