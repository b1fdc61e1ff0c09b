"""Real processes of the command line, in an empty folder; servers that misbehave, each in one way."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "conformance")
ONE = "ohttp/gateway/request/enc-cut-short"
"""A case that passes on the reference, in every variant."""
FAULT = "internal-error-when-undecryptable"
"""A fault that this case sees."""
FAILED = ("Traceback", "Exception", "never awaited", "Unclosed")


@dataclass
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err


def environment(**more: str) -> dict[str, str]:
    """The tests' own, without what a runner of tests may have set."""
    left_out = ("GITHUB_", "NO_COLOR", "FORCE_COLOR", "COLUMNS")
    return {k: v for k, v in os.environ.items() if not k.startswith(left_out)} | more


class Suite:
    """Runs commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str | Path, patience: float = 30, **env: str) -> Ended:
        """Run to the end; a traceback is a failure whatever else the test looks at."""
        done = subprocess.run(
            [*COMMAND, *map(str, args)], cwd=self.folder, env=environment(**env), timeout=patience, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        for word in FAILED:
            assert word not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *args: str | Path, **more: str) -> Ended:
        """One case on the reference, unless another subject is named."""
        whom = () if {"--target", "--adapter", "--implementation"} & set(args) else ("--reference",)
        what = () if {"--include", "--again"} & set(args) else ("--include", ONE)
        return self("run", *whom, *what, *args, **more)

    @contextlib.contextmanager
    def process(self, *args: str | Path, **env: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command; whatever of it is left is ended with the block."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, args)], cwd=self.folder, env=environment(**env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[str]:
    """Our gateway in a process of its own; its URL."""
    with Suite(folder).process("serve", "ohttp.gateway", *more) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


class Raw:
    """A server of octets in threads of its own."""

    def __init__(self, handle: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.handle = handle
        self.context = context
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self.sockets: list[socket.socket] = []
        self._start(self._accept)

    def _start(self, step: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=step, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(accepted)
            self._start(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError):
            spoken = self.context.wrap_socket(accepted, server_side=True) if self.context else accepted
            self.sockets.append(spoken)
            self.handle(spoken)
            spoken.close()

    def close(self) -> None:
        """End it and all its connections."""
        self.over.set()
        for sock in (self.listener, *self.sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                sock.close()
        for thread in self.threads:
            thread.join(5)


def forward(port: int) -> Callable[[socket.socket], None]:
    """A handler that passes octets on to a port of this machine, and back."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def handle(accepted: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=pump, args=(there, accepted), daemon=True)
            back.start()
            pump(accepted, there)
            back.join(10)

    return handle


def lines_of(text: str, words: Sequence[str]) -> list[str]:
    """The lines that hold one of these words."""
    return [line for line in text.splitlines() if any(word in line for word in words)]
