"""What readers of Binary HTTP are sent, whoever they are: tables for the cases of libraries and of gateways.

Paths are those of a message's recipe; a case puts the point (and where the message stands in it) in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from conformance.model import Change
from conformance.protocols.ohttp.exchanges import REQUEST, RESPONSE, lawful_message, recipe_of
from conformance.protocols.ohttp.messages import (
    CONTROL_PSEUDO_FIELDS,
    BinaryRequest,
    BinaryResponse,
    Decoder,
    Line,
)
from conformance.wire import VARINT_MAX, DecodeError, Message, Reader

TRAILERS: tuple[Line, ...] = ((b"x-checksum", b"abc"), (b"x-more", b"1"))
HINTS: tuple[Line, ...] = ((b"link", b"</style.css>; rel=preload"),)
FULL_REQUEST = replace(REQUEST, trailers=TRAILERS)
FULL_RESPONSE = replace(RESPONSE, trailers=TRAILERS, informational=((102, ()), (103, HINTS)))
BARE_REQUEST = BinaryRequest(b"GET", b"https", b"www.example.com", b"/")
BARE_RESPONSE = BinaryResponse(200)
GET = replace(BARE_REQUEST, fields=((b"accept", b"text/plain"),))

HUGE = (1 << 30, 1 << 31, 1 << 32, VARINT_MAX)
"""Lengths that nobody has the octets for."""

BEYOND = {"2^29": 1 << 29, "2^53": 1 << 53, "2^61": 1 << 61}
"""What careless readers lose of an integer: the highest bit that four octets have for it, all above the 53 bits of a
floating-point number, the highest bit of eight octets. With one of these added, a right length looks right to them."""

BAD_NAMES = {
    "a space": b"a b", "a space in front": b" a", "a space behind": b"a ", "NUL": b"a\0b", "CR": b"a\rb", "LF": b"a\nb",
    "a whole line": b"a: b\r\nc", "a colon inside": b"a:b", "a colon behind": b"a:", "DEL": b"a\x7f",
    "an octet of 80": b"a\x80", "an octet of ff": b"\xffa", "a quote": b'"a"', "brackets": b"a[]", "a comma": b"a,b",
    "a slash": b"a/b", "a tab": b"a\tb",
}  # fmt: skip
"""Octets that no field name has (RFC 9110, Section 5.1)."""

BAD_VALUES = {
    "NUL": b"a\0b", "CR": b"a\rb", "LF": b"a\nb", "CRLF and a field": b"a\r\nx-injected: 1",
    "CRLF at the end": b"a\r\n", "LF in front": b"\na", "a whole request": b"a\r\n\r\nGET /injected HTTP/1.1\r\n\r\n",
    "a space in front": b" a", "a space behind": b"a ", "a tab in front": b"\ta", "a tab behind": b"a\t",
    "only a space": b" ",
}  # fmt: skip
"""Values that make a message of HTTP/2 malformed (RFC 9113, Section 8.2.1)."""

FINE_VALUES = {
    "nothing": b"", "octets from 80 on": bytes(range(0x80, 0x100)), "spaces inside": b"a  b\tc",
    "all that is printed": bytes(range(0x21, 0x7F)), "63 octets": b"v" * 63, "64 octets": b"v" * 64,
    "4000 octets": b"v" * 4000,
}  # fmt: skip

BAD_CONTROL = {
    "no method": ("method", b""), "a method with a space": ("method", b"GE T"),
    "a method with a line": ("method", b"GET / HTTP/1.1\r\nx: y"), "a method with NUL": ("method", b"GET\0"),
    "a method in parentheses": ("method", b"(GET)"), "a method of 8-bit octets": ("method", b"GET\xe9"),
    "no scheme": ("scheme", b""), "a scheme with a space": ("scheme", b"ht tps"),
    "a scheme that begins with a digit": ("scheme", b"1https"), "a scheme with its colon": ("scheme", b"https:"),
    "a scheme with NUL": ("scheme", b"https\0"),
    "an authority with a user": ("authority", b"user:secret@www.example.com"),
    "an authority with a space": ("authority", b"www.example .com"),
    "an authority with a path": ("authority", b"www.example.com/a"),
    "an authority with a line": ("authority", b"www.example.com\r\nx: y"),
    "an authority with a query": ("authority", b"www.example.com?a"),
    "no path": ("path", b""), "a path without its slash": ("path", b"hello.txt"),
    "a path with a fragment": ("path", b"/hello.txt#there"), "a path with a space": ("path", b"/hello world"),
    "a path with a line": ("path", b"/ HTTP/1.1\r\nx: y\r\n\r\n"), "a path with NUL": ("path", b"/hello\0.txt"),
    "a path with an 8-bit octet": ("path", b"/h\xe9llo"), "an asterisk for POST": ("path", b"*"),
    "a whole URI": ("path", b"https://www.example.com/hello.txt"), "a query alone": ("path", b"?a=b"),
}  # fmt: skip
"""Control data against HTTP/2's rules for the pseudo-header field of that name (RFC 9113, Section 8.3.1)."""

FINE_REQUESTS = {
    "a query": replace(BARE_REQUEST, path=b"/search?q=1&r=%2Fa/b?c"),
    "an empty query": replace(BARE_REQUEST, path=b"/search?"),
    "escaped octets": replace(BARE_REQUEST, path=b"/a%20b/%C3%A9%2F/c;d=e/@:!$&'()*+,="),
    "a port": replace(BARE_REQUEST, authority=b"www.example.com:8443"),
    "an address of IPv6": replace(BARE_REQUEST, authority=b"[2001:db8::1]:8443"),
    "http": replace(BARE_REQUEST, scheme=b"http"),
    "PATCH": replace(REQUEST, method=b"PATCH"),
    "QUERY": replace(REQUEST, method=b"QUERY"),
    "a method of our own": replace(BARE_REQUEST, method=b"X-Look.up!"),
    "a path of 64 octets": replace(BARE_REQUEST, path=b"/" + b"a" * 63),
    "a path of 4000 octets": replace(BARE_REQUEST, path=b"/" + b"a" * 3999),
}
"""Requests whose control data is fine, and which careless readers take apart wrongly."""

CONTROL_PSEUDO = {name.decode(): name for name in sorted(CONTROL_PSEUDO_FIELDS)}
CONNECTION = {
    "Connection": (b"connection", b"keep-alive"), "Keep-Alive": (b"keep-alive", b"timeout=5"),
    "Proxy-Connection": (b"proxy-connection", b"keep-alive"), "TE": (b"te", b"trailers"),
    "Transfer-Encoding": (b"transfer-encoding", b"chunked"), "Upgrade": (b"upgrade", b"websocket"),
}  # fmt: skip
BAD_STATUSES = (0, 1, 99, 600, 999, 1 << 14, VARINT_MAX)
SIZES = (0, 1, 63, 64, 16_383, 16_384, 1 << 20)
"""Both sides of every practicable width of an integer."""


def integers(recipe: Message) -> list[str]:
    """The paths of all integers of a message."""
    paths = dict.fromkeys(span.path for span in recipe.build().spans)
    return [path for path in paths if recipe.build([Change("", path, "widen", (8,))]).applied]


def lengths(recipe: Message) -> list[str]:
    """The paths of those integers that say how many octets follow: lengths, and terminators, which stand for one."""
    return [path for path in integers(recipe) if path.endswith(("length", "terminator"))]


def start_of(recipe: Message, path: str, changes: Sequence[Change] = ()) -> tuple[int, int]:
    """Where a part begins in the octets of a message, and how many octets there are."""
    built = recipe.build(changes)
    return next(span.start for span in built.spans if span.path == path), len(built.octets)


def cuts(octets: bytes) -> Iterator[tuple[int, bool]]:
    """For every number of octets cut off a message (not all): whether what is left is lawful."""
    for n in range(1, len(octets)):
        yield n, lawful_message(octets[:-n]) is not None


class _Careless(Decoder):
    """Looks at structure only, as a decoder may with padding (RFC 9292, Section 3.8)."""

    def bad_name(self, *_: object) -> str:
        return ""

    def bad_value(self, *_: object) -> str:
        return ""

    def bad_pseudo_field(self, *_: object) -> str:
        return ""

    def padding(self) -> None:
        pass


def unlawful(recipe: Message, *changes: Change) -> bool:
    """Whether the structure of a message with these changes (whose paths are the message's) is no longer sound."""
    try:
        _Careless(recipe.build(changes).octets).message()
    except DecodeError:
        return True
    return False


def within(prefix: str, change: Change) -> Change:
    """A change of a message, where the message stands at that place of a point's message."""
    point, _, path = prefix.partition(".")
    return replace(change, point=point, path=".".join(filter(None, (path, change.path))))


def widths(recipe: Message) -> dict[str, Change]:
    """Each integer of a message, in each width that is not its own."""
    plain = recipe.encode()
    found = {}
    for path in integers(recipe):
        for width in (2, 4, 8):
            change = Change("", path, "widen", (width,))
            if recipe.build([change]).octets != plain:
                found[f"{path} in {width} octets"] = change
    return found


def cut_integers(recipe: Message) -> dict[str, tuple[Change, Change]]:
    """Each integer of a message, widened and cut: the message ends behind its first octet, or before its last."""
    found = {}
    for path in integers(recipe):
        for width, left in ((2, 1), (4, 1), (8, 1), (8, 7)):
            widen = Change("", path, "widen", (width,))
            start, total = start_of(recipe, path, [widen])
            found[f"{left} of {width} octets of {path}"] = (widen, Change("", "", "cut", (total - start - left,)))
    return found


def huge_lengths(recipe: Message) -> dict[str, Change]:
    """Each length of a message, far beyond the octets that there are."""
    found = {f"{path} is {value}": Change("", path, "put", (value,)) for path in lengths(recipe) for value in HUGE}
    fields = recipe.build().fields
    for path in lengths(recipe):
        right = Reader(fields[path]).varint(path)
        found |= {f"{path} is {n} and {right}": Change("", path, "put", (right + more,)) for n, more in BEYOND.items()}
    return found


def section_lengths(recipe: Message, path: str) -> dict[str, Change]:
    """Wrong lengths of a field section with which the message is no longer lawful."""
    right = int.from_bytes(recipe.build().fields[f"{path}.length"], "big")
    assert right < 1 << 6
    wrong = (Change("", f"{path}.length", "put", (n,)) for n in range(1, 64) if n % 3 == 1 or 0 < abs(n - right) < 4)
    return {f"{c.args[0]} instead of {right}": c for c in wrong if unlawful(recipe, c)}


Changes = Change | tuple[Change, ...]


def prefixed(table: Mapping[str, Changes], prefix: str) -> dict[str, tuple[Change, ...]]:
    """A table of changes of a message, for a case at this place."""
    return {
        label: tuple(within(prefix, c) for c in (one if isinstance(one, tuple) else (one,)))
        for label, one in table.items()
    }


def known(message: BinaryRequest | BinaryResponse) -> Message:
    """The recipe of a message of known length."""
    return recipe_of(message)


def indeterminate(message: BinaryRequest | BinaryResponse, chunks: Sequence[int] = ()) -> Message:
    """The recipe of a message of indeterminate length."""
    return recipe_of(message, known=False, chunks=chunks)
