"""The keys of our issuers: always the same, so that an origin can be told of them before it starts.

They are known to everybody who reads this, and good for nothing but tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from conformance.crypto import blindrsa
from conformance.protocols.privacypass.messages import (
    BLIND_RSA,
    VOPRF,
    PrivateKey,
    PrivateRSAKey,
    PrivateVOPRFKey,
)

ISSUER_NAME = b"issuer.example"
_PRIMES = """
d87e18bb8eb9e3541e7de58a3dbac62feeb96590832c8e6a45b3ab9e41827233
aa5a47724f9bbcef64581f2c37c6e3b650f3eddc499ddb924403805e7ec9f43f
62e71c259e441d8cc5c9daf2995ad14c6414b90083c6710b185a44cfa37bf7e6
09fbfc3b220d743df110318be817f63e71736c92aff269b108773ba1a0dc34bd

e1b72529db0d3f483fd38dca78592a487809a1da3efa5a67f064d6165d168d0d
c3f51c9a703967f57ae6c887579aceff6e30ca3fd1f5ee2d3051f273495bed14
ba5434b4fe29b1d07b13cefbdcbc19e20509534d9cd90772704fd0c3a52b0249
babd18c6c3036af680f286caecfaa89a6138a81d3b8c5de2dc9eee9bcb29aeb7

d66dd37dbdf2524be321ff60928a062b44d71cdfeb8301851a1a6c0d07ccfa4b
07f0770af88c6acd50e31f7715d1a0d9aa69f17cba426739b29b77084b92e65d
8a64b450fa3d6c90357c63f4fcc04e2fe8e1d5987a26ddbc741171f4f8410b3a
9d4223f0681ba14f75acd202da46ac81a64097b0e91aa2ce6dd475ca2cedb45d

fed25e14c6c816df71895b318ef97dd1d0d4bd5f36826da9e2ff84e08e117c68
d3ad42276bd3d028829d56d0446915b54240debd24bad3740e9ff2823474ccdd
1ea5ced9eeb73566904b7e5760bfe6dfdee8b253eaf37d262f3b24c1078a708e
919508851784d470dea62fc215c03902ee386ba1464c7b9b1b6083b05b6af121

f85a8d8906f1a6109c14857ed9c8af1e95db6fe0d390b956db157d583bad6200
6dc0a34ecd0c32bf498141f80752c6e5566c617c1e3ac389eb66945b8338c4a3
d96182903f02e200e9268f18de18f26c57aa85b169b2391b5799da771967d9de
5ef94df825e42fd7cfae9a9e61b9b0ed66f9f961671b5e63189d16f32ac52127

da2e9abc3ea81a18dd21b54581dc72ca6e25a0124874fc85fd2ce2e7da407c1d
edb3012e44535ad16c0658d920ed97beadba0e5259c7015c230d1c6bb5456106
6d95a7124087fd77fa1bcd7aa9ad58dbb6c8842f084cd8e49248cfdcf054c4a5
fb5e67f8866f56090b82ab3e503b60aeaeb8188a1e70d03cd65ff0d152b4e453
"""
"""Two for each key of type 2."""
_SEEDS = (
    b"one key of our issuer that is for VOPRF",
    b"another key of our issuer, for VOPRF too",
    b"a key of nobody's, VOPRF",
)


@cache
def voprf_key(nth: int = 0) -> PrivateVOPRFKey:
    """A key of type 1; the third is in no directory."""
    return PrivateVOPRFKey.derived(_SEEDS[nth])


@cache
def rsa_key(nth: int = 0) -> PrivateRSAKey:
    """A key of type 2; the third is in no directory."""
    p, q = (int(prime.replace("\n", ""), 16) for prime in _PRIMES.strip().split("\n\n")[2 * nth : 2 * nth + 2])
    return PrivateRSAKey.of(blindrsa.PrivateKey.of_primes(p, q))


def private_key(token_type: int, nth: int = 0) -> PrivateKey:
    """The key of a type."""
    return voprf_key(nth) if token_type == VOPRF else rsa_key(nth)


def trusted() -> Mapping[str, Any]:
    """What an origin is told of our issuer: its name and its keys, those of type 1 with their private half."""
    keys: list[dict[str, Any]] = [
        {"type": VOPRF, "public": key.public.octets.hex(), "private": f"{key.private:096x}"}
        for key in map(voprf_key, (0, 1))
    ]
    keys += [{"type": BLIND_RSA, "public": rsa_key(nth).public.octets.hex()} for nth in (0, 1)]
    return {"name": ISSUER_NAME.decode(), "keys": keys}
