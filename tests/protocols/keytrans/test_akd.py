"""AKD's directory and verifier against each other, and the tree against one that hashes bit by bit."""

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.protocols.keytrans.exchanges._akd import ALICE, EPOCHS, LABELS, SECRET, story, told
from conformance.protocols.keytrans.messages.akd import (
    CONFIGURATIONS,
    ROOT,
    AppendOnly,
    Element,
    Label,
    Lookup,
    audit_recipe,
    decode_audit,
)
from conformance.protocols.keytrans.messages.akd_tree import Tree, TreeError
from conformance.protocols.keytrans.messages.protobuf import Fields, base128
from conformance.protocols.keytrans.peers import AKDError, AKDLibrary, Directory, Verification
from conformance.wire import DecodeError

BOTH = pytest.mark.parametrize("name", CONFIGURATIONS)
SOME = min(CONFIGURATIONS)
bits = st.integers(0, 2**256 - 1).map(lambda n: Label(n.to_bytes(32, "big")))


# --- Labels ----------------------------------------------------------------------------------------------------------


def text(label):
    return format(int.from_bytes(label.value, "big"), "0256b")[: label.length]


@given(one=bits, other=bits, widths=st.tuples(*[st.integers(0, 256)] * 3))
def test_labels_are_strings_of_bits(one, other, widths):
    first, second = one.prefix(widths[0]), other.prefix(widths[1])
    assert text(first) == text(one)[: widths[0]]
    near = one.prefix(widths[2])
    assert near.begins(one)
    assert first.begins(second) == text(second).startswith(text(first))
    shared = text(first.common(second))
    assert text(first).startswith(shared)
    assert text(second).startswith(shared)
    longer = len(shared) + 1
    assert text(first)[:longer] != text(second)[:longer] or longer > min(first.length, second.length)
    assert [first.bit(n) for n in range(first.length)] == list(map(int, text(first)))


@given(label=bits, length=st.integers(0, 256))
def test_labels_survive_the_wire(label, length):
    short = label.prefix(length)
    assert Label.decode(Fields(short.recipe().encode())) == short


# --- The tree --------------------------------------------------------------------------------------------------------


def slow_root(configuration, leaves):
    """The root hash of leaves from bit strings alone: at each prefix, what begins with it."""

    def value(prefix, below):
        if len(below) == 1:
            ((bits_, leaf),) = below.items()
            return Element(Label(int(bits_, 2).to_bytes(32, "big")), leaf)
        while len({b[len(prefix)] for b in below}) == 1 and prefix is not None:
            prefix += next(iter(below))[len(prefix)]
        sides = [value(prefix + s, {b: v for b, v in below.items() if b.startswith(prefix + s)}) for s in "01"]
        place = int(prefix.ljust(256, "0"), 2).to_bytes(32, "big")
        return Element(Label(place, len(prefix)), configuration.parent(*sides))

    halves = [{b: v for b, v in leaves.items() if b[0] == side} for side in "01"]
    missing = Element(configuration.empty_label, configuration.empty_node)
    sides = [value(side, half) if half else missing for side, half in zip("01", halves, strict=True)]
    return configuration.root_hash(configuration.parent(*sides) if leaves else configuration.empty_root)


@BOTH
@given(places=st.lists(st.integers(0, 2**256 - 1) | st.integers(0, 9), unique=True, max_size=12))
@settings(max_examples=30, deadline=None)
def test_the_tree_is_that_of_its_bit_strings_and_every_proof_of_it_holds(name, places):
    configuration = CONFIGURATIONS[name]
    leaves = {Label(n.to_bytes(32, "big")): configuration.hash(b"%d" % n) for n in places}
    tree = Tree(configuration, [Element(*leaf) for leaf in leaves.items()])
    assert tree.root_hash == slow_root(configuration, {text(label): value for label, value in leaves.items()})
    verification = Verification(configuration)
    for node in tree.nodes():
        verification.membership(tree.root_hash, tree.membership(node))
    for n in (0, 10, 2**255, 2**256 - 1):
        label = Label(n.to_bytes(32, "big"))
        if label not in leaves and leaves:
            verification.absence(tree.root_hash, tree.absence(label))


@BOTH
@given(places=st.sets(st.integers(0, 2**256 - 1) | st.integers(0, 9), min_size=2, max_size=8))
@settings(max_examples=20, deadline=None)
def test_no_node_of_a_tree_shows_the_absence_of_what_is_there(name, places):
    configuration = CONFIGURATIONS[name]
    elements = [Element(Label(n.to_bytes(32, "big")), configuration.hash(b"%d" % n)) for n in places]
    tree, verification = Tree(configuration, elements), Verification(configuration)
    for element, node in itertools.product(elements, tree.nodes()):
        with pytest.raises(AKDError):
            verification.absence(tree.root_hash, tree.absence(element.label, node))


def test_elements_that_hide_others_are_no_tree():
    configuration = CONFIGURATIONS[SOME]
    leaf = Element(Label(b"\x80" + bytes(31)), bytes(32))
    above, root = Element(Label(b"\x80" + bytes(31), 3), bytes(32)), Element(ROOT, bytes(32))
    for elements in ([leaf, leaf], [leaf, above], [above, leaf], [root]):
        with pytest.raises(TreeError):
            Tree(configuration, elements)


# --- Proofs ----------------------------------------------------------------------------------------------------------


@BOTH
def test_every_version_of_the_story_is_proved_and_every_step_audited(name):
    known = story(name)
    directory, verification = known.directory, Verification(CONFIGURATIONS[name])
    for label in LABELS:
        proof = directory.lookup(label)
        assert Lookup.decode(proof.recipe().encode()) == proof
        verification.lookup(directory.public_key, known.roots[-1], EPOCHS, label, proof)
    steps = [directory.audit(epoch) for epoch in range(EPOCHS)]
    read = decode_audit(audit_recipe(steps, range(EPOCHS)).encode())
    assert read == (tuple(steps), tuple(range(EPOCHS)))
    verification.audit(known.roots, *read)


@BOTH
def test_the_story_is_always_the_same(name):
    assert told(name).roots == story(name).roots
    assert Directory(CONFIGURATIONS[name], SECRET).public_key == story(name).directory.public_key


@BOTH
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_turned_bit_of_a_lookup_is_taken_unless_it_says_the_same(name, data):
    known = story(name)
    honest = known.directory.lookup(ALICE)
    octets = bytearray(honest.recipe().encode())
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        proof = Lookup.decode(bytes(octets))
        Verification(CONFIGURATIONS[name]).lookup(known.directory.public_key, known.roots[-1], EPOCHS, ALICE, proof)
    except (DecodeError, AKDError):
        return
    # What stands above the topmost step of a path is in no hash, and unknown fields are passed over.
    assert dataclasses.replace(proof, existence=honest.existence, marker=honest.marker, freshness=honest.freshness) == (
        honest
    )


@given(octets=st.binary(max_size=200))
def test_any_octets_are_a_proof_or_a_decode_error(octets):
    for read in (Lookup.decode, decode_audit, lambda o: AppendOnly.decode(Fields(o))):
        try:
            read(octets)
        except DecodeError as why:
            assert why.path  # noqa: PT017 - either way is right


def test_every_prefix_of_a_proof_is_refused():
    octets = story(SOME).directory.lookup(ALICE).recipe().encode()
    for length in range(len(octets)):
        with pytest.raises(DecodeError):
            Lookup.decode(octets[:length])


# --- Protocol Buffers ------------------------------------------------------------------------------------------------


@given(number=st.integers(0, 2**64 - 1))
def test_varints_come_back(number):
    assert Fields(b"\x08" + base128(number)).number(1, "n") == number


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"\x08", "does not end"),
        (b"\x08" + b"\x80" * 10, "more than ten"),
        (b"\x0a\x05abc", "needs 5"),
        (b"\x0b", "wire type 3"),
        (b"\x00\x00", "number zero"),
        (b"\x0d\0\0", "needs 4"),
    ],
)
def test_what_is_no_message_is_told(octets, why):
    with pytest.raises(DecodeError, match=why):
        Fields(octets)


def test_fields_of_other_kinds_are_passed_over_and_the_last_of_one_counts():
    fields = Fields(b"\x08\1\x0d\0\0\0\0\x11" + bytes(8) + b"\x08\2\x12\1a\x12\1b\x1a\2\3\4")
    assert fields.number(1, "n") == 2
    assert fields.octets(2, "o") == b"b"
    assert fields.numbers(3) == [3, 4]
    with pytest.raises(DecodeError, match="more than 1"):
        fields.number(1, "n", 1)
    with pytest.raises(DecodeError, match="not 2"):
        fields.octets(2, "o", 2)
    with pytest.raises(DecodeError, match="missing"):
        fields.number(2, "n")


# --- The library -----------------------------------------------------------------------------------------------------


def test_the_library_answers_as_an_adapter_does():
    library, known = AKDLibrary(), story(SOME)
    proof = known.directory.lookup(ALICE)
    asked = {
        "configuration": SOME, "public_key": known.directory.public_key.hex(), "root": known.roots[-1].hex(),
        "epoch": EPOCHS, "label": ALICE.hex(), "proof": proof.recipe().encode().hex(),
    }  # fmt: skip
    assert library.akd_verify_lookup(**asked)["ok"]["version"] == EPOCHS
    assert library.akd_verify_lookup(**asked | {"root": bytes(32).hex()})["refused"]["class"] == "membership"
    assert library.akd_verify_lookup(**asked | {"proof": "00"})["refused"]["class"] == "proof"
    assert "unsupported" in library.akd_verify_lookup(**asked | {"configuration": "none"})
    step = audit_recipe([known.directory.audit(1)], [1]).encode().hex()
    hashes = [root.hex() for root in known.roots[1:3]]
    assert library.akd_verify_audit(SOME, hashes, step) == {"ok": {}}
    assert library.akd_verify_audit(SOME, hashes[:1], step)["refused"]["class"] == "counts"
    assert "unsupported" in library.akd_verify_audit("none", hashes, step)
