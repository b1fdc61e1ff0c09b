"""Values, their commitments, and the VRF proofs of versions (11.5 to 11.7, 13.1)."""

from conformance.cases import case, cut, drop, extend, flip, given, octets, put, repeat
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import LABEL, REJECTED, search_twice
from conformance.protocols.keytrans.messages.ietf_suites import vrf_input
from conformance.protocols.keytrans.peers.log_answer import told_commitment

OURS = "log.entry[4].leaf[0]"
"""The version that is searched, where it was inserted."""


@case(
    search_twice,
    "ietf-keytrans-protocol/11.6/commitment-matches-prefix-leaf",
    "ietf-keytrans-protocol/13.1/search-value-and-commitment-verified",
    expect=[REJECTED],
    each={
        "another value": put("answer.value.octets", b"another value"),
        "one bit": flip("answer.value.octets", 0),
        "an octet more": extend("answer.value.octets", b"\0"),
        "an octet less": cut("answer.value.octets"),
        "no value": put("answer.value.octets", b""),
        "another opening": put("answer.opening", octets(16)),
        "later": put("answer[1].value.octets", b"another value"),
    },
)
def other_value_told(change):
    """The value or its opening is not what was committed to."""
    return change


@case(search_twice, "ietf-keytrans-protocol/11.6/commitment-matches-prefix-leaf", expect=[REJECTED])
def other_value_committed():
    """The tree holds a commitment to something else; all above it is built and signed anew."""
    return put(f"{OURS}.commitment", octets(32))


@case(
    search_twice,
    "ietf-keytrans-protocol/11.6/commitment-matches-prefix-leaf",
    "ietf-keytrans-protocol/13.1/target-commitment-refused",
    expect=[REJECTED],
)
def other_value_committed_and_told():
    """The tree holds a commitment to something else, and the ladder tells it for the target, where none belongs."""
    return [put(f"{OURS}.commitment", octets(32)), put("answer.binary_ladder[1].commitment", told_commitment())]


@case(search_twice, "ietf-keytrans-protocol/13.1/target-commitment-refused", expect=[REJECTED])
def commitment_to_the_target_told():
    """The ladder tells the commitment to the target, and it is the right one."""
    return put("answer.binary_ladder[1].commitment", told_commitment())


@case(
    search_twice,
    "ietf-keytrans-protocol/11.7/every-vrf-proof-verified",
    expect=[REJECTED],
    each={
        "another label": put(f"{OURS}.alpha", vrf_input(b"mallory@example.org", 1)),
        "another version": put(f"{OURS}.alpha", vrf_input(LABEL, 7)),
        "without a version": put(f"{OURS}.alpha", vrf_input(LABEL, 1)[:-4]),
        "another label's first version": put("log.entry[1].leaf[0].alpha", vrf_input(b"mallory@example.org", 0)),
    },
)
def vrf_proof_of_another_input(change):
    """The search key of a version is that of another label or version; the trees are built with it, and signed."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.7/every-vrf-proof-verified",
    expect=[REJECTED],
    each={
        "gamma": flip("answer.binary_ladder[1].proof", 3),
        "challenge": flip("answer.binary_ladder[1].proof", 40),
        "scalar": flip("answer.binary_ladder[1].proof", 60),
        "of the first version": flip("answer.binary_ladder[0].proof", 40),
        "later": flip("answer[1].binary_ladder[3].proof", 40),
    },
)
def vrf_proof_changed(change):
    """One bit of a VRF proof is wrong."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/13.1/ladder-step-count-exact",
    expect=[REJECTED],
    each={
        "one less": drop("answer.binary_ladder[-1]"),
        "one more": repeat("answer.binary_ladder[-1]"),
        "none": put("answer.binary_ladder_count", b"\0"),
        "one more, later": repeat("answer[1].binary_ladder[0]"),
    },
)
def other_number_of_steps(change):
    """The ladder has another number of steps than the target has."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/13.1/search-value-and-commitment-verified",
    expect=[ACCEPTED],
    each={
        "one octet": {"value": b"v"},
        "64 KiB": {"value": octets(1 << 16)},
        "a label of one octet": {"label": b"a"},
        "a label of 255 octets": {"label": octets(255)},
        "a label that is no text": {"label": b"\xff\0\r\n"},
    },
)
def values_and_labels(settings):
    """Values and labels of unusual lengths and contents."""
    return given(**settings)
