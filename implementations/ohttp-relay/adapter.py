"""Adapter (JSON Lines on the standard streams) for the program ohttp-relay.

The program takes the origin of its gateway from its environment, so it is started by `serve`. Its port would be open on
all addresses: it gets a Unix socket, and octets are carried between that and a port on loopback, in both directions.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from urllib.parse import urlsplit

PROGRAM = sys.argv[1]
VERSION = "0.0.11"
HELLO = {
    "protocol": 1, "name": "ohttp-relay", "version": VERSION, "language": "rust",
    "source": [f"pkg:cargo/ohttp-relay@{VERSION}"], "roles": {"ohttp.relay": {}}, "operations": [], "parallel": 8,
}  # fmt: skip


class Relay:
    """The program while it runs, and the port in front of it."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.port: asyncio.Server | None = None
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    async def start(self, gateway: str) -> str:
        """Start the program for a gateway; the URL where it takes requests."""
        origin = urlsplit(gateway)
        # A working folder's name may be longer than the name of a socket can be.
        self.folder = tempfile.TemporaryDirectory(prefix="relay-")
        path = f"{self.folder.name}/socket"
        settings = {"UNIX_SOCKET": path, "GATEWAY_ORIGIN": f"{origin.scheme}://{origin.netloc}", "RUST_LOG": "warn"}
        self.process = await asyncio.create_subprocess_exec(
            PROGRAM, env={**os.environ, **settings}, stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr
        )
        for _ in range(200):
            if self.process.returncode is not None:
                raise OSError("the program ended")
            try:
                _, writer = await asyncio.open_unix_connection(path)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        asyncio.get_running_loop().create_task(self.watched(self.process))
        self.port = await asyncio.start_server(lambda r, w: carried(path, r, w), "127.0.0.1", 0)
        host, port = self.port.sockets[0].getsockname()
        return f"http://{host}:{port}/"

    async def watched(self, process: asyncio.subprocess.Process) -> None:
        """When the program dies by itself, so does the adapter."""
        status = await process.wait()
        if process is self.process:
            os._exit(status if 0 < status < 256 else 70)

    async def stop(self) -> None:
        """End the program."""
        process, self.process = self.process, None
        if self.port is not None:
            self.port.close()
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()
        if self.folder is not None:
            self.folder.cleanup()


async def carried(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, to the program's socket and back; what ends on one side ends on the other."""
    try:
        there, back = await asyncio.open_unix_connection(path)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(flow(reader, back), flow(there, writer))
    for end in (writer, back):
        end.close()


async def flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Octets in one direction."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


async def main() -> None:
    """Answer questions, one after another."""
    relay = Relay()
    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        question = json.loads(line)
        said = {"unsupported": {"reason": f"no operation {question['do']}"}}
        match question["do"]:
            case "hello":
                said = {"ok": HELLO}
            case "ping" | "bye":
                said = {"ok": {}}
            case "stop":
                await relay.stop()
                said = {"ok": {}}
            case "serve":
                asked = question.get("with", {})
                gateway = asked.get("options", {}).get("gateway")
                if asked.get("role") != "ohttp.relay":
                    said = {"unsupported": {"reason": f"no role {asked.get('role')}"}}
                elif not gateway:
                    said = {"error": {"detail": "serve wants a gateway among its options"}}
                else:
                    said = {"ok": {"url": await relay.start(gateway)}}
        sys.stdout.write(json.dumps({"id": question["id"], **said}) + "\n")
        sys.stdout.flush()
        if question["do"] == "bye":
            break
    await relay.stop()


asyncio.run(main())
