"""Secrets as a library of HPKE exports them (RFC 9180, Section 5.3)."""

from conformance.cases import case, flip, from_vectors, given, octets, put
from conformance.crypto import Suite
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._hpke_vectors import FILE, accepted, exported_secrets, in_its_suite, seals
from conformance.protocols.ohttp.exchanges import REFUSED, SCHEDULE, by_itself, export

EXACT, TOO_LONG = "rfc9180/5.3/exported-secret-exact", "rfc9180/5.3/too-long-export-refused"


@case(
    by_itself(export),
    EXACT,
    SCHEDULE,
    expect=[ACCEPTED],
    each={
        "three": {},
        "of many lengths": {"exports": tuple((b"context", n) for n in (1, 16, 31, 32, 33, 64, 65, 255, 256, 1000))},
        "of 8160 octets": {"exports": ((b"context", 255 * 32),)},
        "of many contexts": {"exports": tuple((octets(n), 32) for n in (0, 1, 2, 63, 64, 65, 1000))},
        "one context twice": {"exports": ((b"context", 32), (b"another", 32), (b"context", 32))},
        "without info": {"info": b""},
        "with long info": {"info": octets(1000)},
    },
)
def secrets(settings):
    """Secrets of several contexts and lengths are those that the sender would export."""
    return given(**settings)


@case(
    export,
    TOO_LONG,
    expect={"one octet more": [REFUSED], "65535 octets": [REFUSED], "65536 and 32 octets": [REFUSED]},
)
async def longer_than_allowed(bench):
    """A secret of more than 255 Nh octets: an error, and nothing shorter in its place."""
    longest = 255 * Suite.parse(bench.variant["suite"]).kdf_info.hash_length
    for name, length in ("one octet more", longest + 1), ("65535 octets", 65_535), ("65536 and 32 octets", 65_568):
        await export(bench.part(name), exports=((b"context", length),))


@case(
    export,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each={"off the curve": flip("setup.enc", -1), "all octets zero": put("setup.enc", bytes(65))},
    where={"suite": ["0010/0001/0001"]},
)
def p256_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-256: no secret is exported."""
    return change


from_vectors(
    by_itself(export),
    FILE,
    expect=accepted,
    settings=exported_secrets,
    where=in_its_suite,
    only=seals,
    requirements=(EXACT, SCHEDULE),
)
