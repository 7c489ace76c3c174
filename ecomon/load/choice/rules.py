"""How a load is estimated, as data: which method at which density of data, what stops one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ecomon.model.fact import Dated, Fact, Noun, Slug

Method = Literal[
    "A", "B", "C", "D", "E", "beale", "linear", "integration", "regression_7", "smearing_7",
    "composite", "bridge", "wrtds_k",
]  # fmt: skip
"""A to E and the ratio of Beale use the samples alone; ``linear`` draws lines between them;
``integration`` multiplies a dense record step by step; ``regression_7`` is the rating by
concentration, discharge and season, ``smearing_7`` the same brought back from logarithms by Duan's
factor; ``bridge`` the five-parameter rating with its residuals carried between the samples, ``composite``
with its residuals drawn as straight lines; ``wrtds_k`` the locally weighted one with the bridge."""

METHOD_NAMES: dict[Method, str] = {
    "A": "A 平均浓度×采样平均流量 / A mean C x mean sampled Q",
    "B": "B 平均浓度×时段平均流量 / B mean C x mean Q of the period",
    "C": "C 瞬时通量平均 / C mean of fluxes",
    "D": "D 分时段流量加权 / D sub-period discharge",
    "E": "E 流量加权浓度×时段平均流量 / E discharge-weighted C x mean Q of the period",
    "beale": "Beale 比值法（分层） / Beale ratio, stratified",
    "linear": "线性插值 / linear interpolation",
    "integration": "连续监测直接积分 / direct integration",
    "regression_7": "七参数回归 / seven-parameter regression",
    "smearing_7": "七参数回归（Duan 校正） / seven-parameter regression, smearing",
    "composite": "五参数回归＋残差线性插值 / composite: regression and interpolated residuals",
    "bridge": "五参数回归＋AR(1)残差桥 / five-parameter regression and AR(1) bridge",
    "wrtds_k": "WRTDS-K 局部加权回归 / WRTDS-K",
}

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Rung(Fact):
    """One row of the table: what the data must be for a method to be the default.

    Attributes
    ----------
    method_if_related : Method or None
        Taken in place of ``method`` where ln C depends on ln Q with an R2 above ``min_r2``.
    max_step_h : float or None
        Most that may lie between neighbouring samples of the period, by their median.
    min_coverage_volume : float
        Least share of the period's volume that passed between samples no farther apart than
        ``max_step_h``, each counting half of that to either side.
    min_period_samples, min_record_samples, min_uncensored : int
        Of the period, and of the record a model is fitted to (the period and its history).
    min_record_years : float
    adds_jackknife : bool
        The error of E, each sample left out in turn, is added in quadrature: where samples are so
        near to each other that a line or a bridge between them claims too much, for a sample is a
        moment of its day.
    cross_checks : tuple of Method
        Computed beside it and shown.
    """

    id: Slug
    name_zh: str
    name_en: str
    method: Method
    method_if_related: Method | None = None
    min_r2: Share = 0.0
    max_step_h: Annotated[float, Field(gt=0)] | None = None
    min_coverage_volume: Share = 0.0
    min_period_samples: Count = 0
    min_record_samples: Count = 0
    min_record_years: Annotated[float, Field(ge=0)] = 0.0
    min_uncensored: Count = 0
    adds_jackknife: bool = False
    cross_checks: tuple[Method, ...] = ()

    @model_validator(mode="after")
    def _coverage_has_a_step(self) -> Rung:
        if self.min_coverage_volume and self.max_step_h is None:
            raise ValueError("a least coverage needs max_step_h: how far apart samples may lie")
        return self


class Guards(Fact):
    """What a method must not do; where one trips, the next row of the table is taken.

    Attributes
    ----------
    max_bias_percent : float
        |Bp| = |100 (sum of estimated / sum of observed fluxes of the samples - 1)|.
    max_extrapolated_share : float
        Share of the load that flows at discharges beyond those sampled.
    extrapolation : {"warn", "fall_back"}
        What follows above that share: the model is kept, its interval widened and the reason says
        so, or the next row of the table is taken.
    extrapolation_error : float
        Standard error of the load at discharges never sampled, as a share of that load; it widens
        the interval where the model is kept.
    max_residual_variance_ratio : float
        Variance of the log residuals in the upper half of discharge over the lower, or inverse.
    max_censored_share : float
        Of the samples; above it there is no load, only a bracket.
    min_samples : int
        Below it there is no load, only a bracket.
    """

    max_bias_percent: Annotated[float, Field(gt=0)]
    max_extrapolated_share: Share
    extrapolation: Literal["warn", "fall_back"]
    extrapolation_error: Share
    max_residual_variance_ratio: Annotated[float, Field(gt=1)]
    max_censored_share: Share
    min_samples: Annotated[int, Field(ge=2)]


class ModelSettings(Fact):
    """Figures that the model-based methods and the error budget take.

    Attributes
    ----------
    ar1_per_day : float
        Correlation of log residuals a day apart.
    max_linear_gap_h : float
        Readings up to this far apart are joined by a straight line; a day farther than this from
        any sample is marked as modelled, not interpolated.
    max_bridged_gap_h : float
        A longer gap in a dense record of concentration is filled by the regression, up to this
        length with the residuals of its ends carried in, beyond it without.
    max_discharge_line_gap_h, max_discharge_neighbour_gap_h, max_discharge_gap_h : float
        A gap of discharge is filled by a line in logarithms up to the first, by the ratio to the
        gauge that ``EstimationRules.neighbours`` names up to the second, by level and season
        up to the third; a longer one is left and scaled by share.
    concentration_error : float
        Standard error common to all readings of one sensor (calibration), as a share.
    discharge_error : float
        The same of a gauge's rating, common to all that is measured by that gauge; where the link
        of a section states its own, that counts.
    min_discharge_share : float
        Least share of the period's time with a discharge, measured or filled.
    valid_step_h : float
        Longest time between two samples over which a concentration counts as measured: what the
        columns of coverage go by.
    censored_share_of_limit : float
        What stands for a value below detection in methods that need a number (averages, ratios,
        lines), as a share of its limit. Regressions take the likelihood and substitute nothing.
    max_discharge_ratio : float
        A discharge above this many times the largest sampled one is said.
    bootstrap_replicates, bootstrap_block_d, bootstrap_seed : int
        By how many samples of the samples, drawn in blocks of how many days, the error of the
        chosen WRTDS-K is told; the seed is mixed with section and determinand.
    """

    ar1_per_day: Annotated[float, Field(gt=0, lt=1)]
    max_linear_gap_h: Annotated[float, Field(gt=0)]
    max_bridged_gap_h: Annotated[float, Field(ge=0)]
    max_discharge_line_gap_h: Annotated[float, Field(gt=0)]
    max_discharge_neighbour_gap_h: Annotated[float, Field(ge=0)]
    max_discharge_gap_h: Annotated[float, Field(gt=0)]
    concentration_error: Share
    discharge_error: Share
    min_discharge_share: Share
    valid_step_h: Annotated[float, Field(gt=0)]
    censored_share_of_limit: Share
    max_discharge_ratio: Annotated[float, Field(ge=1)]
    bootstrap_replicates: Annotated[int, Field(ge=2)]
    bootstrap_block_d: Annotated[int, Field(ge=1)]
    bootstrap_seed: Count


class DecayRate(Fact):
    """First-order loss of a determinand in the water, with where its figure stands.

    ``sensitivity_per_day`` are the rates at which the balance is run beside.
    """

    k_20_per_day: Annotated[float, Field(ge=0)]
    theta: Annotated[float, Field(gt=1, lt=1.2)]
    sensitivity_per_day: tuple[Annotated[float, Field(ge=0)], ...] = Field(min_length=2)

    @field_validator("source")
    @classmethod
    def _is_cited(cls, source: str) -> str:
        if not source.strip():
            raise ValueError("a rate of decay needs a citation: where does this K stand?")
        return source


class ReductionTarget(Dated):
    """The load a section is not to exceed in a year (总量控制目标), or the cut from a base year.

    Either ``limit_t``, or ``base_load_t`` and ``reduction_share``.
    """

    section: Slug
    determinand: str
    limit_t: Annotated[float, Field(gt=0)] | None = None
    base_load_t: Annotated[float, Field(gt=0)] | None = None
    reduction_share: Share | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> ReductionTarget:
        is_cut = self.base_load_t is not None and self.reduction_share is not None
        if (self.limit_t is not None) == is_cut:
            raise ValueError("give limit_t, or base_load_t with reduction_share")
        return self

    @property
    def target_t(self) -> float:
        """What is allowed in a year, t."""
        if self.limit_t is not None:
            return self.limit_t
        assert self.base_load_t is not None and self.reduction_share is not None
        return self.base_load_t * (1 - self.reduction_share)


class Settlement(Noun):
    """The method that agreements prescribe, where a section has none of its own."""

    method: Method
    censored: Literal["zero", "half_limit"]
    source: str


class EstimationRules(Fact):
    """All that an estimate of a load goes by; one version of it.

    Attributes
    ----------
    spread : tuple of Method
        Whose least and greatest make the line of the spread.
    rungs : tuple of Rung
        In the order in which they are tried.
    settlement : Settlement
        What the row of role ``settlement`` is computed by, beside the best estimate.
    decay : dict of DecayRate
        By determinand; one that is not named is taken as conserved, and the balance says so.
    targets : dict of ReductionTarget
        By a label that an overlay can name.
    neighbours : dict of gauge to gauge
        Whose record stands in, by its ratio, where a gauge has a gap.
    """

    id: Slug
    version: str
    effective_from: date
    rungs: tuple[Rung, ...] = Field(min_length=1)
    spread: tuple[Method, ...] = ("A", "B", "C", "D", "E")
    guards: Guards
    model: ModelSettings
    settlement: Settlement
    decay: dict[str, DecayRate] = Field(default_factory=dict)
    targets: dict[str, ReductionTarget] = Field(default_factory=dict)
    neighbours: dict[Slug, Slug] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rungs_are_apart(self) -> EstimationRules:
        names = [rung.id for rung in self.rungs]
        if len(set(names)) != len(names):
            raise ValueError("a rung stands twice")
        if any(gauge == other for gauge, other in self.neighbours.items()):
            raise ValueError("a gauge is no neighbour of its own")
        return self

    @property
    def key(self) -> str:
        """Name and version, as runs cite them."""
        return f"{self.id}@{self.version}"
