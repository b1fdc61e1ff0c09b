from __future__ import annotations

from datetime import date

import pytest

from conformance.engine.baseline import Baseline, Expected, write_baseline
from conformance.model import UsageError, Verdict

TODAY = date(2026, 6, 30)


def seen(case="p/case", shown="fail", **variant):
    return Verdict(case, variant, shown, f"it was {shown}")


def read(tmp_path, text, today=TODAY):
    path = tmp_path / "expected.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Baseline.read(path, today)


ENTRY = '[[expected]]\ncase = "p/case"\nreason = "known"\n'


def test_a_baseline_is_read_whole(tmp_path):
    text = (
        '[[expected]]\ncase = "p/*"\nvariant = "http=1*"\nverdict = ["crash", "hang"]\nreason = "r"\n'
        'link = "l"\nowner = "o"\nexpires = 2027-01-01\n'
    )
    (entry,) = read(tmp_path, text).entries

    assert entry == Expected("p/*", "r", ("crash", "hang"), "http=1*", "l", "o", date(2027, 1, 1))
    assert Baseline.read(tmp_path / "expected.toml").today >= TODAY
    assert read(tmp_path, "").entries == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[expected]\n", "the baseline"),
        (b"a = '\xff'", "the baseline"),
        ("[[expects]]\n", "unknown field `expects`"),
        (f'{ENTRY}becuase = "typo"\n', "unknown key 'becuase'"),
        ('[[expected]]\nreason = "r"\n', "missing required field `case`"),
        ('[[expected]]\ncase = "p/case"\n', "missing required field `reason`"),
        ('[[expected]]\ncase = "p/case"\nreason = "  "\n', "the entry for p/case gives no reason"),
        (f'{ENTRY}verdict = "fial"\n', "expects 'fial', which is no verdict"),
        (f'{ENTRY}verdict = ["fail", "broken"]\n', "expects 'broken'"),
        (f'{ENTRY}expires = "soon"\n', "the baseline"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, text, told):
    with pytest.raises(UsageError) as why:
        read(tmp_path, text)
    assert told in str(why.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Baseline.read(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("more", "verdict", "expected"),
    [
        ("", seen(), True),
        ("", seen(http=1), True),
        ("", seen("p/other"), False),
        ("", seen(shown="crash"), False),
        ('verdict = ["crash", "hang"]\n', seen(shown="crash"), True),
        ('variant = "http=1*"\n', seen(http=1, suite="a"), True),
        ('variant = "http=1*"\n', seen(http=2), False),
        ("expires = 2026-06-30\n", seen(), True),
        ("expires = 2026-06-29\n", seen(), False),
    ],
)
def test_what_is_expected(tmp_path, more, verdict, expected):
    assert read(tmp_path, ENTRY + more).expects(verdict) is expected


@pytest.mark.parametrize(
    ("more", "verdicts", "told"),
    [
        ("", [seen()], []),
        ("", [seen(shown="pass"), seen(shown="fail")], []),
        ("", [seen(shown="pass")], ["passed: the entry can go"]),
        ("", [seen(shown="tolerated"), seen(shown="pass")], ["is tolerated by now"]),
        ("", [seen(shown="warn")], ["is warn by now"]),
        ('verdict = "warn"\n', [seen(shown="warn")], []),
        ("", [seen(shown="inconclusive")], []),
        ("", [seen("p/other", "pass")], []),
        ("expires = 2026-01-01\n", [seen()], ["expired on 2026-01-01"]),
        ('variant = "http=1"\n', [seen(shown="pass", http=1), seen(http=2)], ["[http=1] passed"]),
    ],
)
def test_a_baseline_must_shrink(tmp_path, more, verdicts, told):
    stale = read(tmp_path, ENTRY + more).stale(verdicts)

    assert len(stale) == len(told)
    assert all(part in line for part, line in zip(told, stale, strict=True)), stale


@pytest.mark.parametrize(
    ("case", "variant", "left_over"),
    [
        ("p/case", "*", False),
        ("p/ca*", "http=1", False),
        ("p/case", "http=2", True),
        ("p/skipped", "http=2", False),
        ("p/gone", "*", True),
        ("*/gone", "*", True),
        ("q/case", "*", False),
    ],
)
def test_entries_that_match_nothing_are_left_over(tmp_path, case, variant, left_over):
    baseline = Baseline(tmp_path / "expected.toml", [Expected(case, "r", variant=variant)])
    verdicts = [seen(http=1), seen("p/skipped", "not-applicable")]

    assert bool(baseline.unmatched(verdicts, ["p"])) is left_over


def test_an_update_keeps_what_still_holds_and_adds_what_is_new(tmp_path):
    path = tmp_path / "expected.toml"
    old = Baseline(
        path,
        [
            Expected("p/case", 'a reason "with" all\n\x7f', ("fail", "crash"), "http=*", "l", "o", date(2027, 1, 1)),
            Expected("p/passed", "was wrong"),
        ],
        TODAY,
    )  # fmt: skip
    verdicts = [
        seen(http=1), seen("p/passed", "pass"), seen("p/new", "hang", http=1), seen("p/new", "hang", http=2),
        seen("p/new", "warn"), seen("p/open", "inconclusive"),
    ]  # fmt: skip

    assert write_baseline(path, verdicts, old) == 3
    found = Baseline.read(path, TODAY)
    assert found.entries[0] == old.entries[0]
    assert [(e.case, e.verdict, e.reason) for e in found.entries[1:]] == [
        ("p/new", "hang", "to be looked into: it was hang"),
        ("p/new", "warn", "to be looked into: it was warn"),
    ]
    assert all(found.expects(v) for v in verdicts if v.shown in {"fail", "hang", "warn"})
    assert write_baseline(path, verdicts, found) == 3


def test_a_first_baseline_needs_no_old_one(tmp_path):
    path = tmp_path / "expected.toml"

    assert write_baseline(path, [seen()], None) == 1
    assert Baseline.read(path, TODAY).expects(seen())
