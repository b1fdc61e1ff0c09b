"""Collections of key configurations as a library writes them (RFC 9458, Sections 3.1 and 3.2)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._appendix_a import RECIPIENT
from conformance.protocols.ohttp.exchanges import by_itself, encode_keys, judged_by, keys_wrong

LAYOUT = (
    "rfc9458/3.1/key-config-layout-exact",
    "rfc9458/3.1/algorithms-length-in-bytes",
    "rfc9458/3.2/collection-entries-length-prefixed",
)


@case(by_itself(encode_keys), *LAYOUT, each={"one pair": {}, "all pairs of its KEM": {"all_suites": True}})
def configuration(settings):
    """A key's configuration: our strict decoder reads id, KEM, a key of its length and the algorithms, and no more."""
    return given(**settings)


configuration.judge(judged_by(encode_keys, lambda part: keys_wrong(part)[0]))


@case(encode_keys, "rfc9458/3.1/any-key-id-accepted", expect=[ACCEPTED], each=range(256), where={"suite": "first"})
def every_key_id(key_id):
    """Each of the 256 key ids is written."""
    return given(key_id=key_id)


@case(
    by_itself(encode_keys),
    *LAYOUT,
    needs=["private-key"],
    where={"suite": ["0020/0001/0001"]},
)
def private_key_of_appendix_a():
    """The private key of RFC 9458, Appendix A is imported: the public key in the configuration is that of there."""
    return given(private=RECIPIENT.private)


private_key_of_appendix_a.judge(judged_by(encode_keys, lambda part: keys_wrong(part)[0]))
