"""The lines that a program prints, each a JSON object, as they come."""

import json
from collections.abc import Callable
from threading import Condition, Thread
from typing import IO, Any

type Line = dict[str, Any]


class JsonLines:
    """Reads the output of a program in a thread of its own."""

    def __init__(self, output: IO[str] | None) -> None:
        assert output is not None
        self.lines: list[Line] = []
        self._output = output
        self._more = Condition()
        self._reader = Thread(target=self._read)
        self._reader.start()

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds, which is asked after each line. False if `seconds` pass first."""
        with self._more:
            return self._more.wait_for(condition, seconds)

    def join(self, seconds: float | None = None) -> None:
        """Wait until the program has closed its output."""
        self._reader.join(seconds)

    def _read(self) -> None:
        for line in self._output:
            with self._more:
                self.lines.append(json.loads(line))
                self._more.notify()
