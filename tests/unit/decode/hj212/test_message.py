"""What frames say: intervals, units, flags, limits, checks; and each oddity by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.hj212.answer import ExeRtn, QnRtn, acknowledge, answer_request
from ecomon.decode.hj212.compose import Sender, compose
from ecomon.decode.hj212.feed import decode, tabulate_checks, tabulate_readings
from ecomon.decode.hj212.frame import Frame, FrameReader, encode
from ecomon.decode.hj212.message import Message, MessageKind, read_message
from ecomon.decode.hj212.packages import PackageJoiner
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.segment import MAX_CP, parse_segment
from ecomon.decode.hj212.station import StationPlan, hash_password, is_password_right
from ecomon.errors import RegistryError
from ecomon.model.flag import Flag
from ecomon.model.observation import Batch, Rejected

Plan = Callable[..., StationPlan]
AT = datetime(2026, 8, 1, 8)
SENDER = Sender("A110000_0001", "123456", "21", "hj1404")


def say(cp: str, plan: StationPlan, cn: str = "2061", **options: datetime) -> Message:
    head = f"QN=20260801090001000;ST=21;CN={cn};PW=123456;MN=A110000_0001;Flag=9"
    return read_message(Frame(f"{head};CP=&&{cp}&&".encode()), plan, **options)


def hour(fields: str, plan: StationPlan) -> Message:
    return say(f"DataTime=20260801080000;{fields}", plan)


@pytest.mark.parametrize(
    ("cn", "facts", "start", "duration_s"),
    [
        ("2061", {}, AT, 3600),
        ("2061", {"intervals_s": {"2061": 14400}}, AT, 14400),
        ("2061", {"label": "end"}, AT - timedelta(hours=1), 3600),
        ("2031", {}, AT, 86400),
        ("2051", {"intervals_s": {"2051": 600}}, AT, 600),
        ("2063", {"intervals_s": {"2063": 14400}, "label": "end"}, AT - timedelta(hours=4), 14400),
    ],
)
def test_intervals_are_explicit(
    plan: Plan, cn: str, facts: dict[str, object], start: datetime, duration_s: int
) -> None:
    message = say("DataTime=20260801080000;w01001-Avg=7.1,w01001-Flag=N", plan(**facts), cn)
    (reading,) = message.readings
    assert (reading.start, reading.duration_s, reading.statistic) == (start, duration_s, "mean")
    assert (reading.value, reading.flag, reading.source_flag) == (7.1, Flag.GOOD, "N")


def test_an_interval_nobody_configured_is_a_problem(plan: Plan) -> None:
    message = say("DataTime=20260801080000;w01001-Avg=7.1", plan(), "2051")
    assert message.readings == ()
    assert "2051" in message.problems[0].reason


def test_statistics_of_one_interval(plan: Plan) -> None:
    message = hour(
        "w00000-Cou=63.0,w00000-Min=16.4,w00000-Avg=17.5,w00000-Max=20.1,w00000-Flag=N", plan()
    )
    assert [(r.determinand, r.statistic, r.value, r.unit) for r in message.readings] == [
        ("V", "total", 63.0, "m3"), ("Q", "min", 0.0164, "m3/s"), ("Q", "mean", 0.0175, "m3/s"),
        ("Q", "max", 0.0201, "m3/s"),
    ]  # fmt: skip


def test_an_instant_is_the_sample_where_it_is_named(plan: Plan) -> None:
    message = say(
        "DataTime=20260801085857;w01001-Rtd=7.1;w01018-SampleTime=20260801070000,w01018-Rtd=2.2",
        plan(),
        "2011",
    )
    assert [(r.start, r.duration_s) for r in message.readings] == [
        (datetime(2026, 8, 1, 8, 58, 57), 0), (datetime(2026, 8, 1, 7), 0),
    ]  # fmt: skip


def test_the_unit_is_the_stations(plan: Plan) -> None:
    # One device sends a34004=75600.000 (ng/m3), thallium comes in ng/L (HJ 212-2017 annex B).
    message = hour("a34004-Avg=75600.000;w20089-Avg=1.2", plan())
    assert [(r.value, r.unit) for r in message.readings] == [(75.6, "ug/m3"), (1.2e-6, "mg/L")]


@pytest.mark.parametrize(
    ("text", "value", "censor", "flag"),
    [
        ("0.025L", 0.025, "left", Flag.GOOD), ("<0.01", 0.01, "left", Flag.GOOD), (">20", 20.0, "right", Flag.GOOD),
        ("1e1", 10.0, "none", Flag.GOOD), ("+352", 352.0, "none", Flag.GOOD), ("-1.5", -1.5, "none", Flag.GOOD),
        ("", None, "none", Flag.MISSING), ("--", None, "none", Flag.MISSING), ("NaN", None, "none", Flag.MISSING),
        ("未检出", None, "left", Flag.MISSING), ("７.１", 7.1, "none", Flag.GOOD), ("1e999", "problem", "", 0),
        ("7.1x", "problem", "", 0), ("1_0", "problem", "", 0), ("inf", None, "none", Flag.MISSING),
    ],
)  # fmt: skip
def test_values_as_sent(plan: Plan, text: str, value: object, censor: str, flag: int) -> None:
    message = hour(f"w21003-Avg={text},w21003-Flag=N", plan())
    if value == "problem":
        assert message.readings == ()
        assert len(message.problems) == 1
        return
    (reading,) = message.readings
    assert (reading.censor, reading.flag, reading.raw) == (censor, flag, text)
    if value is None:
        assert reading.value != reading.value
        assert reading.reason
    else:
        assert reading.value == value


def test_a_zero_below_detection_is_a_limit(plan: Plan) -> None:
    (reading,) = hour("w21011-Avg=0,w21011-Flag=N", plan()).readings
    assert (reading.value, reading.censor) == (0.01, "left")


@pytest.mark.parametrize(
    ("edition", "system", "letter", "flag", "censor"),
    [
        ("2017", "21", "N", Flag.GOOD, "none"), ("2017", "21", "D", Flag.FAIL, "none"),
        ("2017", "21", "M", Flag.SUSPECT, "none"), ("2017", "21", "T", Flag.FAIL, "right"),
        ("2017", "21", "3", Flag.NOT_EVALUATED, "none"), ("2005", "22", "3", Flag.GOOD, "none"),
        ("2005", "22", "2", Flag.FAIL, "none"), ("2005", "32", "3", Flag.NOT_EVALUATED, "none"),
        ("2005", "32", "P", Flag.FAIL, "none"), ("2017", "21", "n", Flag.GOOD, "none"),
        ("hj1404", "21", "L", Flag.NOT_EVALUATED, "left"), ("2025", "21", "q", Flag.NOT_EVALUATED, "none"),
        ("2017", "21", "", Flag.NOT_EVALUATED, "none"),
    ],
)  # fmt: skip
def test_flags_by_edition_keep_their_letter(
    plan: Plan, edition: str, system: str, letter: str, flag: Flag, censor: str
) -> None:
    message = hour(f"w01001-Avg=7.1,w01001-Flag={letter}", plan(edition=edition, system=system))
    (reading,) = message.readings
    assert (reading.flag, reading.censor, reading.source_flag) == (flag, censor, letter or None)


@pytest.mark.parametrize(
    ("cp", "quirk", "n"),
    [
        ("DataTime=20260801080000000;w01001-Avg=7.1", Quirk.DATATIME_17, 1),
        ("DataTime=20260731240000;w01001-Avg=7.1", Quirk.TIME_24, 1),
        ("DataTime=20260801080001;w01001-Avg=7.1", Quirk.SECONDS_NOT_ZERO, 1),
        ("DataTime=202608010800;w01001-Avg=7.1", Quirk.DATATIME_SHORT, 1),
        ("datatime=20260801080000;w01001-Avg=7.1", Quirk.TIME_CASE, 1),
        ("DataTime=20260901080000;w01001-Avg=7.1", Quirk.CLOCK_DRIFT, 1),
        ("DataTime=20260801080000;W01001-Avg=7.1,W01001-FLAG=N", Quirk.CODE_CASE, 1),
        ("DataTime=20260801080000;w01001-avg=7.1", Quirk.SUFFIX_CASE, 1),
        ("DataTime=20260801080000; w01001-Avg=7.1", Quirk.SPACE_IN_CP, 1),
        ("DataTime=20260801080000;w01001-Avg=7.1;", Quirk.TRAILING_SEMICOLON, 1),
        ("DataTime=20260801080000;060-Avg=7.1", Quirk.CODE_ALIAS, 1),
        ("DataTime=20260801080000;01018-Avg=2.2", Quirk.CODE_WITHOUT_LETTER, 1),
        (
            "DataTime=20260801080000;w01001-Avg=1,w01001-Flag=Nw01010-Avg=2;w21003-Avg=3",
            Quirk.SEPARATOR_MISSING,
            1,
        ),
        ("DataTime=20260801080000;w01001;w21003-Avg=3", Quirk.ITEM_WITHOUT_VALUE, 1),
        ("DataTime=20260801080000;w01001-Avg=7.1;w01001-Avg=7.2", Quirk.DUPLICATE_KEY, 2),
    ],
)
def test_each_oddity_has_its_name(plan: Plan, cp: str, quirk: Quirk, n: int) -> None:
    message = say(cp, plan())
    assert quirk in message.quirks
    assert len(message.readings) == n


def test_the_same_factor_twice_is_kept_twice_and_suspect(plan: Plan) -> None:
    first, second = hour("w01001-Avg=7.1,w01001-Flag=N;w01001-Avg=7.2", plan()).readings
    assert [first.value, second.value] == [7.1, 7.2]
    assert [first.replicate, second.replicate] == [0, 1]
    assert first.flag == second.flag == Flag.SUSPECT


@pytest.mark.parametrize("text", ["20250229080000", "20000101000000", "20991231230000", "", "x"])
def test_a_lost_clock_stores_nothing(plan: Plan, text: str) -> None:
    message = say(f"DataTime={text};w01001-Avg=7.1", plan())
    assert message.refused
    assert message.readings == ()


def test_time_is_judged_by_its_reception(plan: Plan) -> None:
    cp = "DataTime=20260801080000;w01001-Avg=7.1"
    assert not say(cp, plan(), received_at=AT).refused
    assert say(cp, plan(), received_at=AT - timedelta(hours=2)).refused
    assert say(cp, plan(max_age_s=86400), received_at=AT + timedelta(days=2)).refused


def test_checks_are_never_observations(plan: Plan) -> None:
    cp = "DataTime=20260801080000;w21003-Check=0.51,w21003-StandardValue=0.50,w21003-Flag=N"
    message = say(cp, plan(), "2062")
    assert (message.kind, message.readings) == (MessageKind.CHECKS, ())
    (check,) = message.checks
    assert (check.determinand, check.measured, check.standard) == ("NH3N", 0.51, 0.5)
    table = tabulate_checks([(plan(), check)])
    # (0.51 - 0.50) / 0.50, by hand.
    assert table["relative_error"][0] == pytest.approx(0.02)
    astray = hour("w21003-Check=0.51", plan())
    assert astray.readings == ()
    assert "QC" in astray.problems[0].reason


KINDS = [
    ("2011", [("w01001", {"Rtd": "7.1", "Flag": "N"})], AT, MessageKind.READINGS, "9014"),
    ("2051", [("w01001", {"Avg": "7.1", "Flag": "N"})], AT, MessageKind.READINGS, "9014"),
    ("2061", [("w01001", {"Avg": "7.1", "Flag": "N"})], AT, MessageKind.READINGS, "9014"),
    ("2063", [("w01001", {"Avg": "7.1", "Flag": "N"})], AT, MessageKind.READINGS, "9014"),
    ("2031", [("w01001", {"Avg": "7.1", "Flag": "N"})], AT, MessageKind.READINGS, "9014"),
    ("2062", [("w01001", {"Check": "7.1", "StandardValue": "7"})], AT, MessageKind.CHECKS, "9014"),
    ("2021", [("SB1", {"RS": "1"})], AT, MessageKind.STATE, "9014"),
    ("3020", [("i11001", {"Info": "//仪表清洗完成//"})], AT, MessageKind.TEXT, "9014"),
    ("9015", [], None, MessageKind.HEARTBEAT, "9013"),
    ("1013", [("PolId", {"": "w01018"})], None, MessageKind.NOTICE, "9013"),
    ("2012", [], None, MessageKind.NOTICE, "9013"),
    ("2022", [], None, MessageKind.NOTICE, "9013"),
    ("2061", [("BeginTime", {"": "20260801080000"})], None, MessageKind.REQUEST, None),
    ("1000", [("OverTime", {"": "5"}), ("ReCount", {"": "3"})], None, MessageKind.REQUEST, None),
    ("9014", [], None, MessageKind.ANSWER, None),
    ("9012", [("ExeRtn", {"": "1"})], None, MessageKind.ANSWER, None),
]


@pytest.mark.parametrize(("cn", "groups", "at", "kind", "answer"), KINDS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_kind_goes_out_and_comes_back(
    plan: Plan, cn: str, groups: list[tuple[str, dict[str, str]]], at: datetime | None, kind: MessageKind, answer: str | None, encoding: str,
) -> None:  # fmt: skip
    sender = Sender("A110000_0001", "123456", "21", "hj1404", encoding=encoding)
    (sent,) = compose(sender, cn, AT, groups, data_time=at)
    (frame,) = FrameReader().receive(encode(sent))
    assert isinstance(frame, Frame)
    message = read_message(frame, plan(intervals_s={"2051": 600, "2063": 14400}))
    assert message.kind is kind
    assert len(message.readings) == (kind is MessageKind.READINGS)
    assert "仪表清洗完成" in message.segment.cp or cn != "3020"
    answers = [parse_segment(one.segment).header for one in acknowledge(message.segment)]
    assert [one["CN"] for one in answers] == ([answer] if answer else [])
    assert all(one["QN"] == message.segment.header["QN"] and one["Flag"] == "8" for one in answers)
    silent = compose(sender, cn, AT, groups, data_time=at, wants_answer=False)[0]
    assert acknowledge(parse_segment(silent.segment)) == ()
    assert acknowledge(message.segment, is_read_only=True) == ()
    assert acknowledge(message.segment, is_accepted=False) == ()


def test_a_request_is_answered_and_done() -> None:
    (asked,) = compose(SENDER, "2061", AT, [("BeginTime", {"": "20260801080000"})])
    segment = parse_segment(asked.segment)
    texts = [frame.segment.decode() for frame in answer_request(segment, result=ExeRtn.NO_DATA)]
    assert ["QnRtn=1" in texts[0], "ExeRtn=100" in texts[1]] == [True, True]
    (refused,) = answer_request(segment, request=QnRtn.WRONG_PW)
    assert b"QnRtn=3" in refused.segment


def test_packages_go_out_within_bounds_and_are_joined(plan: Plan) -> None:
    groups = [(f"w{number:05}", {"Avg": "1.25", "Flag": "N"}) for number in range(60)]
    frames = compose(SENDER, "2061", AT, groups, data_time=AT)
    segments = [parse_segment(frame.segment) for frame in frames]
    assert len(frames) > 1
    assert all(len(one.cp) <= MAX_CP for one in segments)
    assert len({one.header["QN"] for one in segments}) == len(frames)
    joiner = PackageJoiner()
    uploads = [upload for one in reversed(segments) for upload in joiner.add(one)]
    (whole,) = uploads
    assert whole.is_complete
    assert whole.segments[0].cp.count("DataTime") == 1
    assert whole.segments[0].cp.count("-Avg") == 60
    assert joiner.n_waiting == 0


def test_packages_without_a_time_are_joined_and_incomplete_ones_given_up() -> None:
    head = "QN={};ST=21;CN=2061;MN=x;Flag=7;PNUM=2;PNO={};CP=&&{}&&"
    first = parse_segment(head.format(1, 1, "DataTime=20260801080000;a-Avg=1").encode())
    second = parse_segment(head.format(2, 2, "b-Avg=2").encode())
    joiner = PackageJoiner(max_uploads=1)
    assert joiner.add(first) == []
    (whole,) = joiner.add(second)
    assert whole.segments[0].cp == "DataTime=20260801080000;a-Avg=1;b-Avg=2"
    assert joiner.add(first) == []
    later = parse_segment(head.format(3, 1, "DataTime=20260801090000;a-Avg=1").encode())
    (lost,) = joiner.add(later)
    assert (lost.is_complete, lost.segments) == (False, (first,))
    assert [one.segments for one in joiner.close()] == [(later,)]


def test_a_password_is_kept_as_its_hash(plan: Plan) -> None:
    station = plan(password_sha256=hash_password("A110000_0001", "123456")).station
    assert is_password_right(station, "123456")
    assert not is_password_right(station, "654321")
    assert not is_password_right(station, None)
    assert is_password_right(plan().station, None)


def test_facts_that_do_not_fit_are_named(plan: Plan) -> None:
    with pytest.raises(RegistryError, match=r"w1: no determinand 'XX'"):
        plan(factors=[{"code": "w1", "determinand": "XX", "unit": "mg/L"}])
    with pytest.raises(RegistryError, match=r"w1-Rtd.*degC"):
        plan(factors=[{"code": "w1", "determinand": "NH3N", "unit": "degC"}])
    with pytest.raises(ValueError, match="two things"):
        plan(factors=[{"code": "w1", "determinand": "NH3N", "unit": "mg/L", "aliases": ["W1"]}])


def test_a_recording_becomes_batches(plan: Plan) -> None:
    (good,) = compose(
        SENDER,
        "2061",
        AT,
        [("w01001", {"Avg": "7.1", "Flag": "N"}), ("w99999", {"Avg": "1"})],
        data_time=AT,
    )
    (stranger,) = compose(
        Sender("nobody"), "2061", AT, data_time=AT, groups=[("w01001", {"Avg": "1"})]
    )
    octets = [b"REG\r\n", encode(good), encode(stranger)]
    *rejected, batch = decode(octets, {"A110000_0001": plan()})
    assert isinstance(batch, Batch)
    assert len(batch) == 1
    assert batch.observations["site"][0] == "test"
    assert [one.row for one in rejected if isinstance(one, Rejected)] == [1, 2, 3]
    assert len(tabulate_readings([])) == 0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["2061", "2062", "2011", "3020", "", "x"]))
def test_whatever_an_area_holds_nothing_raises(cp: str, cn: str) -> None:
    octets = f"QN=1;CN={cn};Flag=7;PNUM=x;CP=&&DataTime=20260801080000;{cp}".encode(
        errors="replace"
    )
    segment = read_message(Frame(octets), None).segment
    acknowledge(segment)
    answer_request(segment)
    PackageJoiner().add(segment)
