"""The bench: what exchanges work at, subject and peers, and the lab of targets on loopback."""

from conformance.bench._bench import Bench, CaseRun, Clock, Setup
from conformance.bench._faults import fault, faults_of
from conformance.bench._lab import STRAY, Lab, TargetAnswer, record_request
from conformance.bench._peer import Peer, PeerSubject, Quiet
from conformance.bench._protocol import CLIENT, LIBRARY, SERVER, Ask, Fault, Found, Protocol, Role
from conformance.bench._subject import Hello, Reply, RoleOffer, Served, Subject
from conformance.bench._udp_lab import UDPAnswer, UDPLab, UDPTarget

__all__ = [
    "CLIENT",
    "LIBRARY",
    "SERVER",
    "STRAY",
    "Ask",
    "Bench",
    "CaseRun",
    "Clock",
    "Fault",
    "Found",
    "Hello",
    "Lab",
    "Peer",
    "PeerSubject",
    "Protocol",
    "Quiet",
    "Reply",
    "Role",
    "RoleOffer",
    "Served",
    "Setup",
    "Subject",
    "TargetAnswer",
    "UDPAnswer",
    "UDPLab",
    "UDPTarget",
    "fault",
    "faults_of",
    "record_request",
]
