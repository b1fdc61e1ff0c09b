"""Plexi's messages, the reference monitor's checks, and the signatures that it takes."""

import json
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import drop, put
from conformance.protocols.keytrans.cases.monitor._signing import SMALL_ORDER, above_the_order, for_small_order
from conformance.protocols.keytrans.messages import plexi
from conformance.protocols.keytrans.messages.plexi import Epoch, hex_member, member, read_object, signer
from conformance.protocols.keytrans.peers import replayed
from conformance.protocols.keytrans.peers._monitor import STALE, verified
from conformance.protocols.keytrans.peers._plexi import DAY, LAST, NAMESPACE, Auditor, logged
from conformance.wire import DecodeError

NOW = 1_800_000_000_000


class Bench:
    """Builds what passes a point, with changes where they belong."""

    def __init__(self, *changes):
        self.changes = changes

    def point(self, name, message):
        return message.build([c for c in self.changes if c.point == name])

    def saw(self, *_, **__):
        """Nothing is recorded."""


def serving(*changes, **options):
    """What an auditor serves to whoever asks for everything."""
    auditor = Auditor(Bench(*changes), {"now": NOW, **options})
    auditor._server = type("Server", (), {"url": "http://log"})()
    base = f"/namespaces/{NAMESPACE}"
    roots = logged()[1]
    targets = ["/info", base, f"{base}/last-verified-epoch"]
    targets += [f"{base}/audits/{n}" for n in range(1, LAST + 2)]
    targets += [f"/{n}/{roots[n - 1].hex()}/{roots[n].hex()}" for n in range(1, LAST + 2)]
    found = {}
    for target in targets:
        point, made = auditor.found(target)
        found[target] = (200, auditor.bench.point(point, made()).octets)
    return found


def told(*changes, missing=(), **options):
    served = {t: (404, b"") if t in missing else a for t, a in serving(*changes, **options).items()}
    return replayed(NAMESPACE, NOW, served)


@pytest.mark.parametrize("suite", plexi.SUITES)
def test_an_honest_auditor_is_believed(suite):
    assert told(suite=suite) == ""
    assert told(suite=suite, root=LAST) == ""


@pytest.mark.parametrize(
    ("changes", "options", "step"),
    [
        ([put("epoch.epoch.value", b"4")], {}, "epoch"),
        ([put("epoch.namespace.value", b"other")], {}, "namespace"),
        ([], {"age": STALE + 1}, "fresh"),
        ([], {"root": LAST + 1}, "root"),
        ([put("namespace.root.value", b"5/" + b"ab" * 32)], {}, "root"),
        ([put("namespace.root.value", b"5")], {}, "namespace.root"),
        ([drop("namespace.log_directory")], {}, "proof"),
        ([put("info.keys[1].not_before.value", b"%d" % (NOW + DAY))], {}, "key"),
        ([put("epoch.version.value", b"2")], {}, "suite"),
        ([put("epoch.serialized_message.value", b"00")], {}, "epoch.serialized_message"),
        ([put("proof.inserted[0].value.value.value", bytes(32))], {}, "proof"),
    ],
)
def test_the_step_at_which_a_lie_is_noticed_is_told(changes, options, step):
    assert told(*changes, **options).startswith(step)


def test_what_is_not_there_is_no_success():
    base = f"/namespaces/{NAMESPACE}"
    for target in ("/info", base, f"{base}/last-verified-epoch", f"{base}/audits/{LAST}", f"{base}/audits/{LAST - 1}"):
        assert told(missing=(target,)).startswith("missing")


def test_a_lie_that_nobody_asked_for_is_not_held_against_a_monitor():
    served = serving(put("previous.signature_octets", bytes(64)))
    assert replayed(NAMESPACE, NOW, served) != ""
    del served[f"/namespaces/{NAMESPACE}/audits/{LAST - 1}"]
    assert replayed(NAMESPACE, NOW, served) == ""


# --- Signatures ------------------------------------------------------------------------------------------------------


def test_strict_verification_agrees_with_another_library_on_honest_and_spoiled_signatures():
    rng = random.Random(8032)
    for _ in range(20):
        public, sign = signer(rng.randbytes(32))
        message = rng.randbytes(rng.randrange(60))
        signature = sign(message)
        assert verified(public, message, signature)
        spoiled = bytearray(signature)
        spoiled[rng.randrange(64)] ^= 1 << rng.randrange(8)
        with pytest.raises(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(public).verify(bytes(spoiled), message)
        assert not verified(public, message, bytes(spoiled))


def test_signatures_that_only_some_take_are_refused():
    message = b"message"
    assert not verified(signer(bytes([7]) * 32)[0], message, above_the_order(message))
    for key in SMALL_ORDER.values():
        assert not verified(key, message, for_small_order(key)(message))


@pytest.mark.parametrize("suite", plexi.SUITES)
def test_signed_octets_bind_every_field(suite):
    base = Epoch(suite, "namespace", 1, 2, bytes(32))
    others = [
        Epoch(3 - suite, "namespace", 1, 2, bytes(32)), Epoch(suite, "namespac", 1, 2, bytes(32)),
        Epoch(suite, "namespace", 2, 2, bytes(32)), Epoch(suite, "namespace", 1, 3, bytes(32)),
        Epoch(suite, "namespace", 1, 2, b"\1" + bytes(31)),
    ]  # fmt: skip
    assert len({base.octets(), *(one.octets() for one in others)}) == 6
    with pytest.raises(DecodeError):
        Epoch(3, "namespace", 1, 2, bytes(32)).octets()


# --- Messages --------------------------------------------------------------------------------------------------------


def test_what_is_signed_follows_the_fields_and_a_change_on_the_wire_is_followed_by_nothing():
    public, sign = signer(bytes([7]) * 32)
    recipe = plexi.epoch_answer(Epoch(1, "n", 1, 2, bytes(32)), sign, public[-1])
    changed = json.loads(recipe.build([put("epoch.epoch.value", b"9")]).octets)
    assert verified(public, Epoch(1, "n", 1, 9, bytes(32)).octets(), bytes.fromhex(changed["signature"]))
    assert bytes.fromhex(changed["serialized_message"]) == Epoch(1, "n", 1, 9, bytes(32)).octets()
    alone = json.loads(recipe.build([put("epoch.epoch.value", b"9", wire=True)]).octets)
    assert alone["signature"] == json.loads(recipe.encode())["signature"]
    nonsense = json.loads(recipe.build([put("epoch.digest.value", b"zz")]).octets)
    assert nonsense["signature"] == alone["signature"]


@given(octets=st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
@settings(max_examples=200)
def test_any_octets_are_an_object_or_a_decode_error(octets):
    try:
        assert isinstance(read_object(octets, "path"), dict)
    except DecodeError as why:
        assert why.path == "path"  # noqa: PT017 - either way is right


@pytest.mark.parametrize("value", [None, True, "1", -1, 1 << 64, 1.5])
def test_members_of_another_kind_are_refused(value):
    with pytest.raises(DecodeError):
        member({"n": value}, "n", int, "path")


@pytest.mark.parametrize("value", ["", "zz" * 32, "ab" * 31, "ab" * 32 + " ", None])
def test_digits_of_another_length_are_refused(value):
    with pytest.raises(DecodeError):
        hex_member({"n": value}, "n", 32, "path")
