"""The dialogues that the cases of MASQUE vary, by role."""

from conformance.bench._udp_lab import UDPAnswer
from conformance.protocols.masque.exchanges._outcomes import (
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
    echo,
    knock,
    opened,
    plain,
    spoken,
)

__all__ = [
    "CAPSULES",
    "CLEAN_END",
    "CONNECTION_ERROR",
    "DROPPED",
    "MALFORMED",
    "REFUSED_4XX",
    "REFUSED_5XX",
    "REFUSED_OTHER",
    "Live",
    "UDPAnswer",
    "capsule_echo",
    "echo",
    "knock",
    "opened",
    "plain",
    "proxy_ended",
    "spoken",
]
