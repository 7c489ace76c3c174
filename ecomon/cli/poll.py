"""``ecomon poll``: the sites that are asked, and whom their certificates name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json
from ecomon.errors import EcomonError

app = typer.Typer(help="轮询 sites that are asked for data", no_args_is_help=True)


@app.command("status")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """各轮询状态 what is remembered of each request, and when it may be made again."""
    for one in _read_status(home):
        if as_json:
            say_json(one)
            continue
        for name, value in one.items():
            say(f"{name:<18} {plain(value)}")
        say("")


@app.command("fingerprint")
def fingerprint(
    poll: Annotated[str, typer.Argument(help="轮询编号 id of a poll")], home: Home = None
) -> None:
    """查看站点证书指纹 the fingerprint of the certificate a site shows now; compare it before pinning."""
    from ecomon.cli.registry import site_registry
    from ecomon.sources.tls import read_fingerprints

    known = site_registry(home).polls
    if poll not in known:
        raise EcomonError(f"没有此轮询 no poll {poll!r}; one of {', '.join(known)}")
    host, _, port = known[poll].requests()[0].host.rpartition(":")
    seen = read_fingerprints(host, int(port), timeout_s=known[poll].timeout_s)
    say(f"{host}:{port}")
    say(f"certificate  {seen.certificate}")
    say(f"public_key   {seen.public_key}")
    say("请用另一途径核对后再写入配置 compare it by another way before you write it down")


def _read_status(home: Path | None) -> list[dict[str, Any]]:
    """One record a request; of polls that were never asked too."""
    from ecomon.cli.registry import site_registry
    from ecomon.settings import read_settings
    from ecomon.store import Store

    registry = site_registry(home)
    with Store.open(read_settings(home).store_url) as store:
        states = {state.key: state for state in store.read_polls()}
        hosts = {one.host: one for one in store.read_hosts()}
    records: list[dict[str, Any]] = []
    for poll in registry.polls.values():
        for request in poll.requests():
            state, host = states.get(request.key), hosts.get(request.host)
            records.append(
                {
                    "poll": poll.id,
                    "is_enabled": poll.is_enabled,
                    "is_pinned": poll.is_pinned,
                    "confidence": poll.confidence,
                    "request": request.key,
                    "checked_at": beijing(state.checked_at_s) if state else None,
                    "changed_at": beijing(state.changed_at_s) if state else None,
                    "not_before": beijing(state.not_before_s) if state else None,
                    "n_failures": state.n_failures if state else 0,
                    "last_error": state.last_error if state else None,
                    "requests_on": host.day if host else None,
                    "n_requests": host.n_requests if host else 0,
                }
            )
    return records


def beijing(epoch_s: int | None) -> str | None:
    from ecomon.model.observation import isoformat
    from ecomon.model.period import from_epoch_s

    return None if epoch_s is None else isoformat(from_epoch_s(epoch_s))
