"""Libraries that verify AKD's proofs: one lookup, or one audit.

The proofs are made of a short story that is the same in every run (`story`), or of a lie about it. `accepted` means
that our strict verifier takes the octets that left, and that the library says of a lookup what they show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from conformance.bench import Bench
from conformance.library import REFUSED, answered, octets_of
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.protocols.keytrans.messages.akd import CONFIGURATIONS, AppendOnly, Lookup, audit_recipe, decode_audit
from conformance.protocols.keytrans.peers import AKDError, Directory, Verification
from conformance.wire import DecodeError, Many, Message

OVER = {"configuration": tuple(CONFIGURATIONS)}
SECRET = bytes(range(1, 33))
ALICE = b"alice"
"""Has a new value in every epoch."""
LABELS = (ALICE, b"bob", b"carol", b"dave", b"erin", b"frank", b"grace", b"heidi")
EPOCHS = 6


@dataclass(frozen=True, slots=True)
class Story:
    """A directory and its root hashes, that of the empty tree first."""

    directory: Directory
    roots: tuple[bytes, ...]


def told(configuration: str) -> Story:
    """The story anew: alice changes in each epoch, the others now and then."""
    directory = Directory(CONFIGURATIONS[configuration], SECRET)
    roots = [directory.tree().root_hash]
    for epoch in range(1, EPOCHS + 1):
        changing = [label for n, label in enumerate(LABELS) if not n or epoch == 1 or (n + epoch) % 4 == 0]
        roots.append(directory.publish({label: b"key %d of %s" % (epoch, label) for label in changing}))
    return Story(directory, tuple(roots))


story = cache(told)
"""The story of a configuration, which nobody may change."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a verifier is asked: `proof` for `label` at `root` of `epoch`, or `steps` of `epochs` between `hashes`."""

    root: bytes = b""
    epoch: int = EPOCHS
    label: bytes = ALICE
    proof: Lookup | None = None
    hashes: Sequence[bytes] = ()
    steps: Sequence[AppendOnly] = ()
    epochs: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Lie:
    """A claim about a story, by name."""

    name: str
    make: Callable[[str], Claim] = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Its name."""
        return self.name


def honest_lookup(configuration: str, label: bytes = ALICE) -> Claim:
    """The newest version of a label, rightly proved."""
    told = story(configuration)
    return Claim(told.roots[-1], EPOCHS, label, told.directory.lookup(label))


def honest_audit(configuration: str, start: int = 2, end: int = 4) -> Claim:
    """The steps from an epoch to another, rightly proved."""
    told = story(configuration)
    epochs = range(start, end)
    return Claim(hashes=told.roots[start : end + 1], steps=[told.directory.audit(e) for e in epochs], epochs=epochs)


# --- Lookups ---------------------------------------------------------------------------------------------------------


def lookup_ended(part: Part) -> Outcome:
    """How a library took a lookup proof."""
    reply, asked = answered(part, "akd.verify-lookup"), part.last("asked", "akd.verify-lookup")
    if reply is None or asked is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    given = asked.value
    public_key, root, label, octets = (bytes.fromhex(given[name]) for name in ("public_key", "root", "label", "proof"))
    try:
        proof = Lookup.decode(octets)
        Verification(CONFIGURATIONS[given["configuration"]]).lookup(public_key, root, given["epoch"], label, proof)
    except (AKDError, DecodeError):
        return ANYWAY
    value = octets_of(reply, "value", "akd.verify-lookup")
    said = (reply["ok"].get("epoch"), reply["ok"].get("version"), value)
    return ACCEPTED if said == (proof.epoch, proof.version, proof.value) else WRONG


@exchange("akd.verifier", lookup_ended, over=OVER)
async def verify_lookup(bench: Bench, live: None = None, label: bytes = ALICE, lie: Lie | None = None) -> None:
    """The library verifies the newest version of a label, or a lie."""
    del live
    configuration = bench.variant["configuration"]
    claim = lie.make(configuration) if lie else honest_lookup(configuration, label)
    assert claim.proof is not None
    public = story(configuration).directory.public_key
    setup = bench.point("setup", Message(public_key=public, root=claim.root, label=claim.label)).fields
    built = bench.point("proof", claim.proof.recipe())
    await bench.do(
        "akd.verify-lookup",
        configuration=configuration,
        epoch=claim.epoch,
        proof=built.octets.hex(),
        **{name: setup[name].hex() for name in ("public_key", "root", "label")},
    )


# --- Audits ----------------------------------------------------------------------------------------------------------


def audit_ended(part: Part) -> Outcome:
    """How a library took an append-only proof."""
    reply, asked = answered(part, "akd.verify-audit"), part.last("asked", "akd.verify-audit")
    if reply is None or asked is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    return ACCEPTED if _holds(asked.value) else ANYWAY


def _holds(given: Mapping[str, Any]) -> bool:
    try:
        steps, epochs = decode_audit(bytes.fromhex(given["proof"]))
        hashes = [bytes.fromhex(one) for one in given["hashes"]]
        Verification(CONFIGURATIONS[given["configuration"]]).audit(hashes, steps, epochs)
    except (AKDError, DecodeError):
        return False
    return True


@exchange("akd.verifier", audit_ended, over=OVER)
async def verify_audit(bench: Bench, live: None = None, start: int = 2, end: int = 4, lie: Lie | None = None) -> None:
    """The library verifies that nothing was changed from one epoch to another, or a lie."""
    del live
    configuration = bench.variant["configuration"]
    claim = lie.make(configuration) if lie else honest_audit(configuration, start, end)
    hashes = bench.point("hashes", Message(hash=Many(claim.hashes))).fields
    built = bench.point("proof", audit_recipe(claim.steps, claim.epochs))
    await bench.do(
        "akd.verify-audit",
        configuration=configuration,
        hashes=[hashes[f"hash[{n}]"].hex() for n in range(len(hashes)) if f"hash[{n}]" in hashes],
        proof=built.octets.hex(),
    )
