"""Proofs that are not what they should be."""

from __future__ import annotations

from functools import cache

from conformance.protocols.keytrans.messages.akd import AppendOnly, Element, Label
from conformance.protocols.keytrans.peers._plexi import LAST, logged


def of_epoch(epoch: int) -> AppendOnly:
    """The honest proof of another epoch."""
    return logged()[0].audit(epoch - 1)


@cache
def dropping(*, below: bool) -> AppendOnly:
    """The honest proof of the epoch with leaves more that find their place taken, or have one above them."""
    directory, _ = logged()
    honest = directory.audit(LAST - 1)
    inner = min(honest.unchanged, key=lambda node: node.label.length)
    leaf = max(honest.unchanged, key=lambda node: node.label.length)
    at = inner if below else leaf
    value = int.from_bytes(at.label.value, "big")
    more = Label((value | 1).to_bytes(32, "big")) if below else at.label
    return AppendOnly((*honest.inserted, Element(more, directory.configuration.hash(b"another"))), honest.unchanged)
