"""How a fault of a library that reads Binary HTTP is declared, and the requirements that such faults break."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from conformance.bench import fault
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse
from conformance.protocols.ohttp.peers import BinaryHTTP

ANY_WIDTH, NON_MINIMAL = "rfc9292/3/any-integer-width-accepted", "rfc9292/3.2/non-minimal-terminator-accepted"
HUGE, CUT, OTHER = (
    "rfc9292/3/huge-length-refused-cheaply", "rfc9292/3/cut-integer-refused", "rfc9292/3.8/other-truncation-refused",
)  # fmt: skip
EXACT = "rfc9292/3.1/field-section-length-exact"
SHORT = "rfc9292/3.1/short-content-refused"
LAYOUTS = ("rfc9292/3.1/known-length-*", "rfc9292/3.2/indeterminate-re*", "rfc9292/3.2/full-*")
WHOLE = (*LAYOUTS, "rfc9292/3/encode-decode-round-trip", "rfc9292/3/implementations-decode-each-other")
EXAMPLES = "rfc9292/5/published-examples-decoded"
TRUNCATED = (
    "rfc9292/3.8/missing-*", "rfc9292/3.1/rfc9458-example-accepted", "rfc9292/3.2/indeterminate-truncation-accepted",
    "rfc9292/3.8/truncation-with-padding-accepted",
)  # fmt: skip
NAMES, VALUES = "rfc9292/3.6/invalid-field-name-refused", "rfc9292/3.6/invalid-field-value-refused"
PSEUDO = (
    "rfc9292/3.6/control-pseudo-field-refused", "rfc9292/3.6/late-pseudo-field-refused",
    "rfc9292/3.6/trailer-pseudo-field-refused",
)  # fmt: skip
LATE = "rfc9292/4/late-error-aborts-processing"
REPEATED, COOKIES = "rfc9292/3.6/repeated-names-order-kept", "rfc9292/3.6/cookies-joined-by-semicolon"
IN_ORDER = "rfc9292/3.4/request-control-data-in-order"
NUMBERS = ("framing", "status")
"""Integers that are no lengths."""
CRASH = ("crash", "violation")
INDETERMINATE: Mapping[str, Any] = {"framing": ["indeterminate"]}

Decoded = BinaryRequest | BinaryResponse


decoder_fault = partial(fault, "bhttp.decoder", shows=("violation",), within=(BinaryHTTP, "decoder"))
"""Declare a decoder as the fault of a library that uses it."""
