"""Templates of proxies, as a client takes them (RFC 9298, Sections 2 and 3)."""

from __future__ import annotations

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import CLIENT_ERROR, client_echo

VALIDATES = "rfc9298/2/client-validates-template"
EXPANDS = "rfc9298/3/client-expands-template"


@case(client_echo, EXPANDS, expect=[ACCEPTED], each=(
    "/masque?h={target_host}&p={target_port}", "/masque{?target_host,target_port}", "/m/{target_host,target_port}",
    "/a%20b/{target_host}/{target_port}/", "/masque?x=1{&target_host,target_port}",
))  # fmt: skip
def template_of_another_form(path):
    """The template has its variables elsewhere: in the query, in one expression."""
    return given(path=path)


@case(client_echo, VALIDATES, expect=[CLIENT_ERROR], each={
    "prefix": "/udp/{target_host:3}/{target_port}/", "explode": "/udp/{target_host*}/{target_port}/",
    "operator +": "/udp/{+target_host}/{target_port}/", "operator #": "/udp/{#target_host}/{target_port}/",
    "operator .": "/udp/{.target_host}/{target_port}/", "operator /": "/udp{/target_host}/{target_port}/",
    "operator ;": "/udp/{;target_host}/{target_port}/", "no port": "/udp/{target_host}/",
    "no host": "/udp/{target_port}/", "no path": "?h={target_host}&p={target_port}", "no variables": "/udp/",
    "in the fragment": "/udp/#{target_host}/{target_port}", "not ASCII": "/\u00fcdp/{target_host}/{target_port}/",
    "open brace": "/udp/{target_host}/{target_port",
})  # fmt: skip
def template_that_is_none(path):
    """The template breaks a rule: the client says so, and asks for nothing. General libraries need not see it."""
    return given(path=path)


@case(client_echo, "rfc9298/3/ipv6-colons-percent-encoded", expect=[ACCEPTED])
def ipv6_target():
    """The target has an IPv6 address: its colons are percent-encoded in the path."""
    return given(local="::1")
