"""What the cases about issuers share."""

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.model import ACCEPTED, Finding, Transcript
from conformance.protocols.privacypass.exchanges import ask, connected, issue, learned
from conformance.protocols.privacypass.messages import P384, RESERVED_TYPES

TYPE_1, TYPE_2 = {"type": [1]}, {"type": [2]}
FIRST = {"type": "first"}
FIELD = 2**384 - 2**128 - 2**96 + 2**32 - 1
POINT = (7 * P384.generator).encode()
"""A point of P-384 that is nobody's key."""


def by_text(*values: bytes) -> dict[str, bytes]:
    """Octets by the text that they are."""
    return {value.decode("latin-1") or "nothing": value for value in values}


def other_types(own: int) -> dict[str, int]:
    """Types that nobody issues, and one that is for another kind of key."""
    return {f"{t:#06x}": t for t in RESERVED_TYPES} | {"0x7777": 0x7777, "0xffff": 0xFFFF, "octets swapped": own << 8}


def _coordinate(x: int, tag: int = 2) -> bytes:
    return bytes([tag]) + x.to_bytes(48, "big")


def _y(x: int) -> int:
    """A square root of what y² is, where there is one, or else of its negative."""
    b = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
    return pow(x**3 - 3 * x + b, (FIELD + 1) // 4, FIELD)


def _on_the_curve(x: int) -> bool:
    b = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
    return (_y(x) ** 2 - (x**3 - 3 * x + b)) % FIELD == 0


def _first(numbers: Iterable[int], *, on: bool) -> int:
    return next(x for x in numbers if _on_the_curve(x) is on)


OFF, SMALL = _first(range(1, 100), on=False), _first(range(1, 100), on=True)
NOT_POINTS = {
    "off the curve": _coordinate(OFF),
    "off the curve, odd": _coordinate(OFF, 3),
    "x = p": _coordinate(FIELD),
    "x = p + a point's": _coordinate(FIELD + SMALL),
    "x = p + 1": _coordinate(FIELD + 1),
    "all ones": b"\xff" * 49,
    "the largest x": _coordinate((1 << 384) - 1),
    **{f"tag {tag:02x}": bytes([tag]) + POINT[1:] for tag in (0, 1, 4, 5, 6, 7, 0x82)},
}
"""49 octets that are no compressed point of P-384."""
_x = int.from_bytes(POINT[1:], "big")
_root = _y(_x)
_pair = POINT[1:] + (_root if _root % 2 == POINT[0] % 2 else FIELD - _root).to_bytes(48, "big")
OTHER_FORMS = {
    "uncompressed": b"\x04" + _pair,
    "hybrid": bytes([4 + POINT[0]]) + _pair,
    "without its tag": POINT[1:],
    "a zero in front": b"\0" + POINT,
    "in DER": b"\x04\x31" + POINT,
}
"""A point in forms that are not the compressed one."""


async def ask_for_each_key(bench: Any) -> None:
    """A request for each key of the directory that is of the variant's type, in parts called after its place."""
    first = bench.part("connect")
    connection = await connected(first)
    for nth in range(len((await learned(first)).of_type(bench.variant["type"]))):
        await (await ask(bench.part(f"key {nth}"), connection, nth)).answer()


def keys_issue(transcript: Transcript) -> Iterator[Finding]:
    """Each key that was tried has issued."""
    tried = transcript.starting("key ")
    for part in tried:
        right = issue.outcome(part) == ACCEPTED
        told = f"{part.name} of {len(tried)}: {issue.outcome(part)}"
        yield Finding("as-expected" if right else "violation", told, part=part.name)
