"""Faults of clients of the IETF's log: each leaves out one check."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.keytrans.faults._kit import fault, faults_of
from conformance.protocols.keytrans.peers.client import Client
from conformance.protocols.keytrans.peers.client_search import Search
from conformance.protocols.keytrans.trees import LogProof, Span


class _TrustingProof(LogProof):
    def recomputed(self, span: Span, value: bytes, own: bytes) -> bytes:
        del span, own
        return value


class _TrustingProofSearch(Search):
    log_proof = _TrustingProof


@fault("keytrans.client", "ietf-keytrans-protocol/12.1/recomputed-head-matches-retained")
class RecomputedHeadsTaken(Client):
    """A retained head that can be computed anew is computed anew, and the retained one forgotten."""

    searching = _TrustingProofSearch


FAULTS: tuple[Fault, ...] = faults_of(__name__)
