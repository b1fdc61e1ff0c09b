"""What of MASQUE leaves and comes: UDP payloads with their contexts, in datagrams or capsules, and where they go."""

from conformance.protocols.masque.messages._payloads import (
    CONTEXT_MAX,
    CUT,
    LINK_MAX,
    PAYLOAD_MAX,
    CapsuleStream,
    Payload,
    capsule_datagram,
    decode_payload_untrusted,
    grease,
    quic_datagram,
    udp_payload,
    unknown_capsule,
)
from conformance.protocols.masque.messages._target import (
    WELL_KNOWN,
    TargetRefused,
    decode_target_untrusted,
    target_of,
    template_of,
    variables_of,
)

TOKEN = b"connect-udp"
"""The upgrade token (RFC 9298, Section 8.1)."""
CAPSULE_PROTOCOL = b"capsule-protocol"

__all__ = [
    "CAPSULE_PROTOCOL",
    "CONTEXT_MAX",
    "CUT",
    "LINK_MAX",
    "PAYLOAD_MAX",
    "TOKEN",
    "WELL_KNOWN",
    "CapsuleStream",
    "Payload",
    "TargetRefused",
    "capsule_datagram",
    "decode_payload_untrusted",
    "decode_target_untrusted",
    "grease",
    "quic_datagram",
    "target_of",
    "template_of",
    "udp_payload",
    "unknown_capsule",
    "variables_of",
]
