"""Groups of prime order, and hashing to them: P-256, P-384, P-521, edwards25519 and ristretto255.

All arithmetic is our own, on Python's integers, or with the extra `fast` on those of gmpy2 and for ristretto255 by
libsodium (rbcl); the octets are the same. Decoding is strict: one encoding for each element, DecodeError for all else.
Nothing here runs in constant time or is wiped: the keys are those of tests.

    element = P384.decode(octets)
    masked = 3 * element + P384.generator
    masked.encode()

Documents: SP 800-186 and SEC 1 (P curves), RFC 7748 and RFC 8032 (edwards25519), RFC 9496 (ristretto255), RFC 9380
(hashing), RFC 9497, 4 (scalars).
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Any

from conformance.crypto import _weierstrass
from conformance.crypto._edwards import Edwards25519, Ristretto255, SodiumRistretto255
from conformance.crypto._group import Element, Group
from conformance.crypto._weierstrass import Weierstrass

__all__ = [
    "EDWARDS25519",
    "NAMES",
    "P256",
    "P384",
    "P521",
    "RISTRETTO255",
    "Edwards25519",
    "Element",
    "Group",
    "Ristretto255",
    "Weierstrass",
    "edwards25519",
    "group",
    "ristretto255",
    "weierstrass",
]

NAMES = ("P-256", "P-384", "P-521", "edwards25519", "ristretto255")
_CURVES = {curve.name: curve for curve in (_weierstrass.P256, _weierstrass.P384, _weierstrass.P521)}


def optional(name: str) -> Any:
    """The module of that name, or None where it is not installed, or cannot be loaded: rbcl unpacks its library."""
    try:
        return importlib.import_module(name) if importlib.util.find_spec(name) else None
    except OSError:
        return None


def _integer(fast: bool) -> Any:
    gmpy2 = optional("gmpy2") if fast else None
    return int if gmpy2 is None else gmpy2.mpz


@cache  # elements of two objects for one group would not mix
def _group(name: str, fast: bool) -> Any:
    if name in _CURVES:
        return Weierstrass(_CURVES[name], _integer(fast))
    if name == "edwards25519":
        return Edwards25519(_integer(fast))
    if name != "ristretto255":
        raise KeyError(name)
    rbcl = optional("rbcl") if fast else None
    return Ristretto255(_integer(fast)) if rbcl is None else SodiumRistretto255(rbcl)


def group(name: str, *, fast: bool = True) -> Group:
    """The group of that name; KeyError if there is none. Unless `fast`, without extensions even where installed.

    There is one object for each: `group("P-384") is P384`.
    """
    found: Group = _group(name, fast)
    return found


def weierstrass(name: str, *, fast: bool = True) -> Weierstrass:
    """P-256, P-384 or P-521, as a curve with coordinates."""
    curve = group(name, fast=fast)
    assert isinstance(curve, Weierstrass)
    return curve


def edwards25519(*, fast: bool = True) -> Edwards25519:
    """The curve edwards25519, with its cofactor."""
    curve = group("edwards25519", fast=fast)
    assert isinstance(curve, Edwards25519)
    return curve


def ristretto255(*, fast: bool = True) -> Ristretto255:
    """The group ristretto255, with its one-way map."""
    found = group("ristretto255", fast=fast)
    assert isinstance(found, Ristretto255)
    return found


P256 = weierstrass("P-256")
P384 = weierstrass("P-384")
P521 = weierstrass("P-521")
EDWARDS25519 = edwards25519()
RISTRETTO255 = ristretto255()
