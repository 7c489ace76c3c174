"""``ecomon reviews``, ``ecomon review``: what waits for a person's judgement, and the judging of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.people import Reason, acting, opened
from ecomon.cli.terms import AsJson, Home, say, say_json

if TYPE_CHECKING:
    from ecomon.registry import Registry

app = typer.Typer(help="审核 what waits for a person's judgement", no_args_is_help=True)

STATES = {"open": "待审核", "decided": "已审核", "withdrawn": "已撤回", "all": "全部"}
TESTS_ZH = {
    "source_flag": "站点标记", "range": "超量程", "spike": "突变", "flat_line": "恒值",
    "rate": "变化过快", "part_over_total": "分量大于总量", "rating": "偏离水位流量关系",
    "missing": "缺测",
}  # fmt: skip
"""Names of the tests of ``ecomon.quality``, as a case shows what doubts its readings."""
REASONS_ZH = {
    "suspect_run": "存疑", "lone": "单次超标", "suspect": "超标存疑", "unconfirmed": "疑似待确认",
    "revised_after_decision": "审核后有更新", "revised_after_approval": "批准后有更新",
    "added_after_approval": "批准后新增", "withdrawn_after_approval": "批准后撤回",
    "restored_after_withdrawal": "撤回后恢复",
}  # fmt: skip
_VERDICTS_ZH = {"accept": "采用", "reject": "剔除", "correct": "更正"}

Cases = Annotated[list[str], typer.Argument(help="事项编号 numbers of cases: D12 R7")]
Evidence = Annotated[str | None, typer.Option(help="依据 what shows it")]


@app.command("list")
def reviews(
    state: Annotated[
        str, typer.Option(help="open 待办 | decided 已办 | withdrawn 已撤回 | all 全部")
    ] = "open",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """待审核事项：存疑时段 D、单个监测值 R  cases that wait for a person: runs of doubt D, single values R."""
    from ecomon.errors import ContractError

    if state not in STATES:
        raise ContractError(f"--state {state!r} is none of {', '.join(STATES)}")
    with opened(home) as store:
        cases = store.read_cases(None if state == "all" else state)  # pyright: ignore[reportArgumentType]
    if as_json:
        for case in cases:
            say_json(case)
        return
    if cases:
        from ecomon.cli.registry import site_registry

        registry = site_registry(home)
        for case in cases:
            say(_line(case, registry))
    say(f"{STATES[state]} {state} reviews: {len(cases)}")


def _line(case: Mapping[str, Any], registry: Registry) -> str:
    """One case: number, place, determinand, span, how many readings, what doubts them, why it is here."""
    site = registry.sites.get(case["site"])
    place = case["site"] if site is None else f"{site.name_zh} {case['site']}"
    known = registry.determinands.get(case["determinand"])
    what = "全站 all instruments" if case["determinand"] is None else case["determinand"]
    what = what if known is None else f"{known.name_zh} {known.key}"
    first, last = (case[name][:16].replace("T", " ") for name in ("first", "last"))
    span = first if first == last else f"{first} – {last}"
    doubts = [one.partition(":") for one in case["tests"]]
    tests = ", ".join(f"{TESTS_ZH.get(name, name)} {name}:{flag}" for name, _, flag in doubts)
    reason = f"{REASONS_ZH.get(case['reason'], '')} {case['reason']}".strip()
    number = case["case"] if "revision" not in case else f"{case['case']} 版本 {case['revision']}"
    return "\t".join((number, place, what, span, f"{case['n']} 个 readings", tests or "-", reason))


@app.command("accept")
def accept(
    cases: Cases, reason: Reason, evidence: Evidence = None, home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """采用事项中全部监测值 accept all readings of cases: they are good from now on."""
    _decide_cases(cases, "accept", reason, evidence, home, as_json=as_json)


@app.command("reject")
def reject(
    cases: Cases, reason: Reason, evidence: Evidence = None, home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """剔除事项中全部监测值 reject all readings of cases: they enter nothing."""
    _decide_cases(cases, "reject", reason, evidence, home, as_json=as_json)


def _decide_cases(
    cases: list[str], verdict: str, reason: str, evidence: str | None, home: Path | None,
    *, as_json: bool,
) -> None:  # fmt: skip
    """One transaction a case: what was decided before one that is refused stays decided."""
    from dataclasses import asdict

    with acting(home) as (store, who):
        for case in dict.fromkeys(cases):
            done = store.decide_case(
                case,
                verdict,  # pyright: ignore[reportArgumentType]
                actor=who,
                reason=reason,
                evidence=evidence,
            )
            if as_json:
                say_json({**asdict(done), "verdict": verdict, "by": who.name})
                continue
            say(
                f"已记录 recorded: {done.case} {done.site} {done.determinand or '全站 all instruments'}"
                f" {_VERDICTS_ZH[verdict]} {verdict}，监测值 readings {done.n_readings}，{who.name}"
            )


@app.command("decide")
def decide(
    revision: Annotated[int, typer.Argument(help="监测值版本号 revision of an observation")],
    verdict: Annotated[
        str, typer.Argument(help="accept 采用 | reject 剔除 | correct 更正（须 with --value）")
    ],
    reason: Reason,
    value: Annotated[float | None, typer.Option(help="更正值 the corrected value")] = None,
    evidence: Evidence = None,
    home: Home = None,
) -> None:
    """审核一个监测值 decide on one value; the decision names the revision it judged."""
    with acting(home) as (store, who):
        decision = store.record_decision(
            revision,
            verdict,  # pyright: ignore[reportArgumentType]
            actor=who,
            reason=reason,
            value=value,
            evidence=evidence,
        )
    corrected = "" if value is None else f" = {value}"
    say(
        f"已记录 recorded: 决定 decision {decision}，版本 revision {revision}"
        f" {_VERDICTS_ZH[verdict]} {verdict}{corrected}，{who.name}"
    )
