"""Wire formats: messages as recipes that can be changed, and strict readers. No I/O."""

from conformance.wire._codec import VARINT_MAX, DecodeError, Reader, encode_varint, varint_width
from conformance.wire._hexdump import Line, hexdump, leaves
from conformance.wire._recipe import Built, Get, Many, Message, Sealed, UInt, Varint, parse_path

__all__ = [
    "VARINT_MAX",
    "Built",
    "DecodeError",
    "Get",
    "Line",
    "Many",
    "Message",
    "Reader",
    "Sealed",
    "UInt",
    "Varint",
    "encode_varint",
    "hexdump",
    "leaves",
    "parse_path",
    "varint_width",
]
