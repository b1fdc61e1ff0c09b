"""Faults are declared by their classes: named, described, one for each role, as peers or as parts of one."""

import pytest

from conformance.bench import fault, faults_of


class Peer:
    """A peer whose reading is a part of its own."""

    reader = object


def test_a_class_is_a_fault_under_its_own_name():
    @fault("toy.server", "toy/1/*", shows=("crash",), where={"http": [1]}, origin="toyd 1.0")
    class HTTPGoneWrong(Peer):
        """Answers
        nothing.
        """

    found = next(f for f in faults_of(__name__) if f.name == "http-gone-wrong")
    assert (found.role, found.doc, found.breaks) == ("toy.server", "Answers\nnothing.", ("toy/1/*",))
    assert (found.make, found.shows, found.where, found.origin) == (
        HTTPGoneWrong,
        ("crash",),
        {"http": [1]},
        "toyd 1.0",
    )


def test_in_several_roles_it_is_several_faults():
    @fault(("toy.sender", "toy.receiver"), "toy/1/a")
    class Mute(Peer):
        """Says nothing."""

    found = {f.name: f for f in faults_of(__name__) if f.name.startswith("mute")}
    assert {name: f.role for name, f in found.items()} == {"mute": "toy.sender", "mute-in-receiver": "toy.receiver"}
    assert {f.make for f in found.values()} == {Mute}


def test_a_part_makes_a_peer_that_has_it():
    @fault("toy.server", "toy/1/a", within=(Peer, "reader"))
    class ReadsBackwards:
        """Reads from the end."""

    found = next(f for f in faults_of(__name__) if f.name == "reads-backwards")
    assert issubclass(found.make, Peer)
    assert (found.make.reader, found.make.__name__) == (ReadsBackwards, "ReadsBackwards")
    assert (found.make.__module__, found.doc) == (__name__, "Reads from the end.")


def test_without_a_word_about_it_there_is_no_fault():
    class Silent:
        __doc__ = None

    with pytest.raises(ValueError, match="the fault silent needs a docstring"):
        fault("toy.server", "toy/1/a")(Silent)
    assert faults_of("a module without any") == ()
