"""The dialogues that the cases of MASQUE vary, by role."""

from conformance.bench._udp_lab import UDPAnswer
from conformance.protocols.masque.exchanges._client import CLIENT_ERROR, client_echo
from conformance.protocols.masque.exchanges._outcomes import (
    ABORTED,
    CLEAN_END,
    CONNECTION_ERROR,
    DROPPED,
    MALFORMED,
    REFUSED_4XX,
    REFUSED_5XX,
    REFUSED_OTHER,
    proxy_ended,
)
from conformance.protocols.masque.exchanges._proxy import (
    CAPSULES,
    Live,
    capsule_echo,
    dialled,
    echo,
    knock,
    opened,
    plain,
    send_payload,
    sentinel,
    spoken,
    unique,
    until_over,
)

__all__ = [
    "ABORTED",
    "CAPSULES",
    "CLEAN_END",
    "CLIENT_ERROR",
    "CONNECTION_ERROR",
    "DROPPED",
    "MALFORMED",
    "REFUSED_4XX",
    "REFUSED_5XX",
    "REFUSED_OTHER",
    "Live",
    "UDPAnswer",
    "capsule_echo",
    "client_echo",
    "dialled",
    "echo",
    "knock",
    "opened",
    "plain",
    "proxy_ended",
    "send_payload",
    "sentinel",
    "spoken",
    "unique",
    "until_over",
]
