"""What a protocol registers with the suite, through the entry-point group `conformance.protocols`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.bench._peer import Peer
from conformance.bench._subject import Hello
from conformance.model import Outcome

LIBRARY, SERVER, CLIENT = "library", "server", "client"


@dataclass(frozen=True, slots=True)
class Role:
    """A role that a subject can play in a run, and which rows of the catalogue bind it.

    `binds` maps a document to the roles in its terms; `via` is how the catalogue says that the role is seen. The
    `operations` are those that a library or client role must have.
    """

    name: str
    title: str
    kind: str
    binds: Mapping[str, tuple[str, ...]]
    via: str
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to an adapter to which `ok` is a lie."""

    op: str
    given: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe found at a target: a role, what it can do, and in words why the probe thinks so.

    The features that it offers are needs that are met; `lacks` says of others why they are not, which makes the cases
    that need them not applicable. `memory` is what exchanges may take as learned (for one life), `reduced` says why our
    own targets are out of reach, where they are.
    """

    role: str
    hello: Hello
    url: str
    why: Sequence[str] = ()
    memory: Mapping[str, Any] = field(default_factory=dict)
    reduced: str = ""
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One realistic wrong behaviour: a mutant to run, the requirements that it breaks, and where it comes from.

    `make` gives the peer class (server roles) or the object (libraries, clients). `shows` names what it shows as, where
    that is more than a violation: only then a crash or a hang counts as a kill. `where` narrows the variants on which
    it can be seen, `origin` names the software and the place where the behaviour was seen.
    """

    name: str
    role: str
    doc: str
    breaks: tuple[str, ...]
    make: Callable[..., Any]
    shows: tuple[str, ...] = ("violation", "leak")
    where: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol's rooms, under the same names in each; what is heavy is loaded when it is asked for.

    `package` is where `requirements/*.toml` and `cases` stand. `peers` maps each role to the reference (a `Peer` class
    for servers, a factory of objects for libraries and clients). `probe(url, setup=…, versions=…, served=…)` looks at a
    target: with what a run of it has, the HTTP versions that are wanted, and what an adapter said of it.
    """

    name: str
    title: str
    package: str
    roles: tuple[Role, ...]
    peers: Callable[[], Mapping[str, type[Peer] | Callable[[], Any]]]
    faults: Callable[[], Sequence[Fault]]
    probe: Callable[..., Awaitable[Sequence[Found]]]
    impossible: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)
    unprovable: Mapping[str, str] = field(default_factory=dict)
    """Case ids that no fault can kill, each with its reason."""
    told: Callable[[str], Mapping[str, Any]] = lambda _: {}
    """What a subject of a server role is told in the options of `serve`, besides our targets, by the role's name."""
    never: tuple[Outcome, ...] = ()
    """Outcomes that nothing which is sent can justify: what fuzzing looks for."""

    def role(self, name: str) -> Role:
        """The role of that name; KeyError when the protocol has none."""
        return {r.name: r for r in self.roles}[name]
