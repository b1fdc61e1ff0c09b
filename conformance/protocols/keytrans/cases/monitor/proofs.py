"""The append-only proof of an epoch."""

from conformance.cases import case, cut, drop, extend, flip, given, put
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.cases.monitor._proofs import dropping, of_epoch
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

CLI = "plexi-auditor-api/cli"
VERIFIED = f"{CLI}/append-only-proof-verified"
UNCHANGED, INSERTED = "proof.unchanged_nodes", "proof.inserted"


@case(
    audit,
    VERIFIED,
    "plexi-auditor-api/proof/proof-links-consecutive-digests",
    expect=[REJECTED],
    each={
        "a node that stayed": flip(f"{UNCHANGED}[0].value.value.value", 0),
        "a node that stayed is missing": drop(f"{UNCHANGED}[0]"),
        "an inserted leaf": flip(f"{INSERTED}[0].value.value.value", 0),
        "an inserted leaf is missing": drop(f"{INSERTED}[0]"),
        "a place": flip(f"{INSERTED}[0].value.label.value.label_val.value", 0, 0x80),
    },
)
def changed_node(change):
    """A node of the proof is another, or missing."""
    return change


@case(audit, VERIFIED, expect=[REJECTED])
def proof_of_another_epoch():
    """The proof is that of the epoch before."""
    return given(proof=of_epoch(4))


@case(
    audit,
    VERIFIED,
    expect=[REJECTED],
    each={"empty": put("proof", b""), "cut": cut("proof", 7), "no proof at all": put("proof", b"<html></html>"),
          "a label of 300 bits": put(f"{INSERTED}[0].value.label.value.label_len.value", b"\xac\x02")},
)  # fmt: skip
def octets_that_are_no_proof(change):
    """What is served is no proof."""
    return change


@case(audit, VERIFIED, expect=[REJECTED])
def another_digest():
    """For the epoch another digest is rightly signed: the proof does not lead there."""
    return put("epoch.digest.value", b"ab" * 32)


@case(audit, f"{CLI}/unavailable-proof-fails-audit", expect=[REJECTED])
def no_proof():
    """The log has no proof for the epoch."""
    return given(missing=("proof",))


@case(audit, f"{CLI}/unchecked-proof-not-success", expect=[REJECTED])
def no_log():
    """The namespace names no log: nothing shows that the epoch follows from the one before."""
    return drop("namespace.log_directory")


@case(audit, f"{CLI}/element-dropping-proof-refused", expect=[REJECTED], each={"below": True, "in its place": False})
def inserted_and_dropped(below):
    """In place of a node that stayed, or below it, more is inserted, of which the end digest knows nothing."""
    return given(proof=dropping(below=below))


@case(audit, f"{CLI}/log-directory-path-kept", expect=[ACCEPTED])
def log_with_a_path():
    """The log stands under a path of its host."""
    return given(directory="/logs/v2")


@case(audit, VERIFIED, expect=[ACCEPTED])
def unknown_fields():
    """The proof has a field more, which the format lets pass."""
    return extend("proof", b"\x78\x01")
