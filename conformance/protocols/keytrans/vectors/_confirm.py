"""Asking a second implementation, through its adapter, what it refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Answer = Mapping[str, Any]
QUESTIONS = {"vrf.proof": "vrf.verify", "akd.lookup": "akd.verify-lookup", "akd.audit": "akd.verify-audit"}
"""The operation that asks for what a vector of each kind is given."""


class Adapter:
    """An adapter's process, started again when it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def ask(self, do: str, given: Mapping[str, Any]) -> Answer:
        """One question; an empty answer where the adapter died of it."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        question = json.dumps({"id": self._number, "do": do, "with": dict(given)})
        try:
            self._process.stdin.write(question.encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self._process.wait(10)
            return {}
        said: Answer = json.loads(line)
        return said

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(10)


def confirm(adapter: Adapter, file: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Answer]]:
    """Each vector of a file with what the adapter says of it."""
    for vector in file["vectors"]:
        yield vector, adapter.ask(QUESTIONS[file["kind"]], vector["given"])
