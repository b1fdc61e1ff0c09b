"""Adapter (JSON Lines on the standard streams) for the client of cohere-tng, an httpx transport over chunked OHTTP.

The client speaks to a server of its own kind: it asks for keys in JSON, and writes metadata in front of each request.
The shim stands there for it on loopback: it hands over the keys that it was given, takes the metadata off, posts what
is left to the gateway and carries the answer back, octets unseen. So the shim decides paths.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import cohere_tng
import httpx

PATIENCE = 1.2
VERSION = version("cohere-tng")
HELLO = {
    "protocol": 1, "name": "cohere-tng", "version": VERSION, "language": "rust",
    "source": [f"pkg:pypi/cohere-tng@{VERSION}"],
    "roles": {"ohttp.client": {"features": ["chunked", "own-authority"], "variants": {"suite": ["0020/0001/0001"]}}},
    "operations": ["ohttp.client.fetch"], "parallel": 1,
}  # fmt: skip
CARRIED = ("content-type", "incremental", "user-agent", "date")


class Server(BaseHTTPRequestHandler):
    """What the client takes for a server of its kind, and for the target."""

    protocol_version = "HTTP/1.1"
    keys = b""
    gateway = ""

    def do_POST(self) -> None:
        """A fetch of the keys, or a request in the tunnel."""
        content = self.content()
        if self.headers.get("x-tng-ohttp-api") == "/tng/key-config":
            self.key_config()
        else:
            self.tunnel(content)

    def content(self) -> bytes:
        """The content of the request, with a length or in pieces."""
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def key_config(self) -> None:
        """The keys that the shim was given, as the client wants them."""
        keys = base64.b64encode(self.keys).decode()
        config = {"expire_timestamp": int(time.time()) + 600, "encoded_key_config_list": keys}
        said = json.dumps({"hpke_key_config": config, "attest_response": {"Ok": None}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def tunnel(self, content: bytes) -> None:
        """One request to the gateway, and its answer back; what ends early ends early for the client too."""
        url = urlsplit(self.gateway)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
        metadata = int.from_bytes(content[:4], "big")
        fields = {name: value for name, value in self.headers.items() if name.lower() in CARRIED}
        try:
            connection.request("POST", url.path, content[4 + metadata :], fields)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        finally:
            connection.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Standard error is for what goes wrong."""


def fetch(given: dict[str, Any], port: int) -> dict[str, Any]:
    """One fetch by the client."""
    if not given.get("chunked"):
        return {"unsupported": {"reason": "the client has the chunked form only"}}
    try:
        Server.keys, Server.gateway = bytes.fromhex(given["keys"]), given["url"]
        asked = {name: bytes.fromhex(given["request"][name]).decode("latin-1") for name in ("method", "path")}
        fields = [(bytes.fromhex(n), bytes.fromhex(v)) for n, v in given["request"].get("fields", [])]
    except (KeyError, TypeError, ValueError) as why:
        return {"error": {"detail": f"no fetch: {why!r}"}}
    content = bytes.fromhex(given["request"].get("content", ""))
    try:
        with httpx.Client(transport=cohere_tng.Transport(verify=None), timeout=PATIENCE) as client:
            client.headers.clear()
            url = httpx.URL(scheme="http", host="127.0.0.1", port=port, raw_path=asked["path"].encode())
            answer = client.request(asked["method"], url, headers=fields, content=content)
    except Exception as why:  # noqa: BLE001 - whatever the client raises is its refusal
        return {"refused": {"class": type(why).__name__.lower(), "detail": str(why)}}
    lines = [[n.lower().hex(), v.hex()] for n, v in answer.headers.raw]
    return {"ok": {"response": {"status": answer.status_code, "fields": lines, "content": answer.content.hex()}}}


def main() -> None:
    """Answer questions, one after another."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the client writes its log to standard output, which belongs to the protocol
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        question = json.loads(line)
        match question["do"]:
            case "hello":
                said = {"ok": HELLO}
            case "ping" | "bye":
                said = {"ok": {}}
            case "ohttp.client.fetch":
                said = fetch(question["with"], server.server_port)
            case other:
                said = {"unsupported": {"reason": f"no operation {other}"}}
        out.write(json.dumps({"id": question["id"], **said}) + "\n")
        out.flush()
        if question["do"] == "bye":
            break
    os._exit(0)


main()
