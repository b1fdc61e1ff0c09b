"""Fixtures of the command line's tests."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import cli
from tests.cli.kit import Raw, Suite, serving


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command line in this process: for what ends before anything is run."""
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith("GITHUB_"):
            monkeypatch.delenv(name)

    def call(*args: str | Path, code: int | None = None) -> Result:
        result = CliRunner().invoke(cli, [*map(str, args)], prog_name="conformance")
        if code is not None:
            assert result.exit_code == code, (result.output, result.exception)
        return result

    return call


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of our gateway."""
    with serving(tmp_path_factory.mktemp("gateway")) as url:
        yield url


@pytest.fixture
def raw() -> Iterator[Callable[..., Raw]]:
    """Start servers of octets: `raw(handler, context)`."""
    started: list[Raw] = []

    def start(handle: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Raw:
        started.append(Raw(handle, context))
        return started[-1]

    yield start
    for server in started:
        server.close()
