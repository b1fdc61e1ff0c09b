"""Asking other implementations what they refuse: packages of PyPI about keys and elements, adapters about the rest."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

Vector = dict[str, Any]
Takes = Callable[[Mapping[str, Any]], bool]


def _cryptography(octets: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), octets)
    except ValueError:
        return False
    return True


def _voprf(kind: str) -> Callable[[bytes], bool]:
    def takes(octets: bytes) -> bool:
        suite = importlib.import_module("voprf").p384
        try:
            getattr(suite, kind).deserialize(octets)
        except (ValueError, RuntimeError):
            return False
        return True

    return takes


def _point(name: str, at: int, takes: Callable[[bytes], bool]) -> Takes:
    """Looks at the element behind the first octets of a field; what is not of type 1 is taken."""

    def look(given: Mapping[str, Any]) -> bool:
        octets = bytes.fromhex(given[name])
        kind = given.get("token_type", int.from_bytes(octets[:2], "big"))
        return kind != 1 or takes(octets[at:])

    return look


def packages() -> dict[str, dict[str, Takes]]:
    """By package URL and kind, what takes a vector."""
    return {
        f"pkg:pypi/cryptography@{metadata.version('cryptography')}": {
            "privacypass.token-key": _point("token_key", 0, _cryptography),
            "privacypass.token-request": _point("token_request", 3, _cryptography),
        },
        f"pkg:pypi/voprf@{metadata.version('voprf')}": {
            "privacypass.token-key": _point("token_key", 0, _voprf("PublicKey")),
            "privacypass.token-request": _point("token_request", 3, _voprf("BlindedInput")),
            "privacypass.token-response": lambda given: given["token_type"] != 1 or _output(given["token_response"]),
        },
    }


def _output(text: str) -> bool:
    """The package writes a proof in front of its element."""
    octets = bytes.fromhex(text)
    return _voprf("VerifiableOutput")(octets[49:] + octets[:49])


QUESTIONS = {
    "privacypass.authorization": "privacypass.authorization.decode",
    "privacypass.challenge-field": "privacypass.challenge-field.decode",
    "privacypass.token": "privacypass.token.decode",
    "privacypass.token-challenge": "privacypass.challenge.decode",
    "privacypass.token-key": "privacypass.key.decode",
    "privacypass.token-request": "privacypass.request.decode",
    "privacypass.token-response": "privacypass.response.check",
}


class Adapter:
    """An adapter's process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """One question."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"id": 1, "do": do, "with": given}) + "\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def takes(self, kind: str) -> Takes:
        """What takes a vector of that kind; whatever the adapter cannot be asked is taken."""
        return lambda given: "refused" not in self.ask(QUESTIONS[kind], given)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)


def confirm(vectors: Iterable[Vector], purl: str, takes: Takes) -> int:
    """Write down which invalid vectors are refused where their twins are taken; gives how many."""
    every = list(vectors)
    good = {v["id"] for v in every if v["result"] == "valid" and takes(v["given"])}
    count = 0
    for vector in every:
        if vector["result"] == "invalid":
            others = [other for other in vector.pop("confirmed", ()) if other != purl]
            if vector["twin"] in good and not takes(vector["given"]):
                others.append(purl)
                count += 1
            if others:
                vector["confirmed"] = sorted(others)
    return count
