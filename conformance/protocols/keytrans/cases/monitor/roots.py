"""The epoch that a namespace begins with."""

from conformance.cases import case, given, put
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

CLI = "plexi-auditor-api/cli"


@case(audit, f"{CLI}/epoch-below-root-refused", expect=[REJECTED])
def epoch_before_the_root():
    """The namespace begins with epoch 6; epoch 5 is served, rightly signed and proved."""
    return given(root=6)


@case(audit, f"{CLI}/root-digest-mismatch-refused", expect=[ACCEPTED])
def epoch_at_the_root():
    """The namespace begins with epoch 5, with its digest: there is no epoch before, and nothing is wrong."""
    return given(root=5)


@case(audit, f"{CLI}/root-digest-mismatch-refused", expect=[REJECTED])
def another_digest_at_the_root():
    """The namespace begins with epoch 5, with another digest than is signed for it."""
    return put("namespace.root.value", b"5/" + b"ab" * 32)


@case(
    audit,
    f"{CLI}/malformed-root-refused",
    expect=[REJECTED],
    each={"text": b"abc", "no digits": b"1/zz", "three parts": b"1/2/3", "no epoch": b"/" + b"ab" * 32, "empty": b"",
          "negative": b"-1/" + b"ab" * 32},
)  # fmt: skip
def malformed_root(root):
    """The root is no epoch and digest."""
    return put("namespace.root.value", root)
