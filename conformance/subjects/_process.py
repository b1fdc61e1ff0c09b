"""An adapter that is a program: JSON Lines over its standard streams.

Whoever breaks the contract is named with the command and what it did. What the implementation does (it dies, it does
not answer) is a result: a reply `died`, or `Ended("timeout")`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.bench import Hello, Reply, Served, Subject
from conformance.model import AdapterError, Ended
from conformance.subjects._child import Child, Limits, absolute, environment_of, shown
from conformance.subjects._vocabulary import (
    PROTOCOL,
    Misread,
    Operation,
    check_ok,
    decode_answer,
    encode_question,
    hello_of,
    served_of,
    told,
)

LEAVING = 2.0
"""Seconds that a process gets to be gone after it has closed its standard output."""


class ProcessSubject(Subject):
    """A subject behind an adapter process (`docs/adapter.md`).

    `patience` is how long an answer may take, `starting` how long `hello` and `serve` may, in seconds. `environment`
    is added to the minimal one; `operations` are the types against which the content of answers is checked; `grace`
    is how long each step of stopping may take.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        name: str = "",
        patience: float = 10.0,
        starting: float = 30.0,
        limits: Limits | None = None,
        options: Mapping[str, Any] | None = None,
        operations: Mapping[str, Operation] | None = None,
        grace: float = 1.0,
    ) -> None:
        self.command = absolute(command)
        self.environment = dict(env or {})
        self.hello = Hello(name=name or Path(self.command[0]).name)
        self.said: Mapping[str, Any] = {}  # hello as it was said, for those who check adapters
        self.patience = patience
        self.starting = starting
        self.limits = limits or Limits()
        self.options = dict(options or {})
        self.operations = dict(operations or {})
        self.grace = grace
        self._who = shown(self.command)
        self._child: Child | None = None
        self._folder: Path | None = None
        self._evidence = ""
        self._begin()

    def _begin(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._received = 0
        self._last = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._given_up: set[int] = set()
        self._broken: AdapterError | None = None
        self._served: dict[str, tuple[dict[str, Any], Served]] = {}
        self._leaving: asyncio.TimerHandle | None = None
        self._turn = asyncio.Semaphore(1)

    # ── its life ──

    async def start(self) -> None:
        """Begin a new life: start the process, ask for `hello`; AdapterError when either fails."""
        if self._child is not None:
            await self.stop()
        self._begin()
        self._evidence = ""
        self.generation += 1
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        try:
            try:
                self._child = await Child.start(
                    self.command,
                    folder=self._folder,
                    environment=environment_of(self._folder, self.environment),
                    limits=self.limits,
                    on_output=self._read,
                    on_end=self._ended,
                    stdin=True,
                )
            except OSError as why:
                raise AdapterError(
                    f"{self._who}: cannot be started: {why.strerror}: {why.filename}",
                    step="start",
                    hint="The first word must be a program; the adapter runs in a folder of its own.",
                ) from None
            self._child.on_output_closed = self._output_closed
            if self._child.output_closed:  # pragma: no cover  # it closed it while it was being started
                self._output_closed()
            self.said = await self._must("hello", {"protocol": PROTOCOL})
            try:
                self.hello = hello_of(self.said)
            except ValueError as why:
                raise AdapterError(
                    f"{self._who}: answered hello wrongly: {why}",
                    step="hello",
                    hint="hello says protocol, name, roles, operations, parallel and controls; see docs/adapter.md.",
                ) from None
            self._turn = asyncio.Semaphore(self.hello.parallel)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End this life: `bye`, then terminate, then kill, each bounded; nothing is left over."""
        child, self._child = self._child, None
        if self._leaving is not None:
            self._leaving.cancel()
        try:
            if child is not None:
                polite = child.alive and self._broken is None and not self._waiting and not self._given_up
                if polite:
                    self._last += 1
                    self._given_up.add(self._last)
                    child.write(encode_question(self._last, "bye", {}))
                await child.end(self.grace, ask=polite)
                self._evidence = child.evidence()
        finally:
            folder, self._folder = self._folder, None
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            self._fail_all(AdapterError(f"{self._who}: was stopped", step="stop"))

    def died(self) -> str:
        """How this life ended by itself, or an empty string."""
        child = self._child
        return "" if child is None or child.death is None or child.killed else str(child.death)

    def evidence(self) -> str:
        """The end of its standard error, at most 64 KiB, also after it was stopped."""
        return self._child.evidence() if self._child is not None else self._evidence

    # ── questions ──

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """Ask; the reply has one of `ok`, `refused`, `unsupported`, `died`. AnsweredError for `error`."""
        async with self._turn:
            reply = await self._ask(op, given, self.patience if patience is None else patience)
        return told(reply, self._who, op)

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:
        """Start a server role, once per life and role; AdapterError when that fails in any way."""
        wanted = self.options | dict(options)
        if role in self._served:
            before, served = self._served[role]
            if before != wanted:
                raise ValueError(f"{role} already runs in this life with other options")
            return served
        ok = await self._must("serve", {"role": role, "options": wanted})
        self._served[role] = wanted, served_of(ok)
        return self._served[role][1]

    async def _must(self, op: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for a step of its life: everything but `ok` is the adapter's fault."""
        try:
            reply = told(await self._ask(op, given, self.starting), self._who, op)
        except Ended:
            raise AdapterError(
                f"{self._who}: did not answer {op} within {self.starting:g} s",
                step=op,
                hint=self._last_words() or "Each answer is one line, flushed.",
            ) from None
        if "ok" in reply:
            return reply["ok"]  # type: ignore[no-any-return]  # checked by decode_answer
        if "died" in reply:
            raise AdapterError(
                f"{self._who}: died before it answered {op} ({self.died()})", step=op, hint=self._last_words()
            )
        key = next(iter(reply))
        text = reply[key].get("detail") or reply[key].get("reason") or ""
        raise AdapterError(f"{self._who}: answered {key} to {op}: {text}", step=op, hint=f"{op} must be answered ok.")

    async def _ask(self, op: str, given: Mapping[str, Any], patience: float) -> dict[str, Any]:
        if self._broken is not None:
            raise self._broken
        child = self._child
        if child is None:
            raise AdapterError(f"{self._who}: is not running", step=op)
        if child.ended.done():
            return self._death()
        self._last = number = self._last + 1
        line = encode_question(number, op, given)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = op, future
        child.write(line)
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            raise Ended("timeout", f"no answer to {op} within {patience:g} s") from None
        finally:
            if self._waiting.pop(number, None) is not None:
                self._given_up.add(number)

    # ── what it writes ──

    def _read(self, data: bytes) -> None:
        if self._over():
            return
        self._received += len(data)
        self._buffer += data
        if self._received > self.limits.output:
            self._break(
                f"wrote more than {self.limits.output} octets to standard output", "It floods; is there a loop?"
            )
            return
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            self._line(line)
            if self._over():
                return
        self._searched = len(self._buffer)
        if len(self._buffer) > self.limits.line:
            self._break(f"wrote {len(self._buffer)} octets without ending a line", "Each answer is one line.")

    def _line(self, line: bytes) -> None:
        try:
            number, reply = decode_answer(line)
        except Misread as why:
            if why.id in self._waiting:
                self._answer_badly(why.id, why.what, why.hint)
            else:
                self._break(why.what, why.hint)
            return
        if number in self._given_up:
            self._given_up.discard(number)
        elif number in self._waiting:
            op, future = self._waiting[number]
            if "ok" in reply and op != "hello" and (wrong := check_ok(op, reply["ok"], self.operations)):
                self._answer_badly(number, f"answered {op} with an ok that is wrong: {wrong}", "See docs/adapter.md.")
                return
            del self._waiting[number]
            if not future.done():
                future.set_result(reply)
        elif 0 < number <= self._last:
            self._break(f"answered question {number} twice", "Each question has one answer.")
        else:
            self._break(
                f"answered with the id {number}, which no question had", "The answer repeats the id of its question."
            )

    def _over(self) -> bool:
        return self._broken is not None

    def _answer_badly(self, number: int, what: str, hint: str) -> None:
        op, future = self._waiting.pop(number)
        if not future.done():
            future.set_exception(AdapterError(f"{self._who}: {what}", step=op, hint=hint))

    def _break(self, what: str, hint: str) -> None:
        """The contract is broken in a way that belongs to no one question: this life is over."""
        step = next((op for op, _ in self._waiting.values()), "idle")
        self._broken = AdapterError(f"{self._who}: {what}", step=step, hint=hint)
        self._buffer.clear()
        if self._child is not None:
            self._child.kill()
        self._fail_all(self._broken)

    def _fail_all(self, why: AdapterError) -> None:
        waiting, self._waiting = self._waiting, {}
        for _, future in waiting.values():
            if not future.done():
                future.set_exception(why)

    def _output_closed(self) -> None:
        """Closing standard output is how most deaths begin; only one that lives on has broken the contract."""
        self._leaving = asyncio.get_running_loop().call_later(
            LEAVING, lambda: self._break("closed its standard output and went on running", "Exit, or keep it open.")
        )

    def _ended(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        if self._broken is not None:
            return
        child = self._child
        clean = child is not None and child.death is not None and child.death.status == 0
        if self._buffer and clean:
            # After a crash half a line is part of the crash; one that exits in peace has forgotten to finish it.
            self._break("ended in the middle of a line", "Each answer ends with a newline and is flushed.")
            return
        waiting, self._waiting = self._waiting, {}
        for _, future in waiting.values():
            if not future.done():
                future.set_result(self._death())

    def _death(self) -> dict[str, Any]:
        child = self._child
        death = child.death if child is not None else None
        return {
            "died": {
                "status": death.status if death else None,
                "signal": death.signal if death else "",
                "stderr": self.evidence()[-2048:],
            }
        }

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.evidence().splitlines() if line.strip()]
        return f"Its last line on standard error: {lines[-1][:200]}" if lines else ""
