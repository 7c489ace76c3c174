"""The schematic river line (河道示意图) as inline SVG.

The main stem stands on a true distance axis (km above its mouth) and each section's card hangs
from its place; tributaries enter at the true chainage of their confluence, their sections in
order only, for the kilometres along them are seldom published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecomon.errors import ContractError
from ecomon.publish.bulletin import RiverLine, SectionLine
from ecomon.publish.intake import IntakeMonth
from ecomon.publish.rivercard import CARD, Card, svg_bilingual, svg_text
from ecomon.publish.wording import Words

LEFT = 64.0
RIGHT = 56.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Kilometres above the mouth -> x; the water runs from left to right."""

    high_km: float
    low_km: float
    width: float

    def x(self, km: float) -> float:
        share = (self.high_km - km) / (self.high_km - self.low_km)
        return LEFT + share * (self.width - LEFT - RIGHT)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least ``gap`` apart within [low, high], as near as can be to ``wanted``.

    Least squares by pooling neighbours that would overlap. ``wanted`` is in ascending order and
    (n - 1) x gap must fit between the bounds.
    """
    room = high - low - gap * (len(wanted) - 1)
    if room < -1e-6:
        raise ContractError("river line: the cards do not fit")
    pools: list[tuple[float, int]] = []
    for index, place in enumerate(wanted):
        pools.append((place - index * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (late, n_late), (early, n_early) = pools.pop(), pools.pop()
            total = n_early + n_late
            pools.append(((early * n_early + late * n_late) / total, total))
    starts = [min(max(mean, low), low + room) for mean, count in pools for _ in range(count)]
    return [start + index * gap for index, start in enumerate(starts)]


def river_line(
    rivers: Sequence[RiverLine],
    sections: Sequence[SectionLine],
    *,
    intakes: Mapping[str, IntakeMonth] | None = None,
) -> str:
    """SVG of the main stem, its tributaries and their sections.

    Parameters
    ----------
    rivers : sequence of RiverLine
        The first one that joins no other is the main stem.
    sections : sequence of SectionLine
        In order of the water; those of the main stem without a kilometre are placed by order.
    intakes : mapping of section id to IntakeMonth
        What is known of those that are judged by Table 3.

    Returns
    -------
    str
        One ``<svg>`` element that needs no style sheet to be read.
    """
    main = next((river for river in rivers if river.joins is None), None)
    if main is None:
        raise ContractError("river line: no main stem among the rivers")
    cards = {line.id: Card(line, (intakes or {}).get(line.id)) for line in sections}
    on_main = [line for line in sections if line.river == main.id]
    width = max(1180.0, LEFT + RIGHT + CARD * len(on_main))
    branches = [
        (river, [line for line in sections if line.river == river.id])
        for river in rivers
        if river.joins == main.id and river.joins_at_km is not None
    ]
    branches = [(river, lines) for river, lines in branches if lines]
    scale = _scale(on_main, [river for river, _ in branches], width)
    rows = _rows(branches, scale)
    deepest = max((cards[line.id].depth for _, lines in branches for line in lines), default=0.0)
    row_height = max(128.0, deepest + 62.0)
    stem_y = 44.0 + row_height * (1 + max(rows.values(), default=-1)) + (30.0 if rows else 0.0)
    axis_y = stem_y + 74.0 + max((cards[line.id].depth for line in on_main), default=65.0) + 27.0
    parts = [_axis(scale, axis_y), _stem(main, scale, stem_y)]
    for river, lines in branches:
        own = [cards[line.id] for line in lines]
        parts.append(_branch(river, own, scale, 76.0 + row_height * rows[river.id], stem_y))
    parts.append(_main_cards([cards[line.id] for line in on_main], scale, stem_y))
    height = axis_y + 46.0
    return (
        f'<svg class="riverline" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="河道示意图 schematic river line" style="min-width:{width * 0.8:.0f}px">'
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#e4e8eb"/>'
        '<path d="M0 0V6" stroke="#8d99a3" stroke-width="2.4"/></pattern></defs>'
        + "".join(parts)
        + "</svg>"
    )


def _scale(lines: Sequence[SectionLine], branches: Sequence[RiverLine], width: float) -> Scale:
    known = [line.km_above_mouth for line in lines if line.km_above_mouth is not None]
    known += [river.joins_at_km for river in branches if river.joins_at_km is not None]
    if not known:
        return Scale(1.0, 0.0, width)
    low = max(0.0, math.floor((min(known) - 20) / 50) * 50)
    return Scale(math.ceil((max(known) + 20) / 50) * 50, 0.0 if low <= 100 else low, width)


def _rows(branches: Sequence[tuple[RiverLine, list[SectionLine]]], scale: Scale) -> dict[str, int]:
    """Row of each tributary, 0 on top: spans that would overlap go to different rows."""
    taken: list[list[tuple[float, float]]] = []
    rows: dict[str, int] = {}
    for river, lines in sorted(branches, key=lambda branch: -len(branch[1])):
        mouth = scale.x(river.joins_at_km or 0.0)
        start, end = _branch_span(mouth, len(lines))
        free = (
            row
            for row, spans in enumerate(taken)
            if all(end < other or start > stop for other, stop in spans)
        )
        row = next(free, len(taken))
        if row == len(taken):
            taken.append([])
        taken[row].append((start, end))
        rows[river.id] = row
    return rows


def _branch_span(mouth: float, n_sections: int) -> tuple[float, float]:
    """From the left end of a tributary's line to its confluence; it may run left of the margin's
    first kilometre but not off the picture."""
    wanted = mouth - 46.0 - CARD * n_sections - 40.0
    return max(wanted, 18.0), mouth + 8.0


def _axis(scale: Scale, y: float) -> str:
    marks: list[str] = []
    if scale.high_km > 1.0:
        marks.append(
            f'<path d="M{scale.x(scale.high_km):.1f} {y:.1f}H{scale.x(scale.low_km):.1f}" '
            'stroke="#6b7985" stroke-width="1"/>'
        )
        for km in range(int(scale.low_km), int(scale.high_km) + 1, 50):
            x = scale.x(km)
            is_major = km % 100 == 0
            marks.append(f'<path d="M{x:.1f} {y:.1f}v{7 if is_major else 4}" stroke="#6b7985"/>')
            if is_major:
                marks.append(svg_text(x, y + 20, f"{km}", size=11, fill="#52606b"))
        label = Words("距河口里程 (km)", "km above the mouth")
        marks.append(svg_bilingual(scale.width - RIGHT, y + 38, label, size=12, anchor="end"))
    return "".join(marks)


def _stem(main: RiverLine, scale: Scale, stem_y: float) -> str:
    end = scale.width - 22.0
    return (
        f'<path d="M18 {stem_y:.1f}H{end:.1f}" stroke="#8fb3cf" stroke-width="9" '
        'stroke-linecap="round" fill="none"/>'
        f'<path d="M{end - 4:.1f} {stem_y - 11:.1f}l18 11l-18 11z" fill="#8fb3cf"/>'
        + svg_bilingual(18, stem_y - 14, Words(main.name_zh, main.name_en), size=16, anchor="start")
    )


def _branch(river: RiverLine, cards: list[Card], scale: Scale, y: float, stem_y: float) -> str:
    mouth = scale.x(river.joins_at_km or 0.0)
    start, _ = _branch_span(mouth, len(cards))
    bend = mouth - 30.0
    first = start + 30.0 + CARD / 2
    step = (bend - 24.0 - first) / (len(cards) - 1) if len(cards) > 1 else 0.0
    parts = [
        f'<path d="M{start:.1f} {y:.1f}H{bend:.1f}C{mouth:.1f} {y:.1f} {mouth:.1f} {y:.1f} '
        f'{mouth:.1f} {y + 34:.1f}V{stem_y:.1f}" stroke="#8fb3cf" stroke-width="7" '
        'stroke-linecap="round" fill="none"/>',
        svg_bilingual(start, y - 30, _branch_name(river), size=14, anchor="start"),
    ]
    parts += [card.svg(first + step * index, y) for index, card in enumerate(cards)]
    return "".join(parts)


def _branch_name(river: RiverLine) -> Words:
    km = f"{river.joins_at_km:g} km"
    return Words(f"{river.name_zh}（{km} 处汇入）", f"{river.name_en} (joins at {km})")


def _main_cards(cards: list[Card], scale: Scale, stem_y: float) -> str:
    if not cards:
        return ""
    kms = [card.line.km_above_mouth for card in cards]
    true_x = [scale.x(km) for km in _fill_by_order(kms, scale)]
    slots = spread(true_x, CARD, LEFT, scale.width - RIGHT)
    y = stem_y + 74.0
    parts: list[str] = []
    for card, km, at, slot in zip(cards, kms, true_x, slots, strict=True):
        dash = "" if km is not None else ' stroke-dasharray="3 3"'
        parts.append(
            f'<path d="M{at:.1f} {stem_y:.1f}V{stem_y + 14:.1f}L{slot:.1f} {y - 26:.1f}V{y - 16:.1f}" '
            f'stroke="#6b7985" fill="none"{dash}/>'
            f'<circle cx="{at:.1f}" cy="{stem_y:.1f}" r="4" fill="#ffffff" stroke="#33424f" '
            'stroke-width="1.6"/>'
        )
        parts.append(card.svg(slot, y))
    return "".join(parts)


def _fill_by_order(kms: Sequence[float | None], scale: Scale) -> list[float]:
    """Kilometres with the unknown ones put midway between their neighbours in the order of water."""
    filled: list[float] = []
    for index, km in enumerate(kms):
        above = filled[-1] if filled else scale.high_km
        if km is None:
            below = next((later for later in kms[index:] if later is not None), scale.low_km)
            km = (above + below) / 2
        filled.append(min(km, above))
    return filled
