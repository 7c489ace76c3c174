"""Family F2 of the formula catalogue: load above (or below) the agreed one x price."""

from __future__ import annotations

from fractions import Fraction

from ecomon.model.agreement import Agreement, Factor, Mode
from ecomon.model.quantity import round_gbt8170
from ecomon.settle.line import Line, Unrounded, insufficient_line, unrounded_text
from ecomon.settle.month_load import MonthLoad

_G_PER_T = 10**6


def charge_excess_load(
    agreement: Agreement, factor: Factor, load: MonthLoad, *, mode: Mode
) -> Line:
    """The line of one factor in one month: -(C - T) x V / 1e6 x price.

    Three roundings, each by GB/T 8170, each on an exact value, and none on top of another of the
    same quantity: C at the factor's ``decimals_concentration`` (the assessed value is what meets
    the target) and V at whole m³; the excess load at ``decimals_load_t``; the amount, once, at
    ``decimals_money``. What stood before each rounding is kept in ``unrounded``.

    Parameters
    ----------
    agreement : Agreement
    factor : Factor
        One of the agreement's.
    load : MonthLoad
        Concentration mg/L and volume m³; without them the line is insufficient and has no amount.
    mode : {"one_sided", "two_sided"}
        ``one_sided`` charges max(0, excess): the upstream party pays or nobody does.
        ``two_sided`` charges the signed excess: below target the downstream party pays.

    Returns
    -------
    Line
        Amount in CNY, positive where the downstream party pays.

    Source
    ------
    镇江市太湖流域环境资源区域补偿方案: (C - T) x monthly volume x price per factor; 江苏 2014 (双向补偿,
    人民日报 2014-02-17): downstream pays for the part better than target.
    """
    if load.concentration_mg_l is None or load.volume_m3 is None:
        return insufficient_line(agreement, factor, load)
    concentration = round_gbt8170(load.concentration_mg_l, factor.decimals_concentration)
    difference = concentration - factor.target_mg_l
    volume = round_gbt8170(load.volume_m3, 0)
    excess = Fraction(difference) * Fraction(volume) / _G_PER_T
    excess_load = round_gbt8170(excess, agreement.decimals_load_t)
    nothing = round_gbt8170(0, agreement.decimals_load_t)
    charged = max(nothing, excess_load) if mode == "one_sided" else excess_load
    amount = -Fraction(charged) * Fraction(factor.price_cny_per_t)
    return Line(
        agreement=agreement.key,
        section=agreement.section,
        determinand=factor.determinand,
        month=load.month,
        status="measured",
        reason=load.reason,
        target_mg_l=factor.target_mg_l,
        price_cny_per_t=factor.price_cny_per_t,
        evidence=load.evidence,
        concentration_mg_l=concentration,
        difference_mg_l=difference,
        volume_m3=volume,
        excess_load_t=excess_load,
        charged_load_t=charged,
        amount_cny=round_gbt8170(amount, agreement.decimals_money),
        unrounded=Unrounded(
            concentration_mg_l=unrounded_text(load.concentration_mg_l),
            volume_m3=unrounded_text(load.volume_m3),
            excess_load_t=unrounded_text(excess),
            amount_cny=unrounded_text(amount),
        ),
    )
