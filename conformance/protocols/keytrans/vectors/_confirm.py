"""What a second implementation can be asked about vectors of each kind, through its adapter."""

from __future__ import annotations

from conformance.deriving import asking

QUESTIONS = {
    "vrf.proof": asking("vrf.verify"),
    "akd.lookup": asking("akd.verify-lookup"),
    "akd.audit": asking("akd.verify-audit"),
}
