"""The yardstick of the field: h2spec, built here, against our own server and against Go's net/http."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from measure import Figure, Measured, conformance, ended, first_line

MODULE = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"
BUILD_SECONDS = 300
RUN_SECONDS = 120
SERVER = """\
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + listener.Addr().String() + "/")
	server := http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); fmt.Fprintln(w, "hello") })}
	server.Protocols.SetUnencryptedHTTP2(true)
	panic(server.Serve(listener))
}
"""


def built(go: str, folder: Path) -> tuple[Path, Path]:
    """h2spec and a server on Go's net/http; CalledProcessError or TimeoutExpired where they cannot be built."""
    (folder / "server.go").write_text(SERVER)
    surroundings = os.environ | {"GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
    for command in ([go, "install", MODULE], [go, "build", "-o", str(folder / "server"), "server.go"]):
        subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=folder, env=surroundings, timeout=BUILD_SECONDS
        )
    return folder / "h2spec", folder / "server"


@contextmanager
def serving(command: Sequence[str]) -> Iterator[str]:
    """A server, while it is needed: its URL."""
    process = first_line(command)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        ended(process)


def seconds(h2spec: Path, url: str) -> tuple[float, int]:
    """How long one run takes, and how many tests it has; its failures are not our matter here."""
    where = urlsplit(url)
    command = [str(h2spec), "--host", "127.0.0.1", "--port", str(where.port), "--path", where.path]
    began = time.perf_counter()
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_SECONDS)
    took = time.perf_counter() - began
    tests = re.search(r"(\d+) tests, ", ran.stdout)
    if tests is None:
        raise RuntimeError(f"h2spec says nothing of tests: {ran.stdout[-200:]}{ran.stderr[-200:]}")
    return took, int(tests[1])


def measure(repetitions: int) -> Measured:
    """Milliseconds per case; what is missing where Go is, or where it cannot build."""
    go = shutil.which("go")
    if go is None:
        return Measured(missing=["h2spec: Go is not installed here"])
    measured = Measured()
    with tempfile.TemporaryDirectory() as name:
        try:
            h2spec, server = built(go, Path(name))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as why:
            told = (
                (why.stderr or "").strip().splitlines()[-1:] if isinstance(why, subprocess.CalledProcessError) else []
            )
            return Measured(missing=[f"h2spec: it cannot be built here: {' '.join(told) or type(why).__name__}"])
        ours = conformance("serve", "ohttp.gateway")
        for title, command, times in (
            ("our reference gateway", ours, repetitions),
            ("Go's net/http", [str(server)], max(1, repetitions // 3)),
        ):
            with serving(command) as url:
                runs = [seconds(h2spec, url) for _ in range(times)]
            how = f"h2spec v2.2.1, its {runs[0][1]} cases one by one against {title}, without TLS"
            measured.figures.append(
                Figure(f"h2spec case, {title}", "ms", [1000 * took / tests for took, tests in runs], how)
            )
    return measured
