from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from dataclasses import replace

import pytest

from conformance.report.html import render
from conformance.report.html._evidence import Evidence
from conformance.report.html._pages import Pages
from tests.report.streams import HOSTILE, good, mixed

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
needs_browser = pytest.mark.skipif(not BROWSER, reason="NO BROWSER: the HTML report is not looked at without chromium")


def data_of(page: bytes, id_: str = "data"):
    packed = re.search(
        rb'<script type="application/gzip;base64" id="%s">(.*?)</script>' % id_.encode(), page, re.DOTALL
    )[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


# Without a browser


def test_nothing_that_a_subject_said_becomes_markup(run, absent):
    page = render([run], [absent], full=True).decode()
    assert "<img" not in page
    assert page.count("</script>") == 3


def test_the_page_names_no_other_place(run, absent):
    page = render([run], [absent]).decode()
    assert not re.findall(r"""(?:src|href|action)=["'](?!#|data:,)[^"']*""", page)
    assert set(re.findall(r"https?://[^\"' ]*", page)) <= {"http://www.w3.org/2000/svg"}


def test_passing_cases_carry_no_octets_unless_the_report_is_full(run):
    short, full = data_of(render([run])), data_of(render([run], full=True))
    carried = {r["shown"] for r in short["runs"][0]["r"] if "parts" in r}
    assert carried == {"fail", "crash", "warn", "tolerated", "hang", "leak", "inconclusive", "error"}
    assert all("parts" in r for r in full["runs"][0]["r"])


def test_the_same_message_stands_once(run):
    evidence = Evidence(run, full=True, budget=10**9)
    assert len({json.dumps(m) for m in evidence.messages}) == len(evidence.messages)
    shown = [event for part in evidence.parts for event in part["events"] if event[3] >= 0]
    assert len(evidence.messages) < len(shown) / 2


def test_what_the_budget_leaves_out_is_the_lightest_and_is_counted(run):
    evidence = Evidence(run, full=True, budget=1)
    kept = [n for n in range(len(run.verdicts)) if evidence.of(n) is not None]
    assert [run.verdicts[n].verdict.shown for n in kept] == ["crash"]
    assert evidence.left_out == len(run.verdicts) - 1


def test_very_long_octets_are_cut_and_changed_fields_stay(tmp_path):
    long = mixed(tmp_path / "run.ndjson", long=4000)
    page = render([long])
    assert long.path.stat().st_size > 8_000_000
    assert len(page) < 100_000
    fields = [f for m in data_of(page, "evidence-0")["messages"] for f in m[1] if f[0] == "content" and f[4]]
    assert fields
    assert all(shown == 512 for _, _, shown, total, _ in fields if total > 10_000)


def test_what_one_run_leaves_of_the_budget_is_for_the_others(run, fine):
    whole = Evidence(run, full=False, budget=10**9).used
    assert [r["left"] for r in data_of(render([fine, run], budget=whole))["runs"]] == [0, 0]
    assert data_of(render([fine, run], budget=whole // 2))["runs"][1]["left"] > 0


def test_ten_runs_of_three_hundred_cases_stay_below_two_megabytes(tmp_path):
    runs = [mixed(tmp_path / f"{n}.ndjson", name=f"impl-{n}", title=f"Implementation {n}", long=8) for n in range(10)]
    for run in runs:
        run.verdicts[:] = [
            replace(record, verdict=replace(record.verdict, case=f"{record.verdict.case}-{n}"))
            for record in run.verdicts
            for n in range(24)
        ]
    assert len(render(runs)) < 2_000_000


def test_the_document_that_asks_most_comes_first_in_its_protocol(run, fine):
    for one in (run, fine):
        one.header.scope["protocols"] = {"example": {"title": "Example", "documents": {"draft-example": "A draft"}}}
    pages = Pages([run, fine], [])
    assert [(p.title, [d.id for d in p.documents]) for p in pages.protocols] == [
        ("Example", ["draft-example"]), ("Other documents", ["rfc0001"]),
    ]  # fmt: skip
    assert [d.id for d in pages.documents] == ["rfc0001", "draft-example"]
    assert pages.protocols[0].documents[0].title == "A draft"


def test_an_implementation_is_missing_only_where_it_would_have_played(run, absent):
    run.header.scope["protocols"] = {"example": {"title": "Example", "documents": {"rfc0001": "", "draft-example": ""}}}
    elsewhere = replace(absent, roles=("other.role",))
    here = replace(absent, roles=("example.server",))
    (page,) = Pages([run], [elsewhere, here]).protocols
    assert page.absent == (here,)


# In a browser


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    from conformance.report import AbsentRun

    folder = tmp_path_factory.mktemp("report")
    runs = [mixed(folder / "a.ndjson", scope={"insecure": True}, long=4), good(folder / "b.ndjson")]
    page = folder / "report.html"
    page.write_bytes(render(runs, [AbsentRun("missing", "Missing Server", "missing tool: cargo", HOSTILE)]))
    return page.as_uri()


@pytest.fixture
def look(browser, address):
    """Opens pages of the report, and at the end sees that nothing was fetched and nothing went wrong."""
    wrong: list[str] = []
    contexts = []

    def open_at(hash_: str = "", *, width: int = 1280, scheme: str = "light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.set_default_timeout(4000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(address) else None)
        page.goto(address + hash_)
        page.locator("html[data-view]").wait_for(state="attached")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert wrong == []


@needs_browser
def test_filters_hold_and_are_kept_in_the_address(look):
    page = look("#/cases")
    everything = page.locator("#cases tbody tr:visible").count()
    page.locator('#cases [data-verdict="fail"]').click()
    page.locator('#cases [data-verdict="crash"]').click()
    assert page.locator("#cases tbody tr:visible").count() == 2 < everything
    page.locator("#cases input[type=search]").fill("short")
    assert page.locator("#cases tbody tr:visible").count() == 1
    assert page.url.endswith("#/cases?verdict=crash,fail&q=short")
    again = look("#/cases?verdict=crash,fail&q=short")
    assert again.locator("#cases tbody tr:visible").count() == 1
    assert again.locator("#cases [data-verdict=fail]").get_attribute("aria-pressed") == "true"
    assert again.locator("#cases input[type=search]").input_value() == "short"


@needs_browser
def test_a_case_opens_by_keyboard_with_its_changed_octets_marked(look):
    page = look("#/cases?verdict=fail")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("#case .dump").first.wait_for()
    assert "#/case/0.0" in page.url
    changed = page.locator("#case .dump .changed").first
    assert changed.inner_text().startswith(">>")
    assert "62 61 64 21" in changed.inner_text()
    assert "content" in changed.inner_text()
    assert "A request whose tag is wrong is refused" in page.locator("#case").inner_text()
    assert page.locator("#case .again code").inner_text() == (
        "conformance run --implementation example --seed 7 --again example/server/tag-flipped"
    )
    page.keyboard.press("Escape")
    page.locator("#cases").wait_for()
    assert page.url.endswith("#/cases?verdict=fail")
    page.keyboard.press("2")
    page.locator("#matrix").wait_for()


@needs_browser
def test_what_is_known_is_marked_and_can_be_left_out(look, browser, tmp_path):
    page_file = tmp_path / "known.html"
    page_file.write_bytes(render([mixed(tmp_path / "k.ndjson", known=["tag-flipped"], variants=8)]))
    page = browser.new_page()
    page.goto(page_file.as_uri() + "#/cases?verdict=fail,crash")
    assert page.locator("#cases tbody tr").count() == 2
    assert "8 variants" in page.locator("#cases tbody").inner_text()
    assert page.locator("#cases tbody .known").get_attribute("title").startswith("never looked at")
    page.locator("#cases select[name=known]").select_option("new")
    assert "tag-flipped" not in page.locator("#cases tbody").inner_text()
    page.goto(page_file.as_uri() + "#/case/0.0")
    page.locator("#case .dump").first.wait_for()
    assert "never looked at https://example.net/issues/7 until 2030-01-01" in page.locator("#case").inner_text()
    assert page.locator("#case .variants a").count() == 8
    page.close()


@needs_browser
def test_a_case_without_octets_here_says_which_command_shows_them(look):
    page = look("#/case/0.3")
    told = page.locator("#case .again code").last
    told.wait_for()
    assert re.fullmatch(r"conformance report \S+a.ndjson --case example/server/nonce", told.inner_text())


@needs_browser
def test_the_matrix_does_not_scroll_twice(look):
    page = look("#/matrix", width=1360)
    inner = "document.documentElement.scrollHeight - innerHeight"
    assert page.evaluate(inner) == 0
    assert page.locator("#matrix thead th").first.is_visible()


@needs_browser
def test_twin_and_health_open_when_asked(look):
    page = look("#/case/0.0")
    twin = page.locator("#case details.part").first
    assert not twin.locator(".dump").count()
    twin.locator("summary").focus()
    page.keyboard.press("Enter")
    twin.locator(".dump").first.wait_for()
    assert twin.locator(".changed").count() == 0


@needs_browser
def test_a_hostile_text_is_shown_as_it_is(look):
    page = look("#/case/0.11")
    assert "</script><img src=x onerror=boom()> \\x1b[31m" in page.locator("#case").inner_text()


@needs_browser
def test_the_matrix_shows_word_and_shape_and_leads_to_the_case(look):
    page = look("#/matrix?show=differs")
    assert 0 < page.locator("#matrix tr[data-row]:visible").count() < page.locator("#matrix tr[data-row]").count()
    cell = page.locator("#matrix td a.v-hang, #matrix td a.v-fail").first
    assert cell.inner_text().strip() in {"hang", "fail"}
    assert cell.locator("svg use").get_attribute("href") in {"#s-hang", "#s-fail"}
    assert page.locator("#matrix thead th.absent").inner_text() == "Missing Server"
    cell.click()
    page.locator("#case .headline").wait_for()


@needs_browser
def test_the_heat_map_is_coloured_by_the_run_that_is_asked_for(look):
    page = look("#/documents")
    chip = page.locator("#documents .chip", has_text="EX-001")
    assert "v-mixed" in chip.get_attribute("class")
    assert chip.locator("small").inner_text() == "1/2"
    page.locator("#documents select").select_option("0")
    assert "v-hang" in chip.get_attribute("class")
    assert page.url.endswith("#/documents?colour=0")
    assert "happens inside the implementation" in page.locator("#documents .chip", has_text="EX-007").get_attribute(
        "title"
    )


@needs_browser
@pytest.mark.parametrize(
    "hash_",
    ["#/summary", "#/matrix", "#/documents", "#/cases", "#/readings", "#/case/0.0", "#/requirement/rfc0001%2F4.2%2F2"],
)
def test_nothing_runs_over_the_edge_of_a_narrow_screen(look, hash_):
    page = look(hash_, width=390)
    assert page.locator(".view.on").inner_text().strip()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@needs_browser
def test_dark_is_dark_and_light_is_light(look):
    def lightness(scheme: str) -> int:
        colour = look(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(n) for n in re.findall(r"\d+", colour)[:3])

    assert lightness("dark") < 150
    assert lightness("light") > 600


@needs_browser
def test_everything_but_case_pages_is_printed(look):
    page = look("#/cases")
    page.emulate_media(media="print")
    for view in ("summary", "matrix", "documents", "cases", "readings"):
        assert page.locator(f"#{view}").is_visible(), view


@needs_browser
def test_without_script_the_pages_stand_below_each_other(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    for view in ("summary", "matrix", "documents", "cases", "readings"):
        assert page.locator(f"#{view}").is_visible(), view
    context.close()
