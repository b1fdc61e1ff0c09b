"""An implementation that is a ready program with a configuration file: started, waited for, stopped."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.bench import Hello, Reply, Served, Subject
from conformance.model import AdapterError
from conformance.subjects._child import EVIDENCE, Child, Limits, environment_of, shown
from conformance.subjects._manifest import Ready, fill

CLASHES = 3
"""How often a port that somebody else took meanwhile is replaced by another."""

LOOK = 0.05
"""Seconds between two looks at whether it is ready."""


class _Clash(Exception):
    """Another process took the port."""


class ServerSubject(Subject):
    """A ready program. `config` is (file name, template); templates know `{port}`, `{dir}` and `values` (`out`).

    `starts` counts how often it is started in one life before it counts as started: some programs settle only at their
    second start. The working folder lasts as long as the life.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        ready: Ready,
        serve: Mapping[str, str],
        hello: Hello,
        config: tuple[str, str] | None = None,
        starts: int = 1,
        values: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        starting: float = 30.0,
        limits: Limits | None = None,
        grace: float = 2.0,
    ) -> None:
        self.command = tuple(command)
        self.ready = ready
        self.templates = dict(serve)
        self.hello = hello
        self.config = config
        self.starts = starts
        self.values = dict(values or {})
        self.environment = dict(env or {})
        self.starting = starting
        self.limits = limits or Limits()
        self.grace = grace
        self._child: Child | None = None
        self._folder: Path | None = None
        self._port = 0
        self._output = bytearray()
        self._evidence = ""

    async def start(self) -> None:
        """Begin a new life: as many starts as it needs; AdapterError when it does not become ready."""
        await self.stop()
        self.generation += 1
        self._evidence = ""
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self._port = free_port()
        try:
            for number in range(self.starts):
                if number:
                    await self._end()
                await self._launch_somewhere(self._folder)
        except BaseException:
            await self.stop()
            raise

    async def _launch_somewhere(self, folder: Path) -> None:
        for _ in range(CLASHES):
            try:
                await self._launch(folder)
            except _Clash:
                await self._end()
                self._port = free_port()
            else:
                return
        raise AdapterError(f"{self._who}: found every port taken, {CLASHES} times", step="start")

    async def _launch(self, folder: Path) -> None:
        values = self._values(folder)
        if self.config is not None:
            name, template = self.config
            (folder / name).write_text(fill(template, values), encoding="utf-8")
        command = [fill(word, values) for word in self.command]
        self._output.clear()
        try:
            self._child = await Child.start(
                command,
                folder=folder,
                environment=environment_of(folder, {key: fill(text, values) for key, text in self.environment.items()}),
                limits=self.limits,
                on_output=self._collect,
            )
        except OSError as why:
            raise AdapterError(f"{self._who}: cannot be started: {why.strerror}", step="start") from None
        with suppress(TimeoutError):
            async with asyncio.timeout(self.starting):
                while not await self._is_ready(values):
                    if not self._child.alive:
                        break
                    await asyncio.wait([self._child.ended], timeout=LOOK)
                else:
                    if self._child.alive:
                        return
        if self._child.alive:
            what = f"was not ready within {self.starting:g} s"
        elif _taken(self._port):
            raise _Clash
        else:
            what = f"ended before it was ready ({self._child.death})"
        raise AdapterError(f"{self._who}: {what}", step="start", hint=self.evidence()[-200:].strip())

    async def _is_ready(self, values: Mapping[str, str]) -> bool:
        if self.ready.line:
            return re.search(self.ready.line, self.evidence(), re.MULTILINE) is not None
        if self.ready.url:
            return await _status(fill(self.ready.url, values)) == self.ready.status
        return await _accepts(self._port)

    async def stop(self) -> None:
        """End this life: terminate, kill, remove the folder."""
        try:
            await self._end()
        finally:
            folder, self._folder = self._folder, None
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end(self.grace, ask=False)
            self._evidence = self._told(child)

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:  # noqa: ARG002  # Subject
        """It can be asked nothing but whether it lives."""
        child = self._child
        if child is None:
            raise AdapterError(f"{self._who}: is not running", step=op)
        if child.death is not None:
            death = child.death
            return {"died": {"status": death.status, "signal": death.signal, "stderr": self.evidence()[-2048:]}}
        return {"ok": {}} if op == "ping" else {"unsupported": {"reason": f"a ready program does no {op}"}}

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:  # noqa: ARG002  # its configuration is fixed
        """Where it runs; AdapterError for a role that its manifest does not name."""
        if self._folder is None or self._child is None:
            raise AdapterError(f"{self._who}: is not running", step="serve")
        if role not in self.hello.roles:
            raise AdapterError(f"{self._who}: does not serve {role}", step="serve")
        filled = {key: fill(text, self._values(self._folder)) for key, text in self.templates.items()}
        return Served(filled.pop("url"), filled)

    def died(self) -> str:
        """How this life ended by itself, or an empty string."""
        child = self._child
        return "" if child is None or child.death is None or child.killed else str(child.death)

    def evidence(self) -> str:
        """The end of what it wrote, output before errors, at most 64 KiB each."""
        return self._evidence if self._child is None else self._told(self._child)

    def _told(self, child: Child) -> str:
        return self._output[-EVIDENCE:].decode(errors="replace") + child.evidence()

    def _collect(self, data: bytes) -> None:
        self._output += data
        if len(self._output) > 2 * EVIDENCE:
            del self._output[:-EVIDENCE]

    def _values(self, folder: Path) -> dict[str, str]:
        return self.values | {"port": str(self._port), "dir": str(folder)}

    @property
    def _who(self) -> str:
        return shown([fill(word, self.values) for word in self.command])


def free_port() -> int:
    """A port of loopback that is free at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    await _close(writer)
    return True


async def _status(url: str) -> int:
    """The status of a GET on loopback, 0 where there is none: a look, for which an HTTP client would be too much."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except OSError:
        return 0
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        line = await asyncio.wait_for(reader.readline(), 2)
    except (OSError, TimeoutError, ValueError):
        return 0
    finally:
        await _close(writer)
    found = re.match(rb"HTTP/1\.[01] (\d{3})\b", line)
    return int(found[1]) if found else 0


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
