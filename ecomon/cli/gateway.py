"""``ecomon gateway``: listen to stations over HJ 212, and look after what they sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json

if TYPE_CHECKING:
    from ecomon.settings import Settings

app = typer.Typer(
    help="HJ 212 网关：接收自动站报文 listen to stations over HJ 212", invoke_without_command=True
)


@app.callback()
def gateway(
    context: typer.Context,
    home: Home = None,
    host: Annotated[str, typer.Option(help="监听地址 address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口 port; 0: 任一 any")] = 9212,
    allow: Annotated[
        list[str] | None, typer.Option(help="允许的网段，可多次 network allowed, e.g. 10.20.0.0/16")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="服务器证书 PEM certificate")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="服务器私钥 PEM key")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="客户端证书的签发机构 PEM, authorities that sign clients")
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="只收不答 never answer (behind another platform)")
    ] = False,
    spool_mb: Annotated[
        int, typer.Option(min=1, help="落盘缓冲上限 limit of the spool, MB")
    ] = 1024,
    max_connections: Annotated[int, typer.Option(min=1, help="连接数上限")] = 4000,
    max_per_peer: Annotated[int, typer.Option(min=1, help="每地址连接数上限")] = 4000,
    idle_s: Annotated[float, typer.Option(min=1, help="空闲断开 s of silence")] = 1800.0,
    frame_s: Annotated[
        float, typer.Option(min=1, help="一帧须在此时间内收完 s for one frame")
    ] = 60.0,
    peer_octets_s: Annotated[
        float, typer.Option(min=256, help="每地址限速 octets a second of one address")
    ] = 262_144.0,
    metrics_port: Annotated[int, typer.Option(min=0, max=65535, help="指标端口 0: none")] = 9465,
    no_committer: Annotated[
        bool,
        typer.Option("--no-committer", help="入库由别的进程做 leave the spool to another process"),
    ] = False,
) -> None:
    """监听、落盘、应答、入库 listen, spool, answer and store until interrupted."""
    context.obj = home
    if context.invoked_subcommand is not None:
        return
    from ecomon.errors import ContractError
    from ecomon.settings import read_settings
    from ecomon.sources.hj212_gateway import GatewayLimits
    from flows.gateway_service import GatewayOptions, serve_gateway

    if (tls_cert is None) != (tls_key is None) or (tls_client_ca and not tls_cert):
        raise ContractError("--tls-cert and --tls-key go together; --tls-client-ca needs both")
    options = GatewayOptions(
        host=host,
        port=port,
        tls=(tls_cert, tls_key, tls_client_ca) if tls_cert and tls_key else None,
        networks=tuple(allow or ()),
        is_read_only=read_only,
        spool_mb=spool_mb,
        limits=GatewayLimits(
            connections=max_connections, connections_per_peer=max_per_peer, idle_s=idle_s,
            frame_s=frame_s, peer_octets_s=peer_octets_s,
        ),
        metrics_port=metrics_port,
        has_committer=not no_committer,
    )  # fmt: skip
    serve_gateway(read_settings(home), options)


@app.command()
def commit(
    context: typer.Context,
    home: Home = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="持续，直到标准输入关闭 until standard input closes")
    ] = False,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="指标端口 metrics at it; 0: none")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """落盘缓冲入库 store what the gateway has spooled."""
    import sys
    import threading

    from ecomon.logbook import keep_logbook
    from flows.gateway_commit import follow_spool, gateway_metrics, stop_with_parent

    def tell(report: Any) -> None:
        if as_json:
            say_json({"batch": report.batch_id, "new": report.n_new, "revised": report.n_revised,
                      "unchanged": report.n_unchanged, "rejected": report.n_rejected})  # fmt: skip

    stop = threading.Event()
    if follow:
        stop_with_parent(stop, sys.stdin.fileno())
    else:
        stop.set()
    settings = _settings(context, home)
    with keep_logbook(settings), gateway_metrics(settings, metrics_port):
        follow_spool(settings, stop, said=tell)


@app.command()
def facts(context: typer.Context, home: Home = None) -> None:
    """登记的站点，供网关进程读取 the registered stations as JSON, for the listener to read."""
    from ecomon.store import Store
    from flows.gateway_commit import read_station_facts

    settings = _settings(context, home)
    with Store.open(settings.store_url):
        pass  # a home without a store is said now, not by the committer later
    say_json(read_station_facts(settings).as_document())


@app.command(name="dead-letters")
def dead_letters(
    context: typer.Context,
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, help="条数 how many")] = 100,
    settled: Annotated[
        bool, typer.Option("--settled", help="也列出已处理的 settled ones too")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """未能入库的报文：原文、原因、来源 frames that were not stored: octets, reason, peer."""
    from ecomon.journey.read_receptions import FEED
    from ecomon.store import Store

    with Store.open(_settings(context, home).store_url) as store:
        letters = store.read_reception_letters(FEED, state=None if settled else "open", limit=limit)
    for letter in letters:
        peer, _, octets = letter["raw"].removeprefix("[").partition("] ")
        shown = {
            "id": letter["dead_letter_id"], "reception": letter["row"], "state": letter["state"],
            "peer": peer if octets else None, "reason": letter["reason"],
            "octets": octets or letter["raw"],
        }  # fmt: skip
        if as_json:
            say_json(shown)
        else:
            say(
                f"{shown['id']}  {plain(shown['peer'])}  {shown['reason']}\n    {shown['octets'].rstrip()}"
            )
    if not as_json:
        say(f"{len(letters)} 条 dead letters")


@app.command()
def replay(context: typer.Context, home: Home = None, as_json: AsJson = False) -> None:
    """配置修正后重读未入库的报文 read dead letters again after the facts were mended."""
    from ecomon.journey.commit_receptions import replay_letters
    from ecomon.store import Store
    from flows.gateway_commit import TURN, read_station_facts
    from flows.gateway_facts import KnownStations

    settings = _settings(context, home)
    known = KnownStations.of(settings, read_station_facts)
    with Store.open(settings.store_url) as store, store.turn([TURN]):
        done = replay_letters(store, known.book, known.digest)
    said = {"letters": done.n_letters, "mended": done.n_mended, "observations": done.n_new}
    if as_json:
        say_json(said)
    else:
        say(f"{done.n_letters} 条待处理，{done.n_mended} 条已入库，新增 {done.n_new} 个值"
            f"  {done.n_letters} open, {done.n_mended} mended, {done.n_new} values")  # fmt: skip


@app.command()
def stations(context: typer.Context, home: Home = None, as_json: AsJson = False) -> None:
    """各站计数：报文、拒收、偏差、时钟、最近来报 what each station sent and how it behaves."""
    from ecomon.model.observation import isoformat
    from ecomon.store import Store

    with Store.open(_settings(context, home).store_url) as store:
        instruments = store.read_instruments()
    for one in instruments:
        shown = {
            "mn": one.mn, "site": one.site, "frames": one.n_frames, "rejected": one.n_rejected,
            "backfilled": one.n_backfilled, "last_seen": isoformat(one.last_seen),
            "last_data": None if one.last_data is None else isoformat(one.last_data),
            "drift_s": one.drift_s, "drift_least_s": one.drift_least_s,
            "drift_most_s": one.drift_most_s, "quirks": dict(sorted(one.quirks.items())),
        }  # fmt: skip
        if as_json:
            say_json(shown)
        else:
            quirks = ", ".join(f"{name} {n}" for name, n in sorted(one.quirks.items())) or "-"
            say(
                f"{one.mn or '未登记 unregistered'}  {plain(one.site)}  报文 frames {one.n_frames}"
                f"  拒收 rejected {one.n_rejected}  最近 last {one.last_seen:%Y-%m-%d %H:%M:%S}"
                f"  时钟 drift {plain(one.drift_s)} s  偏差 quirks {quirks}"
            )


@app.command()
def checks(
    context: typer.Context,
    period: Annotated[str, typer.Option("--period", help="2026-11 或 or 2026-11-01/2026-11-20")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """仪器质控核查记录 checks of instruments with standards (2062), which are no observations."""
    from ecomon.model.observation import isoformat
    from ecomon.model.period import Period
    from ecomon.store import Store

    span = Period.parse(period)
    with Store.open(_settings(context, home).store_url) as store:
        found = store.read_instrument_checks(span.start, span.end)
    for one in found:
        shown = {
            "at": isoformat(one.at), "site": one.site, "mn": one.mn, "code": one.code,
            "determinand": one.determinand, "value": one.value, "expected": one.expected,
            "unit": one.unit, "letter": one.letter, "sent": one.detail["sent"],
        }  # fmt: skip
        if as_json:
            say_json(shown)
        else:
            say("  ".join(plain(value) for value in shown.values()))


@app.command()
def simulate(
    context: typer.Context,
    home: Home = None,
    stations: Annotated[int, typer.Option(min=1, help="站数 how many stations")] = 200,
    rate: Annotated[float, typer.Option(min=0.01, help="每秒报文 packets a second in all")] = 20.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="时长 how long, s")] = 60.0,
    host: Annotated[str, typer.Option(help="网关地址 the gateway")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 port")] = 9212,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="故障=份额，可多次 drop|duplicate|split|corrupt|drift=SHARE"),
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子 seed")] = 1,
    begin: Annotated[
        str | None,
        typer.Option(help="首个数据时间 first DataTime, 2026-11-01T00; 默认往前推 default recent"),
    ] = None,
    register: Annotated[
        bool,
        typer.Option(
            "--register", help="先把示例站写入本地 stations/ write the stations' facts first"
        ),
    ] = False,
    journal: Annotated[
        Path | None, typer.Option(help="已应答的报文逐行记入 acknowledged packets, a line each")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """示例站群：向网关发报文 play invented stations (示例) that send to a gateway."""
    from ecomon.errors import ContractError
    from ecomon.sources.hj212_player import PlayOptions, parse_faults
    from flows.gateway_play import Play, play, register_stations

    try:
        faults = parse_faults(fault or ())
    except ValueError as wrong:
        raise ContractError(f"--fault: {wrong}") from None
    packets = max(1, round(rate * seconds / stations))
    options = PlayOptions(rate, packets, faults, seed=seed)
    setting = Play(host, port, stations, options, begin)
    if register:
        path = register_stations(_settings(context, home), setting)
        say(f"已写入 written: {path}")
    said = play(setting, journal)
    if as_json:
        say_json(said)
    else:
        say("  ".join(f"{name} {plain(value)}" for name, value in said.items()))


def _settings(context: typer.Context, home: Path | None) -> Settings:
    from ecomon.settings import read_settings

    return read_settings(home or context.obj)
