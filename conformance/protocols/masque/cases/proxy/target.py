"""Where a tunnel leads: the variables in the request's path (RFC 9298, Sections 2 and 3)."""

from __future__ import annotations

from conformance.bench import Bench, UDPLab
from conformance.cases import case, given, put
from conformance.model import ACCEPTED, Outcome
from conformance.net import Connection
from conformance.protocols.masque.exchanges import MALFORMED, REFUSED_4XX, REFUSED_5XX, dialled, echo, knock

PORT = "rfc9298/3/target-port-1-to-65535"
ONCE = "rfc9298/3.1/variables-percent-decoded-once"
EMPTY = "rfc9298/3/empty-target-variable-refused"
ZONE = "rfc9298/3/zone-identifiers-refused"
IPV6 = "rfc9298/3/ipv6-colons-percent-encoded"


def refusals(requirement: str) -> list[Outcome]:
    """Any refusal by status; 4xx is the fitting class."""
    return [REFUSED_4XX, REFUSED_5XX.per(requirement)]


@case(
    knock, PORT, expect=refusals(PORT), each=["0", "65536", "99999999999", "-1", "+80", "8o", "0x50", "%2B80", "80%20"]
)
def port_out_of_range(port):
    """The expanded template names a port that does not exist."""
    return put("connect.target.target_port", port.encode())


@case(knock, EMPTY, PORT, expect=refusals(EMPTY))
def port_empty():
    """The port in the path is empty."""
    return put("connect.target.target_port", b"")


@case(knock, EMPTY, expect=refusals(EMPTY))
def host_empty():
    """The host in the path is empty."""
    return put("connect.target.target_host", b"")


@case(knock, PORT, expect=[ACCEPTED], each=("1", "65535"))
def port_at_the_edge(port):
    """The least and the greatest port are ports."""
    return put("connect.target.target_port", port.encode())


@case(echo, ONCE, expect=[ACCEPTED], each={"every octet": 1, "digits only": 2})
def port_percent_encoded(every):
    """The digits of the port are percent-encoded, all or every other one: it is the same port."""
    return given(encoded=("port", every))


@case(echo, ONCE, expect=[ACCEPTED], each={"every octet": 1, "every other": 2})
def host_percent_encoded(every):
    """The address is percent-encoded, all of it or every other character: it is the same address."""
    return given(encoded=("host", every))


@case(knock, ONCE, expect=refusals(ONCE), each=("127%252E0%252E0%252E1", "127%25%32%450.0.1"))
def host_encoded_twice(host):
    """The address is percent-encoded twice: decoded once, it is none."""
    return put("connect.target.target_host", host.encode())


@case(knock, ONCE, expect=[*refusals(ONCE), MALFORMED.per(ONCE)], each=("127.0.0.1%", "127.0.0.1%0", "%zz"))
def broken_triplet(host):
    """A percent sign is not followed by two hexadecimal digits."""
    return put("connect.target.target_host", host.encode())


@case(knock, ZONE, expect=refusals(ZONE), each=("fe80%3A%3A1%25lo", "%3A%3A1%25lo", "%3A%3A1%2525lo"))
def zone_identifier(host):
    """The IPv6 address has a zone identifier."""
    return put("connect.target.target_host", host.encode())


@case(
    knock,
    "rfc9298/3/target-variables-follow-uri-grammar",
    expect=refusals("rfc9298/3/target-variables-follow-uri-grammar"),
    each=(
        "127.0.0.1%00",
        "127.0.0.1%0D%0A",
        "a%20b",
        "%5B%3A%3A1%5D%5D",
        "1%3A2%3A3",
        "a%2F..%2Fb",
        "user%40127.0.0.1",
    ),
)
def host_that_is_none(host):
    """The host is neither an address nor a name."""
    return put("connect.target.target_host", host.encode())


@case(
    echo,
    IPV6,
    expect={"upper case": [ACCEPTED], "lower case": [ACCEPTED]},
)
async def ipv6_target(bench):
    """The target has an IPv6 address, whose colons are percent-encoded, in digits of either case."""
    lab = UDPLab.of(bench)
    if lab is None or not lab.has("::1"):
        bench.absent("this machine has no IPv6 address of its own")
    connection = await dialled(bench)
    await echo(bench.part("upper case"), connection, local="::1", host="::1")
    await echo(
        bench.part("lower case", put("connect.target.target_host", b"%3a%3a1")), await again(bench, connection),
        local="::1", host="::1",
    )  # fmt: skip


async def again(bench: Bench, connection: Connection) -> Connection:
    """The same connection, or another where HTTP/1.1 has used it up."""
    return connection if connection.version != 1 else await dialled(bench)


@case(
    knock,
    "rfc9298/3.1/dns-failure-rejects-request",
    expect=[REFUSED_5XX, REFUSED_4XX.per("rfc9298/3.1/dns-failure-rejects-request")],
)
def name_that_does_not_resolve():
    """The target's name is one that never resolves (RFC 6761, Section 6.4): the request is refused."""
    return given(host="no-such-host.invalid")


@case(
    echo, "rfc9298/3/target-variables-follow-uri-grammar", expect=[ACCEPTED],
)  # fmt: skip
def target_by_name():
    """The target is named localhost, which the proxy resolves."""
    return given(host="localhost")
