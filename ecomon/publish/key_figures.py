"""The key figures at the head of a bulletin."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ecomon.publish.bulletin import Bulletin
from ecomon.publish.exceedance_table import list_exceeding
from ecomon.publish.intake import IntakeMonth
from ecomon.publish.markup import both, element
from ecomon.publish.wording import Words

Card = tuple[str, Words, Words]
"""A number, what it counts, and what a reader must know with it."""


def key_figures(bulletin: Bulletin, intakes: Mapping[str, IntakeMonth]) -> str:
    """The cards: sections, intakes, exceedances, alerts and what waits for a person."""
    cards = [*_section_cards(bulletin), *_intake_cards(intakes), _exceedance_card(bulletin)]
    if bulletin.alerts is not None:
        n_fired = sum(alert.fired_at is not None for alert in bulletin.alerts)
        n_open = sum(alert.state != "resolved" for alert in bulletin.alerts)
        n_silent = len(bulletin.alerts) - n_fired
        cards.append(
            (f"{n_fired}", Words("触发告警", "alerts fired"),
             Words(f"另有未触发 {n_silent} 个；未关闭 {n_open} 个", f"{n_silent} more never fired; {n_open} still open"))
        )  # fmt: skip
    if bulletin.n_open_reviews is not None:
        cards.append(
            (f"{bulletin.n_open_reviews}", Words("待复核", "open reviews"),
             Words("本期读数，截至发布时", "readings of this period, as of this issue"))
        )  # fmt: skip
    return "".join(
        element(
            "div",
            element("strong", escape(number))
            + element("span", both(words))
            + element("small", both(note)),
            classes="figure",
        )
        for number, words, note in cards
    )


def _section_cards(bulletin: Bulletin) -> list[Card]:
    lines = [line for line in bulletin.sections if line.is_to_grade]
    graded = [line for line in lines if line.grade]
    n_good = sum(line.grade <= 3 for line in graded)
    n_compliant = sum(line.verdict == "compliant" for line in lines)
    n_exceeding = sum(line.verdict == "exceeding" for line in lines)
    n_no_target = sum(line.target_grade == 0 for line in lines)
    n_lacking = len(lines) - len(graded)
    share = f"{100 * n_good / len(graded):.1f}%" if graded else "—"
    return [
        (f"{len(graded)}/{len(lines)}", Words("参评断面", "sections graded"),
         Words(f"数据不足 {n_lacking} 个", f"{n_lacking} with insufficient data")),
        (share, Words("优良（Ⅰ—Ⅲ类）比例", "share of grades I–III"),
         Words(f"{n_good} / {len(graded)} 个断面", f"{n_good} of {len(graded)} sections")),
        (f"{n_compliant}", Words("达标断面", "sections compliant"),
         Words(f"目标未配置 {n_no_target} 个", f"{n_no_target} without a configured target")),
        (f"{n_exceeding}", Words("超标断面", "sections exceeding"), Words("按断面目标", "against their target")),
    ]  # fmt: skip


def _intake_cards(months: Mapping[str, IntakeMonth]) -> list[Card]:
    intakes = [month for month in months.values() if not month.is_reference]
    if not intakes:
        return []
    n_over = sum(month.is_exceeding for month in intakes)
    n_lacking = sum(not month.has_readings for month in intakes)
    note = Words(f"按表3限值；无数据 {n_lacking} 个", f"by Table 3; {n_lacking} without data")
    return [(f"{n_over}/{len(intakes)}", Words("超标取水口", "intakes exceeding"), note)]


def _exceedance_card(bulletin: Bulletin) -> Card:
    """Each value once, whatever number of limits it breaks; the doubtful beside, not among them."""
    found = list_exceeding(bulletin.exceedances)
    n_doubtful = sum(one.is_doubtful for one in found)
    note = Words(
        f"另有存疑、待复核 {n_doubtful} 条", f"{n_doubtful} more doubtful, awaiting review"
    )
    return (f"{len(found) - n_doubtful}", Words("超标记录", "exceedances"), note)
