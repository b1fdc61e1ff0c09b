"""Adapter for the package `voprf` of PyPI: JSON Lines on the standard streams, as docs/adapter.md describes.

The library has VOPRF over P-384 (RFC 9497). Everything that Privacy Pass puts around that is the shim's, but what is
left of a request behind its first three octets goes to the library as it is, and what it raises is a refusal.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from typing import Any

from voprf import p384

VERSION = metadata.version("voprf")
DIRECTORY = "/.well-known/private-token-issuer-directory"
DIRECTORY_TYPE = "application/private-token-issuer-directory"
REQUEST_TYPE = "application/private-token-request"
RESPONSE_TYPE = "application/private-token-response"
POINT = 49


def reordered(output: bytes) -> bytes:
    """The library writes the proof in front of the element, a token response has it behind (RFC 9578, Section 5.2)."""
    return output[-POINT:] + output[:-POINT]


class Issuer(ThreadingHTTPServer):
    """An issuer of type 1 with one key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.evaluator = p384.Evaluator.from_seed(secrets.token_bytes(32), b"PrivacyPass")
        key = self.evaluator.public_key.serialize()
        self.id = hashlib.sha256(key).digest()[-1]
        listed = [{"token-type": 1, "token-key": base64.urlsafe_b64encode(key).decode()}]
        self.directory = json.dumps({"issuer-request-uri": "/token-request", "token-keys": listed}).encode()


class Handler(BaseHTTPRequestHandler):
    """One request at a time of a connection."""

    protocol_version = "HTTP/1.1"
    server: Issuer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, kind: str = "text/plain", content: bytes = b"", more: str = "") -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if more:
            self.send_header("Cache-Control", more)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def parse_request(self) -> bool:
        """Read a request whole, and let its method be anything."""
        if not super().parse_request():
            return False
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        setattr(self, f"do_{self.command}", self.handled)
        return True

    def handled(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == DIRECTORY:
            if self.command not in {"GET", "HEAD"}:
                return self.answer(405)
            return self.answer(200, DIRECTORY_TYPE, self.server.directory, "max-age=3600")
        if path != "/token-request":
            return self.answer(404)
        if self.command != "POST":
            return self.answer(405)
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != REQUEST_TYPE:
            return self.answer(415)
        if self.content[:2] != b"\0\1" or self.content[2:3] != bytes([self.server.id]):
            return self.answer(422)
        try:
            output = self.server.evaluator.evaluate(p384.BlindedInput.deserialize(self.content[3:])).serialize()
        except (ValueError, RuntimeError) as why:
            return self.answer(422, content=str(why).encode())
        return self.answer(200, RESPONSE_TYPE, reordered(output))


class Refused(Exception):
    """The library, or what the client has around it, does not take something."""


def issue(challenge: str, issuer: str, token_key: str, type: int) -> dict[str, Any]:  # noqa: A002
    """Get one token."""
    if type != 1:
        return {"unsupported": {"reason": f"no type {type}"}}
    key = bytes.fromhex(token_key)
    identifier = hashlib.sha256(key).digest()
    signed = b"\0\1" + secrets.token_bytes(32) + hashlib.sha256(bytes.fromhex(challenge)).digest() + identifier
    try:
        public = p384.PublicKey.deserialize(key)
        client, blinded = p384.Client.blind(signed)
        where = urllib.parse.urljoin(issuer, DIRECTORY)
        said = json.loads(fetched(where, DIRECTORY_TYPE))
        request = b"\0\1" + identifier[-1:] + blinded.serialize()
        response = fetched(urllib.parse.urljoin(where, said["issuer-request-uri"]), RESPONSE_TYPE, request)
        output = p384.VerifiableOutput.deserialize(response[POINT:] + response[:POINT])
        token = signed + client.finalize(output, public)
    except (ValueError, RuntimeError, OSError, Refused) as why:
        return {"refused": {"class": why.__class__.__name__.lower(), "detail": str(why)}}
    return {"ok": {"token": token.hex()}}


def fetched(url: str, accept: str, content: bytes | None = None) -> bytes:
    """The content of a right answer."""
    kinds = {"Accept": accept} | ({"Content-Type": REQUEST_TYPE} if content is not None else {})
    with urllib.request.urlopen(urllib.request.Request(url, content, kinds), timeout=5) as answer:  # noqa: S310
        if answer.status != 200 or answer.headers.get_content_type() != accept:
            raise Refused(f"status {answer.status}, called {answer.headers.get_content_type()}")
        octets: bytes = answer.read()
        return octets


HELLO = {
    "protocol": 1,
    "name": "voprf-py",
    "version": VERSION,
    "language": "python",
    "source": [f"pkg:pypi/voprf@{VERSION}"],
    "roles": {
        "privacypass.issuer": {"variants": {"http": [1], "type": [1]}},
        "privacypass.client": {"variants": {"type": [1]}},
    },
    "operations": ["privacypass.client.issue"],
    "parallel": 1,
    "controls": [],
}


def main() -> None:
    """Answer questions until there are no more."""
    serving: Issuer | None = None
    for line in sys.stdin:
        question = json.loads(line)
        operation, given = question["do"], question.get("with") or {}
        reply: dict[str, Any] = {"ok": {}}
        if operation in {"serve", "stop"} and serving is not None:
            serving.shutdown()
            serving.server_close()
            serving = None
        if operation == "hello":
            reply = {"ok": HELLO}
        elif operation == "serve" and given.get("role") == "privacypass.issuer":
            serving = Issuer()
            threading.Thread(target=serving.serve_forever, daemon=True).start()
            reply = {"ok": {"url": f"http://127.0.0.1:{serving.server_address[1]}"}}
        elif operation == "privacypass.client.issue":
            try:
                reply = issue(**{name: given[name] for name in ("challenge", "issuer", "token_key", "type")})
            except (KeyError, TypeError) as why:
                reply = {"error": {"detail": repr(why)}}
        elif operation not in {"ping", "bye", "stop"}:
            reply = {"unsupported": {"reason": f"no operation {operation}"}}
        sys.stdout.write(json.dumps({"id": question["id"]} | reply) + "\n")
        sys.stdout.flush()
        if operation == "bye":
            return


if __name__ == "__main__":
    main()
