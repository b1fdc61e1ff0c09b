"""Asking a second implementation, through its adapter, what it refuses."""

from __future__ import annotations

import hmac
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from conformance import crypto
from conformance.crypto import Suite
from conformance.protocols.ohttp.messages import decode_key_entry

Answer = Mapping[str, Any]


class Adapter:
    """An adapter's process, started again when it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def ask(self, do: str, **given: Any) -> Answer:
        """One question; an empty answer where the adapter died of it."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        question = json.dumps({"id": self._number, "do": do, "with": given})
        try:
            self._process.stdin.write(question.encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self._process.wait(10)
            return {}
        said: Answer = json.loads(line)
        return said

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(10)


def confirm(adapter: Adapter, file: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Answer]]:
    """Each vector of a file with what the adapter says of it; none of a kind that it cannot be asked for."""
    ask = _QUESTIONS.get(file["kind"])
    for vector in file["vectors"] if ask else ():
        assert ask is not None
        yield vector, ask(adapter, vector["given"])


def _message(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    return adapter.ask("bhttp.decode", message=given["message"])


def _collection(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    return adapter.ask("keyconfig.decode", keys=given["keys"])


def _request(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    made = adapter.ask(
        "keyconfig.encode",
        key_id=entry.key_id,
        kem=entry.kem,
        suites=[list(pair) for pair in entry.algorithms],
        private_key=given["skR"],
    )
    if "ok" not in made:
        return made if "unsupported" in made else {}
    return adapter.ask("ohttp.request.decapsulate", key=made["ok"]["key"], request=given["encapsulated_request"])


def _response(adapter: Adapter, given: Mapping[str, Any]) -> Answer:
    """The secret comes from the adapter, as the gateway exports it; response keys and opening from HMAC and an AEAD."""
    entry = decode_key_entry(bytes.fromhex(given["key_configuration"]))
    suite = Suite.parse(given["suite"])
    enc = crypto.public_of(suite.kem, bytes.fromhex(given["skE"]))
    ids = b"".join(number.to_bytes(2, "big") for number in (suite.kem, suite.kdf, suite.aead))
    key_length = suite.aead_info.key_length
    length = max(key_length, suite.aead_info.nonce_length)
    said = adapter.ask(
        "hpke.export",
        suite=suite.name,
        private_key=given["skR"],
        enc=enc.hex(),
        info=(b"message/bhttp request\0" + bytes([entry.key_id]) + ids).hex(),
        exports=[{"context": b"message/bhttp response".hex(), "length": length}],
    )
    if "ok" not in said:
        return said if "unsupported" in said else {}
    response = bytes.fromhex(given["encapsulated_response"])
    nonce, ciphertext = response[:length], response[length:]
    prk = hmac.digest(enc + nonce, bytes.fromhex(said["ok"]["secrets"][0]), "sha256")
    key = hmac.digest(prk, b"key\1", "sha256")[:key_length]
    aead = ChaCha20Poly1305(key) if suite.aead == 3 else AESGCM(key)
    try:
        opened = aead.decrypt(hmac.digest(prk, b"nonce\1", "sha256")[:12], ciphertext, b"")
    except (InvalidTag, ValueError):
        return {"refused": {"class": "ciphertext"}}
    return {"ok": {"response": opened.hex()}} if len(nonce) == length else {"refused": {"class": "truncated"}}


_QUESTIONS = {
    "bhttp.message": _message, "ohttp.keys": _collection, "ohttp.request": _request, "ohttp.response": _response,
}  # fmt: skip
