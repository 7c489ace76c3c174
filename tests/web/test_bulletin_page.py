"""The bulletin in a real browser: charts are drawn, the language switches, nothing goes out."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from ecomon.model.determinand import Determinand
from ecomon.model.provenance import Provenance
from ecomon.model.tables import EXCEEDANCES, MEANS
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.bulletin import GAPS, SERIES, Bulletin, RiverLine, SectionLine
from ecomon.publish.bulletin_page import bulletin_page


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; in CI its absence is a failure, elsewhere a skip that says why."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "no chromium here: install the distribution's package"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bulletin of one section and one determinand, written as the command would write it."""
    start = datetime(2021, 4, 1)
    series = SERIES.frame(
        {
            "site": ["yaodu"] * 30, "determinand": ["TP"] * 30,
            "start": [start + timedelta(hours=4 * step) for step in range(30)],
            "value": [0.08 + 0.001 * step for step in range(30)], "flag": [1] * 29 + [3],
        }
    )  # fmt: skip
    bulletin = Bulletin(
        title_zh="水质月报", title_en="Bulletin", period="2021-04",
        provenance=Provenance("example", 7, "ab" * 32, "0"),
        rivers=(RiverLine("bailong", "白龙江", "Bailong River"),),
        sections=(SectionLine("yaodu", "姚渡", "Yaodu", "bailong", 300.0, 2, "measured", 2, "compliant",
                              missing_items="NH3N"),),
        means=MEANS.empty(), exceedances=EXCEEDANCES.empty(), series=series, gaps=GAPS.empty(),
        determinands={
            "TP": Determinand(key="TP", name_zh="总磷", name_en="total phosphorus", unit="mg/L",
                              medium="water", decimals_reading=3, decimals_assessed=3,
                              source="test", confidence="verified"),
            "NH3N": Determinand(key="NH3N", name_zh="氨氮", name_en="ammonia nitrogen", unit="mg/L",
                                medium="water", decimals_reading=2, decimals_assessed=2,
                                source="test", confidence="verified"),
        },
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("bulletin")
    for name, octets in bulletin_page(bulletin, packaged_fonts()).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(octets)
    return folder / "index.html"


def browse(chromium: str, page: Path, profile: Path, *options: str) -> str:
    """The document after its scripts have run."""
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--no-first-run", "--virtual-time-budget=8000",
        f"--user-data-dir={profile}", *options, "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_plotly_draws_the_chart(chromium: str, page: Path, tmp_path: Path) -> None:
    dom = browse(chromium, page, tmp_path / "profile")
    assert "main-svg" in dom
    assert "总磷 (mg/L)" in dom
    assert dom.count("scatterlayer") >= 1
    assert '<button id="language" type="button" aria-label' in dom  # shown once the script runs


def test_the_switch_turns_page_and_charts(chromium: str, page: Path, tmp_path: Path) -> None:
    click = '<script>document.getElementById("language").click()</script></body>'
    clicked = page.with_name("clicked.html")
    clicked.write_text(page.read_text(encoding="utf-8").replace("</body>", click), encoding="utf-8")
    dom = browse(chromium, clicked, tmp_path / "profile")
    assert 'class="show-en"' in dom
    assert "total phosphorus (mg/L)</text>" in dom.replace("</tspan>", "")


def test_print_shows_what_the_screen_folds_away(chromium: str, page: Path, tmp_path: Path) -> None:
    """The items not assessed are folded on the screen; on paper nobody can unfold them."""
    probe = (
        "<script>document.documentElement.dataset.folded="
        'getComputedStyle(document.querySelector(".folded")).display</script></body>'
    )
    probed = page.with_name("probed.html")
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    assert 'data-folded="none"' in browse(chromium, probed, tmp_path / "screen")
    printed = tmp_path / "bulletin.pdf"
    browse(chromium, page, tmp_path / "paper", f"--print-to-pdf={printed}")
    text = "".join(one.extract_text() for one in PdfReader(printed).pages)
    assert "未参评" in text and "氨氮" in text and "ammonia" not in text


WATCH = """<script>
document.addEventListener("securitypolicyviolation", function (event) {
  document.documentElement.dataset.blocked = event.blockedURI;
});
</script>"""


@pytest.mark.parametrize("is_tried", [False, True], ids=["as it is", "with an outside picture"])
def test_no_request_leaves_the_page(
    chromium: str, page: Path, tmp_path: Path, is_tried: bool
) -> None:
    """The page's own policy stops what asks outside; as it is, there is nothing to stop."""
    text = page.read_text(encoding="utf-8").replace("<link rel", WATCH + "<link rel", 1)
    if is_tried:
        text = text.replace("<main", '<img src="http://outside.invalid/x.png"><main', 1)
    watched = page.with_name(f"watched-{is_tried}.html")
    watched.write_text(text, encoding="utf-8")
    dom = browse(chromium, watched, tmp_path / "profile")
    assert "main-svg" in dom
    assert ("data-blocked=" in dom) == is_tried
