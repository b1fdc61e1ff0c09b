"""Octets that look random from a message and a domain: the expansion and the fields of RFC 9380.

The maps from a field to a curve stand with the curves; what is here is the same for all of them.
"""

from __future__ import annotations

import hashlib


def expand_message_xmd(algorithm: str, message: bytes, domain: bytes, length: int) -> bytes:
    """`length` octets of the message in that domain (RFC 9380, 5.3.1); `algorithm` as hashlib names it.

    A domain of more than 255 octets is hashed first (5.3.3). ValueError for more than 255 digests or an empty domain,
    which no protocol may have (3.1).
    """
    digest_size, block_size = (getattr(hashlib.new(algorithm), size) for size in ("digest_size", "block_size"))
    count = -(-length // digest_size)
    if count > 255 or length > 65535 or not domain:
        raise ValueError(f"{algorithm} cannot expand to {length} octets in a domain of {len(domain)}")
    if len(domain) > 255:
        domain = hashlib.new(algorithm, b"H2C-OVERSIZE-DST-" + domain).digest()
    suffix = domain + bytes([len(domain)])
    first = hashlib.new(algorithm, bytes(block_size) + message + length.to_bytes(2, "big") + b"\0" + suffix).digest()
    block = hashlib.new(algorithm, first + b"\1" + suffix).digest()
    blocks = [block]
    for number in range(2, count + 1):
        mixed = bytes(a ^ b for a, b in zip(first, block, strict=True))
        block = hashlib.new(algorithm, mixed + bytes([number]) + suffix).digest()
        blocks.append(block)
    return b"".join(blocks)[:length]


def hash_to_field(algorithm: str, message: bytes, domain: bytes, modulus: int, width: int, count: int) -> list[int]:
    """`count` integers below the modulus, each of `width` octets reduced (RFC 9380, 5.2, for prime fields)."""
    octets = expand_message_xmd(algorithm, message, domain, count * width)
    return [int.from_bytes(octets[at : at + width], "big") % modulus for at in range(0, count * width, width)]
