"""Routes: URLs taken apart, and those that cannot be."""

import pytest

from conformance.model import UsageError
from conformance.net import Route


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("http://Example.test", "example.test", 80, "/", "example.test"),
        ("https://example.test:443/a?b=c", "example.test", 443, "/a?b=c", "example.test"),
        ("http://127.0.0.1:8080/", "127.0.0.1", 8080, "/", "127.0.0.1:8080"),
        ("http://[::1]:8080/%41", "::1", 8080, "/%41", "[::1]:8080"),
    ],
)
def test_a_url_is_taken_apart(url, host, port, target, authority):
    route = Route.of(url)
    assert (route.host, route.port, route.target, route.authority) == (host, port, target, authority)
    assert (route.connect_host, route.connect_port) == (host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.test",
        "ftp://h/",
        "http://",
        "http://h:99999/",
        "http://u:p@h/",
        "http://h/#f",
        "http://h/a b",
        "http://h/é",
        "http://[::1/",
    ],
)
def test_urls_that_cannot_be(url):
    with pytest.raises(UsageError):
        Route.of(url)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ((), ("h.test", 443)),
        (("h.test:443:127.0.0.1:1",), ("127.0.0.1", 1)),
        (("other:443:127.0.0.1:1", "H.test:443:[::1]:2", "h.test:443:3.3.3.3:3"), ("::1", 2)),
        (("h.test:80:127.0.0.1:1",), ("h.test", 443)),
    ],
)
def test_where_to_connect(rules, wanted):
    route = Route.of("https://h.test/", connect_to=rules)
    assert (route.connect_host, route.connect_port) == wanted
    assert (route.host, route.port) == ("h.test", 443)


@pytest.mark.parametrize(
    "more",
    [{"connect_to": ["h:1:2"]}, {"headers": [("a b", "c")]}, {"headers": [("a", "b\r\nc")]}, {"source": "somewhere"}],
)
def test_settings_that_cannot_be(more):
    with pytest.raises(UsageError):
        Route.of("http://h/", **more)
