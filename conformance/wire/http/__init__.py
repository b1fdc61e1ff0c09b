"""HTTP messages as recipes, the same part names in every version, and what is read out of their fields. No I/O."""

from conformance.wire.http._fields import (
    CONNECTION_SPECIFIC,
    HOP_BY_HOP,
    FieldLines,
    combined,
    media_type,
    valid_name,
    valid_value,
    values,
)
from conformance.wire.http._message import (
    Lines,
    ascii_number,
    field,
    lines_of,
    part_of,
    request,
    response,
)
from conformance.wire.http._rules import malformed, malformed_length, malformed_line
from conformance.wire.http._spans import head_spans, rendered

__all__ = [
    "CONNECTION_SPECIFIC",
    "HOP_BY_HOP",
    "FieldLines",
    "Lines",
    "ascii_number",
    "combined",
    "field",
    "head_spans",
    "lines_of",
    "malformed",
    "malformed_length",
    "malformed_line",
    "media_type",
    "part_of",
    "rendered",
    "request",
    "response",
    "valid_name",
    "valid_value",
    "values",
]
