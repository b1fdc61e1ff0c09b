"""The rendering of later versions names pseudo-fields, fields, content and trailers."""

import pytest

from conformance.wire.http import lines_of, rendered, request

HEAD = ((b":method", b"GET"), (b":path", b"/x"), (b":status", b"200"), (b"a", b"b"))


@pytest.mark.parametrize("trailers", [(), ((b"t", b"v"), (b"u", b""))])
def test_every_line_has_its_place(trailers):
    octets, spans = rendered(HEAD, b"content", trailers)
    found = {s.path: octets[s.start : s.end] for s in spans}
    assert found == {
        "method": b"GET", "target": b"/x", "status": b"200", "content": b"content",
        "fields[0]": b"a: b\r\n", "fields[0].name": b"a", "fields[0].value": b"b",
    } | {
        f"trailers[{n}]{part}": line
        for n, (name, value) in enumerate(trailers)
        for part, line in (("", name + b": " + value + b"\r\n"), (".name", name), (".value", value))
    }  # fmt: skip
    assert octets.endswith(b"\r\n\r\ncontent" + b"".join(n + b": " + v + b"\r\n" for n, v in trailers) + b"\r\n"
                           if trailers else b"\r\n\r\ncontent")  # fmt: skip


def test_what_a_recipe_says_is_rendered_as_it_stands():
    trailers = ((b"t", b"v"),)
    built = request(b"POST", b"/x", b"h", [(b"a", b"b")], b"c", version=2, trailers=trailers).build()
    lines = lines_of(built)
    octets, spans = rendered(lines.fields, lines.content, lines.trailers)
    assert octets == built.octets
    assert {s for s in spans if s.path.endswith(("name", "value", "content"))} <= set(built.spans)
