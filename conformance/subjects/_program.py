"""A program that is run once per question: its command line asks, patterns over its output are the answer."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.bench import Hello, Reply, Served, Subject
from conformance.model import AdapterError, Ended
from conformance.subjects._child import Child, Limits, environment_of, shown
from conformance.subjects._manifest import Question, fill, placeholders


class ProgramSubject(Subject):
    """Runs `operations[op].command` for each question and matches what it writes, output before errors.

    No case reads a program's text: only the three patterns do. `ok` counts with exit status 0 only, a signal is always
    a death, and so is output that no pattern matches. Output that two patterns match is the manifest's fault. A death
    is that of one question; the subject itself does not die.
    """

    def __init__(
        self,
        operations: Mapping[str, Question],
        hello: Hello,
        *,
        values: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        patience: float = 10.0,
        limits: Limits | None = None,
        grace: float = 1.0,
    ) -> None:
        self.operations = dict(operations)
        self.hello = hello
        self.values = dict(values or {})
        self.environment = dict(env or {})
        self.patience = patience
        self.limits = limits or Limits()
        self.grace = grace
        self._folder: Path | None = None
        self._children: set[Child] = set()
        self._evidence = ""

    async def start(self) -> None:
        """A new life is a new working folder."""
        await self.stop()
        self.generation += 1
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-"))

    async def stop(self) -> None:
        """End what still runs and remove the folder."""
        for child in list(self._children):
            await child.end(self.grace, ask=False)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """Run the program of that operation; `unsupported` where the manifest names none."""
        if self._folder is None:
            raise AdapterError(f"{self.hello.name}: is not running", step=op)
        if op == "ping":
            return {"ok": {}}
        question = self.operations.get(op)
        if question is None:
            return {"unsupported": {"reason": f"{self.hello.name} has no {op}"}}
        command = self._command(op, question, given, self._folder)
        output = bytearray()
        flooded = asyncio.Event()

        def collect(data: bytes) -> None:
            if len(output) + len(data) > self.limits.line:
                flooded.set()
                child.kill()
            else:
                output.extend(data)

        seconds = self.patience if patience is None else patience
        try:
            child = await Child.start(
                command,
                folder=self._folder,
                environment=environment_of(self._folder, self.environment),
                limits=self.limits,
                on_output=collect,
            )
        except OSError as why:
            raise AdapterError(f"{shown(command)}: cannot be started: {why.strerror}", step=op) from None
        self._children.add(child)
        try:
            over = await child.wait(seconds)
        finally:
            await child.end(self.grace, ask=False)
            self._children.discard(child)
            self._evidence = child.evidence()
        if flooded.is_set():
            raise AdapterError(f"{shown(command)}: wrote more than {self.limits.line} octets", step=op)
        if not over or child.death is None:
            raise Ended("timeout", f"no answer to {op} within {seconds:g} s")
        return self._answer(op, question, command, output.decode(errors="replace") + child.evidence(), child)

    def _command(self, op: str, question: Question, given: Mapping[str, Any], folder: Path) -> list[str]:
        values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        values |= self.values | {"dir": str(folder)}
        missing = sorted(set().union(*map(placeholders, question.command)) - set(values))
        if missing:
            raise AdapterError(f"{self.hello.name}: {op} was asked without {', '.join(missing)}", step=op)
        return [fill(word, values) for word in question.command]

    def _answer(self, op: str, question: Question, command: list[str], text: str, child: Child) -> dict[str, Any]:
        death = child.death
        found: dict[str, re.Match[str]] = {}
        for key in ("ok", "refused", "unsupported"):
            pattern = getattr(question, key)
            if pattern and (match := re.search(pattern, text, re.MULTILINE)):
                found[key] = match
        if death is None or death.signal or not found or (set(found) == {"ok"} and death.status != 0):
            status, name = (death.status, death.signal) if death else (None, "")
            return {"died": {"status": status, "signal": name, "stderr": text[-2048:]}}
        if len(found) > 1:
            raise AdapterError(
                f"{shown(command)}: its output matches both {' and '.join(found)}",
                step=op,
                hint="The patterns of an operation must exclude one another.",
            )
        ((key, match),) = found.items()
        fields = {name: value for name, value in match.groupdict().items() if value is not None}
        if key == "ok":
            return {"ok": fields}
        if key == "refused":
            return {"refused": {"class": fields.get("class_", "refused"), "detail": match[0]}}
        return {"unsupported": {"reason": match[0]}}

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:  # noqa: ARG002  # Subject
        """It serves nothing."""
        raise AdapterError(f"{self.hello.name}: serves no {role}", step="serve")

    def died(self) -> str:
        """Never: each question has a process of its own."""
        return ""

    def evidence(self) -> str:
        """The end of what the last question's process wrote to standard error."""
        return self._evidence
