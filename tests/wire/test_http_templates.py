"""URI Templates: the examples of RFC 6570, and what its grammar refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import DecodeError
from conformance.wire.http import decode_template_untrusted

VALUES = {
    "var": "value", "hello": "Hello World!", "half": "50%", "base": "http://example.com/home/", "path": "/foo/bar",
    "x": "1024", "y": "768", "empty": "", "who": "fred", "v": "6",
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "expanded", "level"),
    [
        ("{var}", "value", 1),
        ("{hello}", "Hello%20World%21", 1),
        ("{half}", "50%25", 1),
        ("O{empty}X", "OX", 1),
        ("O{undef}X", "OX", 1),
        ("{+var}", "value", 2),
        ("{+hello}", "Hello%20World!", 2),
        ("{+path}/here", "/foo/bar/here", 2),
        ("{+base}index", "http://example.com/home/index", 2),
        ("X{#hello}", "X#Hello%20World!", 2),
        ("map?{x,y}", "map?1024,768", 3),
        ("{x,empty}", "1024,", 3),
        ("{+x,hello,y}", "1024,Hello%20World!,768", 3),
        ("X{.x,y}", "X.1024.768", 3),
        ("{/var,x}/here", "/value/1024/here", 3),
        ("{;x,y,empty}", ";x=1024;y=768;empty", 3),
        ("{?x,y,empty}", "?x=1024&y=768&empty=", 3),
        ("{?x,undef}", "?x=1024", 3),
        ("?fixed=yes{&x}", "?fixed=yes&x=1024", 3),
        ("{var:3}", "val", 4),
        ("{+path:6}here", "/foo/bhere", 4),
        ("{?var:3}", "?var=val", 4),
        ("caf\u00e9%20{var}", "caf%C3%A9%20value", 1),
    ],
)
def test_examples_expand(template, expanded, level):
    read = decode_template_untrusted(template)
    assert read.expand(VALUES) == expanded
    assert read.level == level


@pytest.mark.parametrize(
    "template",
    ["{", "{var", "}", "a}b", "{}", "{?}", "{,}", "{var,}", "{ var}", "{var }", "{=var}", "{!var}", "{@var}", "{|var}",
     "{,var}", "{var:0}", "{var:10000}", "{var:}", "{var:3*}", "{.var.}", "{a..b}", "{a-b}", "{{var}}", "a b", 'a"b',
     "a<b", "a\\b", "a^b", "a`b", "a|b", "%", "%4", "%zz", "\x00", "{v%2}", "{?x;y}", "{*x}", "'"],
)  # fmt: skip
def test_what_the_grammar_refuses_is_refused(template):
    with pytest.raises(DecodeError):
        decode_template_untrusted(template)


def test_parts_are_told():
    read = decode_template_untrusted("https://proxy.example/{target_host}{?target_port*,a.b:5}")
    assert read.variables == ("target_host", "target_port", "a.b")
    assert [e.operator for e in read.expressions] == ["", "?"]
    assert read.expressions[1].variables[0].explode
    assert read.expressions[1].variables[1].prefix == 5
    with pytest.raises(ValueError, match="not expanded"):
        read.expand({"target_port": "1"})


@pytest.mark.parametrize(
    ("template", "uri", "values"),
    [
        ("/.well-known/masque/udp/{target_host}/{target_port}/", "/.well-known/masque/udp/192.0.2.6/443/",
         {"target_host": "192.0.2.6", "target_port": "443"}),
        ("/m/{target_host}/{target_port}/", "/m/2001%3Adb8%3A%3A42/443/",
         {"target_host": "2001%3Adb8%3A%3A42", "target_port": "443"}),
        ("/m/{target_host}/{target_port}/", "/m/2001:db8::42/443/", None),
        ("/m/{target_host}/{target_port}/", "/m//443/", {"target_host": "", "target_port": "443"}),
        ("/m/{target_host}/{target_port}/", "/m/a/443", None),
        ("/m{?h,p}", "/m?h=a&p=1", {"h": "a", "p": "1"}),
        ("/m{?h,p}", "/m?p=1", {"p": "1"}),
        ("/m{?h,p}", "/m", {}),
        ("/m{?h,p}", "/mh=a", None),
        ("/m{?h,p}", "/m?h=a?p=1", None),
        ("/m{?h,p}", "/m&h=a", None),
        ("/m?x=1{&h}", "/m?x=1&h=a", {"h": "a"}),
        ("/m/{h,p}", "/m/a,1", {"h": "a", "p": "1"}),
    ],
)  # fmt: skip
def test_a_uri_is_matched(template, uri, values):
    assert decode_template_untrusted(template).matches(uri) == values


def test_only_plain_operators_are_matched():
    with pytest.raises(ValueError, match="cannot be matched"):
        decode_template_untrusted("{+path}").matches("/x")


@given(st.text(max_size=40) | st.text(alphabet="{}?&+#./;=,!@|*:%aA0_- ", max_size=20))
def test_any_text_is_a_template_or_a_decode_error(text):
    try:
        read = decode_template_untrusted(text)
    except DecodeError:
        return
    assert "".join(p if isinstance(p, str) else text[p.at : text.index("}", p.at) + 1] for p in read.parts) == text


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_is_expanded_is_matched(host, port):
    read = decode_template_untrusted("/m/{host}/{port}/")
    values = {"host": host, "port": port}
    found = read.matches(read.expand(values))
    assert found is not None
    assert set(found) == {"host", "port"}
