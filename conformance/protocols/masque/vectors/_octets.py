"""Vectors of octets: variable-length integers, capsules, HTTP datagrams (RFC 9000, Section 16; RFC 9297)."""

from __future__ import annotations

from typing import Any

from aioquic._buffer import Buffer, BufferReadError

from conformance.cases import octets
from conformance.protocols.masque.messages import PAYLOAD_MAX, capsule_datagram, grease, udp_payload, unknown_capsule
from conformance.protocols.masque.vectors._file import Making
from conformance.wire import Message, Varint, encode_varint
from conformance.wire.http import datagram

WIDTHS = "rfc9297/1.1/non-minimal-varints-accepted"
LAYOUT, SKIPPED = "rfc9297/3.2/capsule-layout-type-length-value", "rfc9297/3.2/unknown-capsule-skipped"
CUT, ERRORS = "rfc9297/3.3/stream-end-inside-capsule-malformed", "rfc9297/3.3/capsule-errors-treated-as-malformed"
OVERSIZE, CONTEXT = "rfc9298/5/oversize-udp-payload-aborts-stream", "rfc9298/5/context-id-precedes-payload"
QUARTER, SHORT = "rfc9297/2.1/quarter-stream-id-starts-payload", "rfc9297/2.1/truncated-quarter-stream-id-refused"
OVERFLOW, UNKNOWN = "rfc9297/2.1/quarter-stream-id-overflow-refused", "rfc9298/5/unknown-context-id-dropped"


def refused_by_aioquic(data: bytes, *, capsules: bool) -> bool:
    """Whether reading integers (or capsules, to the end) with aioquic's buffer fails."""
    buffer = Buffer(data=data)
    try:
        if not capsules:
            buffer.pull_uint_var()
        while capsules and not buffer.eof():
            buffer.pull_uint_var()
            buffer.pull_bytes(buffer.pull_uint_var())
    except BufferReadError:
        return True
    return False


def varints() -> dict[str, Any]:
    """Integers at every boundary, in every width that has them, and cut."""
    making = Making("masque/varint", "masque.varint")
    for value in (0, 37, 63, 64, 15293, 16383, 16384, 494878333, (1 << 30) - 1, 1 << 30, (1 << 62) - 1):
        for width in (1, 2, 4, 8):
            if value >= 1 << (8 * width - 2):
                continue
            made = encode_varint(value, width)
            twin = making.valid(f"{value} in {width}", {"octets": made.hex()}, f"{value} in {width} octets", [WIDTHS])
            if width > 1 and value in {37, 16383, (1 << 62) - 1}:
                for left in sorted({1, width // 2, width - 1}):
                    making.invalid(
                        twin,
                        f"cut to {left}",
                        {"octets": made[:left].hex()},
                        f"only the first {left} octets are there",
                        [WIDTHS],
                        ["truncated"],
                        confirmed=refused_by_aioquic(made[:left], capsules=False),
                    )
    return making.file("rfc9297", "1.1", "Variable-length integers at the boundaries of their widths", 9000)


def _run(*capsules: Message) -> bytes:
    return b"".join(c.encode() for c in capsules)


def capsules() -> dict[str, Any]:
    """Streams of capsules, and cut ones."""
    making = Making("masque/capsules", "masque.capsules")
    hello = capsule_datagram(udp_payload(b"hello"))
    table = {
        "one datagram": (_run(hello), "a payload in context 0", [LAYOUT, CONTEXT]),
        "empty payload": (_run(capsule_datagram(udp_payload(b""))), "a UDP payload of no octets", [LAYOUT]),
        "unknown then datagram": (
            _run(unknown_capsule(grease(0), b"abc"), hello),
            "a capsule of a reserved type in front",
            [SKIPPED],
        ),
        "empty unknown": (_run(unknown_capsule(grease(1), b""), hello), "an unknown capsule without a value", [LAYOUT]),
        "largest type": (
            _run(unknown_capsule(grease((1 << 62) // 0x29 - 1), b""), hello),
            "the largest reserved type",
            [SKIPPED],
        ),
        "unknown context": (
            _run(capsule_datagram(udp_payload(b"hi", 98))),
            "a payload in a context that nobody opened",
            [UNKNOWN],
        ),
        "no capsules": (b"", "an empty stream", [LAYOUT]),
        "no context": (
            _run(capsule_datagram(b"")),
            "a DATAGRAM capsule of no octets, in which a context is missing",
            [LAYOUT],
        ),
    }
    for size in (62, 63, 64, 300):
        table[f"value of {size}"] = (
            _run(unknown_capsule(grease(2), octets(size))), f"an unknown capsule of {size} octets", [LAYOUT, SKIPPED],
        )  # fmt: skip
    for width in (1, 2, 4, 8):
        wide = Message(type=Varint(0, width), length=Varint(width + 5, width),
                       payload=Message(context=Varint(0, width), udp=b"hello"))  # fmt: skip
        table[f"integers of {width}"] = (wide.encode(), f"type, length and context in {width} octets", [WIDTHS])
    ids = {}
    for label, (stream, comment, requirements) in table.items():
        ids[label] = making.valid(label, {"stream": stream.hex()}, comment, requirements)
    for label in ("one datagram", "unknown then datagram", "integers of 8", "value of 64"):
        stream = table[label][0]
        lefts = range(1, len(stream)) if len(stream) < 40 else (1, 2, 3, 4, len(stream) - 1)
        for left in lefts:
            if refused_by_aioquic(stream[:left], capsules=True):
                making.invalid(
                    ids[label], f"cut to {left}", {"stream": stream[:left].hex()},
                    f"only the first {left} octets are there", [CUT, ERRORS], ["truncated"], confirmed=True,
                )  # fmt: skip
    endless = _run(hello) + b"\x17\xff" + b"\xff" * 7
    making.invalid(ids["one datagram"], "endless", {"stream": endless.hex()}, "a capsule of 2^62 - 1 octets is begun",
                   [CUT, ERRORS], ["truncated"], confirmed=refused_by_aioquic(endless, capsules=True))  # fmt: skip
    large = _run(capsule_datagram(udp_payload(bytes(PAYLOAD_MAX + 1))))
    making.invalid(ids["one datagram"], "payload of 65528", {"stream": large.hex()}, "the UDP payload has 65528 octets",
                   [OVERSIZE], ["length"])  # fmt: skip
    return making.file("rfc9297", "3.2", "Streams of capsules in a tunnel for UDP, and the same cut", 9297)


def datagrams() -> dict[str, Any]:
    """Payloads of DATAGRAM frames."""
    making = Making("masque/datagram", "masque.datagram")
    ids = {}
    for quarter in (0, 11, 63, 64, 16384, 1 << 30, (1 << 60) - 1):
        made = datagram(quarter, udp_payload(b"hello")).encode()
        ids[quarter] = making.valid(
            f"quarter {quarter}", {"frame": made.hex()}, f"of the stream {4 * quarter}", [QUARTER]
        )
    for context in (1, 2, 63, 64, 16384, (1 << 62) - 1):
        made = datagram(1, udp_payload(b"hello", context)).encode()
        making.valid(f"context {context}", {"frame": made.hex()}, "in a context that nobody opened", [UNKNOWN, CONTEXT])
    making.valid(
        "empty payload",
        {"frame": datagram(1, udp_payload(b"")).encode().hex()},
        "a UDP payload of no octets",
        [CONTEXT],
    )
    for width in (2, 4, 8):
        made = Message(quarter=Varint(1, width), payload=Message(context=Varint(0, width), udp=b"x")).encode()
        making.valid(f"width {width}", {"frame": made.hex()}, f"both integers in {width} octets", [WIDTHS])
    for value in (1 << 60, (1 << 60) + 1, (1 << 62) - 1):
        made = datagram(value, udp_payload(b"hello")).encode()
        making.invalid(
            ids[(1 << 60) - 1],
            f"quarter {value}",
            {"frame": made.hex()},
            f"the quarter stream ID is {value}, a quarter of no stream ID",
            [OVERFLOW],
            ["length"],
        )
    for quarter in (0, 64, 16384, 1 << 30):
        width = len(encode_varint(quarter))
        whole = datagram(quarter, udp_payload(b"hello")).encode()
        for left in range(width):
            making.invalid(
                ids[quarter], f"cut to {left}", {"frame": whole[:left].hex()}, "the quarter stream ID is not whole",
                [SHORT], ["truncated"], confirmed=refused_by_aioquic(whole[:left], capsules=False),
            )  # fmt: skip
        making.invalid(
            ids[quarter], "no context", {"frame": whole[:width].hex()}, "nothing follows the quarter stream ID",
            [CONTEXT], ["truncated"], confirmed=True,
        )  # fmt: skip
        making.invalid(
            ids[quarter], "context cut", {"frame": (whole[:width] + b"\x40").hex()}, "the context ID is not whole",
            [CONTEXT], ["truncated"], confirmed=True,
        )  # fmt: skip
    return making.file("rfc9297", "2.1", "Payloads of QUIC DATAGRAM frames in a tunnel for UDP", 9298)
