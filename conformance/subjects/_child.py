"""A child process of ours: own session, minimal environment, limits, and an end that leaves nothing behind.

Built on `asyncio.SubprocessProtocol` and not on streams: octets are handled where they arrive, so that an adapter that
floods is stopped at once, and no reader task can be forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

STDOUT, STDERR = 1, 2
EVIDENCE = 64 * 1024
"""Octets of standard error that are kept, counted from its end."""

LINGERING = 0.5
"""Seconds after an exit in which what was written before it may still be read."""

CLOSING = 5.0
"""Seconds within which the event loop must have seen the end of a killed process; only a broken kernel needs them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. `memory` (octets of address space), `cpu` (seconds) and `core` (octets): None is no limit.

    `line` and `output` bound what an adapter writes to standard output: one line, and all of one life.
    """

    memory: int | None = None
    cpu: int | None = None
    core: int | None = 0
    line: int = 64 * 1024 * 1024
    output: int = 1024 * 1024 * 1024

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command behind a shell that sets the limits and then becomes it: forking threads run no code of ours."""
        sets = [
            f"ulimit -{letter} {value}"
            for letter, value in (
                ("v", None if self.memory is None else self.memory // 1024),
                ("t", self.cpu),
                ("c", None if self.core is None else self.core // 512),
            )
            if value is not None
        ]
        return ["/bin/sh", "-c", " && ".join([*sets, 'exec "$@"']), "sh", *command] if sets else list(command)


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ended: its exit status, or the signal that ended it."""

    status: int | None = None
    signal: str = ""

    def __str__(self) -> str:
        """As a few words."""
        return f"signal {self.signal}" if self.signal else f"exit status {self.status}"


def environment_of(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The minimal environment (design, section 11): nothing of the user's but the search path."""
    home = str(folder)
    base = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}
    return base | dict(more or {})


def absolute(command: Sequence[str], base: Path | None = None) -> tuple[str, ...]:
    """The command with words that name existing files made absolute: it will run in a folder of its own."""
    start = base or Path.cwd()
    return tuple(
        str((start / word).absolute())
        if not word.startswith(("-", "/")) and ("/" in word or place) and (start / word).is_file()
        else word
        for place, word in enumerate(command)
    )


def found(program: str, environment: Mapping[str, str]) -> bool:
    """Whether the first word of a command can be executed."""
    return shutil.which(program, path=environment.get("PATH")) is not None


class Child(asyncio.SubprocessProtocol):
    """One running process. `on_output` gets what it writes to standard output, `on_end` is called once at its end.

    The end is seen when the process is gone *and* its standard output was read to the last octet: an answer that was
    written before dying is an answer.
    """

    def __init__(self, on_output: Callable[[bytes], None], on_end: Callable[[], None] | None = None) -> None:
        self.on_output = on_output
        self.on_end = on_end
        self.errors = bytearray()
        self.death: Death | None = None
        self.killed = False
        self.output_closed = False
        self.on_output_closed: Callable[[], None] | None = None
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: asyncio.WriteTransport | None = None
        self.pid = 0

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        limits: Limits,
        on_output: Callable[[bytes], None],
        on_end: Callable[[], None] | None = None,
        stdin: bool = False,
    ) -> Child:
        """Start it in a session of its own; OSError when it cannot be executed."""
        if not found(command[0], environment):
            raise FileNotFoundError(2, "no such program", command[0])
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        transport, protocol = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(on_output, on_end),
            *limits.wrap(command),
            stdin=pipe if stdin else nothing,
            stdout=pipe,
            stderr=pipe,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
        child = protocol
        child._transport = transport  # noqa: SLF001  # our own
        child.pid = transport.get_pid()
        if stdin:
            child._input = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))  # noqa: SLF001
        if transport.get_returncode() is None and child.killed:  # pragma: no cover  # killed while it was starting
            child.signal(signal.SIGKILL)
        return child

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; output may arrive before `start` has returned."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hand on output, keep the end of the errors."""
        if fd == STDERR:
            self.errors += data
            if len(self.errors) > 2 * EVIDENCE:
                del self.errors[:-EVIDENCE]
        else:
            self.on_output(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  # the protocol's signature
        """Notice the end of the output."""
        if fd == STDOUT:
            self.output_closed = True
            if self.death is None and self.on_output_closed is not None:
                self.on_output_closed()
            self._finish()

    def process_exited(self) -> None:
        """Note how it ended, and end at once what it left behind: later its number may be another's."""
        code = self._transport.get_returncode() if self._transport else None
        if code is not None and code < 0:
            try:
                self.death = Death(signal=signal.Signals(-code).name)
            except ValueError:
                self.death = Death(signal=str(-code))
        else:
            self.death = Death(status=code)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if not self.output_closed:
            # A descendant that left the session may hold the pipe open for ever: it cannot delay the death.
            asyncio.get_running_loop().call_later(LINGERING, self._stop_reading)
        self._finish()

    def _stop_reading(self) -> None:
        pipe = self._transport.get_pipe_transport(STDOUT) if self._transport else None
        if pipe is not None and not self.output_closed:
            pipe.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the protocol's signature
        """All pipes are closed and the process is gone."""
        if not self._closed.done():
            self._closed.set_result(None)

    def _finish(self) -> None:
        if self.death is not None and self.output_closed and not self.ended.done():
            self.ended.set_result(None)
            if self.on_end is not None:
                self.on_end()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.death is None

    def evidence(self) -> str:
        """The end of what it wrote to standard error, at most `EVIDENCE` octets."""
        return self.errors[-EVIDENCE:].decode(errors="replace")

    def write(self, data: bytes) -> None:
        """Send to its standard input."""
        if self._input is not None and not self._input.is_closing():
            self._input.write(data)

    def close_input(self) -> None:
        """End its standard input, behind what was written."""
        if self._input is not None and not self._input.is_closing():
            self._input.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole session while its leader lives."""
        if self.death is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it now, by us."""
        self.killed = True
        self.signal(signal.SIGKILL)

    async def wait(self, seconds: float | None) -> bool:
        """Wait for its end; whether it came within so many seconds."""
        await asyncio.wait([self.ended], timeout=seconds)
        return self.ended.done()

    async def end(self, grace: float = 1.0, *, ask: bool = True) -> None:
        """End it in any state: wait after what was asked, terminate, kill; then close everything. Bounded."""
        try:
            if self.alive and ask:
                self.close_input()
                await self.wait(grace)
            if self.alive:
                self.killed = True
                self.signal(signal.SIGTERM)
                await self.wait(grace)
        finally:
            self.kill()
            if not self.ended.done():
                await self.wait(CLOSING)
            if self._transport is not None:
                self._transport.close()
                await asyncio.wait([self._closed], timeout=CLOSING)


def shown(command: Sequence[str]) -> str:
    """A command as one names it in a message."""
    text = shlex.join(command)
    return text if len(text) <= 160 else text[:157] + "…"
