"""Peers of ours as subjects, and what a protocol registers."""

import pytest

from conformance.bench import (
    CLIENT,
    LIBRARY,
    SERVER,
    Ask,
    Fault,
    Found,
    Hello,
    Peer,
    PeerSubject,
    Protocol,
    Quiet,
    Role,
    RoleOffer,
    Served,
)
from conformance.model import Change
from conformance.wire import Message, UInt

RECIPE = Message(length=lambda get: UInt(len(get("value")), 1), value=b"value")
DROP = Change("answer", "value", "drop")


class Reference(Peer):
    role = "toy.server"
    offers = RoleOffer(("fast",), {"http": (1, 2)})

    async def start(self):
        self.bench.saw("started", "here", octets=b"x")
        self.token = self.bench.rng.randbytes(4)
        self.running = True
        return Served(f"toy://{self.options.get('host', 'here')}", {"token": self.token})

    async def stop(self):
        self.running = False

    def answer(self):
        return self.bench.point("answer", RECIPE)


class Mutant(Reference):
    changes = (DROP,)


def test_a_quiet_bench_records_nothing_and_applies_its_own_changes():
    plain, faulty = Quiet(), Quiet(changes=(DROP, Change("other", "value", "cut", (1,))))
    assert plain.point("answer", RECIPE).octets == RECIPE.encode()
    assert faulty.point("answer", RECIPE).octets == b"\0"
    assert faulty.point("third", RECIPE).octets == RECIPE.encode()
    assert plain.saw("received", "answer", where="peer", octets=b"x", status=1) is None
    assert Quiet(5).rng.randbytes(8) == Quiet(5).rng.randbytes(8) != Quiet(6).rng.randbytes(8)


def test_a_quiet_bench_counts_arrivals():
    quiet = Quiet(changes=(Change("answer[1]", "value", "drop"),))
    assert [quiet.point("answer", RECIPE).changed for _ in range(3)] == [False, True, False]


def test_a_peer_without_options_has_none():
    assert Reference(Quiet()).options == {}


def test_a_peer_says_hello_for_its_role():
    subject = PeerSubject(Reference)
    assert subject.hello == Hello("reference-toy.server", language="python", roles={"toy.server": Reference.offers},
                                  parallel=16)  # fmt: skip
    assert (subject.generation, subject.ours, subject.died(), subject.evidence()) == (0, True, "", "")


async def test_a_peer_lives_as_a_subject():
    subject = PeerSubject(Reference, seed=3)
    await subject.start()
    served = await subject.serve("toy.server", {"host": "there"})
    assert (subject.generation, served.url) == (1, "toy://there")
    peer = subject._peer
    assert (peer.running, peer.options) == (True, {"host": "there"})
    await subject.restart()
    assert (subject.generation, peer.running, subject._peer) == (2, False, None)
    again = await subject.serve("toy.server", {})
    assert again.more["token"] != served.more["token"]  # each life has a seed of its own
    await subject.stop()
    await subject.stop()


async def test_equal_seeds_make_equal_lives():
    tokens = []
    for seed in (3, 3, 4):
        subject = PeerSubject(Reference, seed)
        await subject.start()
        tokens.append((await subject.serve("toy.server", {})).more["token"])
        await subject.stop()
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize(("peer", "octets"), [(Reference, b"\5value"), (Mutant, b"\0")])
async def test_the_changes_of_a_mutant_are_its_fault(peer, octets):
    subject = PeerSubject(peer)
    await subject.start()
    await subject.serve("toy.server", {})
    assert subject._peer.answer().octets == octets
    await subject.stop()


async def test_a_server_has_no_operations():
    reply = await PeerSubject(Reference).do("toy.open", {"size": 1}, 2.0)
    assert reply == {"unsupported": {"reason": "reference-toy.server has no operation toy.open"}}


# What a protocol registers

ROLES = (
    Role("toy.server", "Server", SERVER, {"doc": ("server",)}, "wire"),
    Role("toy.codec", "Codec", LIBRARY, {"doc": ("codec",)}, "api", ("toy.encode",)),
    Role("toy.client", "Client", CLIENT, {"doc": ("client",)}, "wire", ("toy.fetch",)),
)


async def probe(url, settings):
    return [Found("toy.server", PeerSubject(Reference).hello, url)]


FAULT = Fault("mute", "toy.server", "Says nothing.", ("doc/1/a",), Mutant)
TOY = Protocol(
    "toy", "Toy", "toy", ROLES, lambda: {"toy.server": Reference}, lambda: (FAULT,), probe,
    {"toy.codec": (Ask("toy.encode", {"value": -1}, "there is no such number"),)},
)  # fmt: skip


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_roles_by_name(role):
    assert TOY.role(role.name) is role


def test_a_role_that_there_is_not():
    with pytest.raises(KeyError, match=r"toy\.proxy"):
        TOY.role("toy.proxy")


async def test_what_a_protocol_says():
    (found,) = await TOY.probe("toy://here", {})
    assert (found.role, found.url, found.why, found.memory, found.reduced) == ("toy.server", "toy://here", (), {}, "")
    assert TOY.peers()["toy.server"] is Reference
    (fault,) = TOY.faults()
    assert (fault.make, fault.shows, fault.where, fault.origin) == (Mutant, ("violation", "leak"), {}, "")
    assert [ask.op for ask in TOY.impossible["toy.codec"]] == ["toy.encode"]
    assert TOY.unprovable == {}
