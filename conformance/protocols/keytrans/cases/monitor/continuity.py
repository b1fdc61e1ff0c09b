"""The epoch before."""

from conformance.cases import case, flip, given, put, watch
from conformance.model import ACCEPTED, Finding
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

CLI = "plexi-auditor-api/cli"


@case(audit, f"{CLI}/missing-previous-epoch-clean-error", expect=[REJECTED])
def previous_epoch_missing():
    """The auditor has no answer for the epoch before: a refusal, and no crash."""
    return given(missing=("previous",))


@case(
    audit,
    f"{CLI}/previous-signature-verified",
    expect=[REJECTED],
    each={"the first octet": flip("previous.signature_octets", 0), "the last": flip("previous.signature_octets", 60)},
)
def previous_epoch_not_signed(change):
    """The signature of the epoch before does not hold; its digest is right."""
    return change


@case(
    audit,
    "plexi-auditor-api/proof/proof-links-consecutive-digests",
    f"{CLI}/append-only-proof-verified",
    expect=[REJECTED],
)
def another_digest_before():
    """For the epoch before, another digest is rightly signed: the proof does not begin there."""
    return put("previous.digest.value", b"ab" * 32)


@watch("plexi.monitor", f"{CLI}/previous-signature-fetched", absent="no audit was successful")
def previous_epoch_is_asked_for(part):
    """Whenever an epoch above the root is taken, the one before was asked for."""
    points = {event.value["point"] for event in part.all("served")}
    if audit.outcome(part) == ACCEPTED and "proof" in points:
        seen = "as-expected" if "previous" in points else "violation"
        yield Finding(seen, f"{part.name}: asked for {', '.join(sorted(points))}", part=part.name)


@watch("plexi.monitor", f"{CLI}/audit-defaults-to-last-verified", absent="no audit was successful")
def last_verified_epoch_is_asked_for(part):
    """Without an epoch, the one that was verified last is asked for."""
    points = {event.value["point"] for event in part.all("served")}
    if audit.outcome(part) == ACCEPTED:
        seen = "as-expected" if "last" in points and "epoch" in points else "violation"
        yield Finding(seen, f"{part.name}: asked for {', '.join(sorted(points))}", part=part.name)
