"""Metrics of a gateway in Prometheus' text format: its connections, its spool, its instruments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ecomon.errors import EcomonError
from ecomon.host.metrics import KeptMetrics
from ecomon.model.instrument import InstrumentCount
from ecomon.model.period import to_epoch_s

_SAID = {
    "octets": ("received_octets", "octets received 收到字节数"),
    "receptions": ("receptions", "frames and runs of octets spooled 已落盘报文数"),
    "welcome": ("welcome_frames", "good frames of known stations 有效报文数"),
    "answers": ("answers", "acknowledgements sent 应答数"),
    "refused_network": ("refused_network", "connections from networks not allowed 网段拒绝"),
    "refused_limit": ("refused_limit", "connections beyond a limit 连接数超限"),
    "closed_for_rubbish": (
        "closed_for_rubbish",
        "connections ended for octets that are no frame 乱码断开",
    ),
    "closed_for_silence": ("closed_for_silence", "connections ended for silence 空闲断开"),
    "slowed_down": ("slowed_down", "times a peer was read more slowly 限速次数"),
    "spool_full": ("spool_full", "times the spool had no room 缓冲已满次数"),
    "spool_failures": ("spool_failures", "times the disk refused 落盘失败次数"),
}


class GatewayCollector(Collector):
    """Reads when Prometheus asks; the store no oftener than :class:`KeptMetrics` does.

    Parameters
    ----------
    read_counts, read_spool : callable
        Counters of the listener by name (``connections``: those that are open), octets in the
        spool.
    read_instruments : callable
        An EcomonError means that the store is away, which is a metric and no failure.
    """

    def __init__(
        self,
        read_counts: Callable[[], Mapping[str, int]],
        read_spool: Callable[[], int],
        read_instruments: Callable[[], Sequence[InstrumentCount]],
    ) -> None:
        self._read_counts, self._read_spool = read_counts, read_spool
        self._read_instruments = read_instruments
        self._of_store = KeptMetrics(self._read_store)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The listener's own metrics, then those of the instruments."""
        counts = self._read_counts()
        for name, (metric, text) in _SAID.items():
            family = CounterMetricFamily(f"ecomon_gateway_{metric}", text)
            family.add_metric([], counts.get(name, 0))
            yield family
        yield _gauge("connections", "open connections 当前连接数", counts.get("connections", 0))
        yield _gauge(
            "spool_octets", "octets that wait or are kept in the spool 缓冲占用", self._read_spool()
        )
        yield from self._of_store.read()

    def _read_store(self) -> list[Metric]:
        instruments: Sequence[InstrumentCount] | None = None
        with contextlib.suppress(EcomonError):
            instruments = self._read_instruments()
        is_up = float(instruments is not None)
        up = _gauge("store_up", "1 where the store answers 数据库可用", is_up)
        return [up, *_of_instruments(instruments or ())]


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"ecomon_gateway_{name}", text)
    family.add_metric([], value)
    return family


def _of_instruments(instruments: Sequence[InstrumentCount]) -> Iterator[Metric]:
    labels = ["mn", "site"]
    frames = CounterMetricFamily("ecomon_instrument_frames", "good frames 报文数", labels=labels)
    rejects = CounterMetricFamily(
        "ecomon_instrument_rejected", "frames or items rejected 拒收数", labels=labels
    )
    late = CounterMetricFamily(
        "ecomon_instrument_backfilled", "late frames marked RF=1 补传数", labels=labels
    )
    quirks = CounterMetricFamily(
        "ecomon_instrument_quirks", "accepted deviations 容忍的偏差", labels=[*labels, "quirk"]
    )
    seen = GaugeMetricFamily(
        "ecomon_instrument_last_seen_timestamp_seconds", "when last heard 最近来报", labels=labels
    )
    drift = GaugeMetricFamily(
        "ecomon_instrument_clock_drift_seconds", "QN - DataTime beyond its interval 时钟偏差", labels=labels
    )  # fmt: skip
    for one in instruments:
        named = [one.mn, one.site or ""]
        frames.add_metric(named, one.n_frames)
        rejects.add_metric(named, one.n_rejected)
        late.add_metric(named, one.n_backfilled)
        seen.add_metric(named, to_epoch_s(one.last_seen))
        if one.drift_s is not None:
            drift.add_metric(named, one.drift_s)
        for quirk, n in sorted(one.quirks.items()):
            quirks.add_metric([*named, quirk], n)
    yield from (frames, rejects, late, quirks, seen, drift)
