"""Cells are formed of whoever can meet, as the exchanges say."""

from conformance.engine.cells import Cell, form_cells
from tests.engine import toy


def test_all_who_can_meet_do():
    playing = {
        "reference": [toy.MEETER, toy.SERVED, toy.DECODER],
        "both": [toy.SERVED, toy.MEETER],
        "client": [toy.MEETER],
        "library": [toy.DECODER],
    }
    cells = form_cells([toy.PROTOCOL], playing)
    assert [(c.subject, *c.others) for c in cells] == [
        (client, (toy.SERVED, server))
        for client in ("reference", "both", "client")
        for server in ("reference", "both")
    ]  # fmt: skip
    assert {c.role for c in cells} == {toy.MEETER}
    assert cells[0].name == "toy.client=reference+toy.server=reference"


def test_alone_nobody_meets_anyone():
    assert form_cells([toy.PROTOCOL], {"client": [toy.MEETER]}) == []
    assert Cell("r", "a", ()).name == "r=a"
