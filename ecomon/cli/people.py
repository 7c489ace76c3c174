"""Commands of people: who they are, what they stand for, and what they did.

A command that changes something acts for the actor whose token the user's configuration holds
(``ECOMON_TOKEN``, or the file ``~/.config/ecomon/token``); a name that is typed is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json

if TYPE_CHECKING:
    from ecomon.model.role import Actor
    from ecomon.store import Store
    from ecomon.store.actors import IssuedToken

actor_app = typer.Typer(help="账户与角色 actors and their roles", no_args_is_help=True)
token_app = typer.Typer(help="令牌 tokens of actors", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="理由 why")]
Days = Annotated[int, typer.Option("--days", help="令牌有效天数 days the token is valid")]


@contextmanager
def opened(home: Path | None) -> Iterator[Store]:
    """The store of the installation."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        yield store


@contextmanager
def acting(home: Path | None) -> Iterator[tuple[Store, Actor]]:
    """The store, and the actor this user's token shows."""
    from ecomon.errors import AccessDenied

    with opened(home) as store:
        who = _holder(store, home)
        if who is None:
            raise AccessDenied(
                "须有令牌 a token is needed: ECOMON_TOKEN, or the file ~/.config/ecomon/token;"
                " an administrator issues one: ecomon token issue NAME"
            )
        yield store, who


def _holder(store: Store, home: Path | None) -> Actor | None:
    from ecomon.settings import read_settings, read_token

    token = read_token(read_settings(home))
    return None if token is None else store.authenticate(token.get_secret_value())


def _list(rows: list[dict[str, Any]], as_json: bool) -> None:
    for row in rows:
        if as_json:
            say_json(row)
        else:
            say("\t".join(plain(value) for value in row.values()))


def _show_token(issued: IssuedToken, as_json: bool, **more: str) -> None:
    if as_json:
        shown = {"selector": issued.selector, "expires_at": issued.expires_at, "token": issued.text}
        say_json({"actor": issued.actor, **more, **shown})
        return
    say(f"账户 actor: {issued.actor}  有效至 valid until {issued.expires_at}")
    say("令牌只显示这一次，存入 shown this once; keep it in ~/.config/ecomon/token (chmod 600):")
    say(issued.text)


@actor_app.command("add")
def add_actor(
    name: Annotated[str, typer.Argument(help="名称 name")],
    role: Annotated[
        str,
        typer.Option(
            "--role", help="administrator, reviewer, approver, accountant, viewer, machine"
        ),
    ],
    days: Days = 365,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """添加账户并发放令牌 add an actor and show its first token; a new store's first needs none."""
    with opened(home) as store:
        issued = store.add_actor(name, role, by=_holder(store, home), days=days)  # pyright: ignore[reportArgumentType]
    _show_token(issued, as_json, role=role)


@actor_app.command("list")
def list_actors(home: Home = None, as_json: AsJson = False) -> None:
    """列出账户 all actors: name, role, added, disabled."""
    with opened(home) as store:
        _list(store.read_actors(), as_json)


@actor_app.command("disable")
def disable_actor(
    name: Annotated[str, typer.Argument(help="名称 name")], home: Home = None
) -> None:
    """停用账户 let an actor act no more."""
    with acting(home) as (store, who):
        store.disable_actor(name, by=who)
    say(f"已停用 disabled: {name}")


@token_app.command("issue")
def issue_token(
    name: Annotated[str, typer.Argument(help="账户 actor")],
    days: Days = 365,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """发放令牌 issue one more token, shown once."""
    with acting(home) as (store, who):
        issued = store.issue_token(name, by=who, days=days)
    _show_token(issued, as_json)


@token_app.command("revoke")
def revoke_token(
    selector: Annotated[str, typer.Argument(help="令牌编号 the token's selector, see: token list")],
    home: Home = None,
) -> None:
    """吊销令牌 make a token invalid."""
    with acting(home) as (store, who):
        store.revoke_token(selector, by=who)
    say(f"已吊销 revoked: {selector}")


@token_app.command("list")
def list_tokens(home: Home = None, as_json: AsJson = False) -> None:
    """列出令牌（不含密文）all tokens: selector, actor, role, issued, expires, revoked."""
    with opened(home) as store:
        _list(store.read_tokens(), as_json)


def whoami(home: Home = None, as_json: AsJson = False) -> None:
    """本人身份 for whom this user's commands act, and what he may do."""
    from ecomon.model.role import PERMISSIONS, ROLE_NAMES_ZH

    with acting(home) as (_, who):
        granted = sorted(PERMISSIONS[who.role])
    if as_json:
        say_json({"actor": who.name, "role": who.role, "may": granted})
    else:
        say(f"{who.name}  {ROLE_NAMES_ZH[who.role]} {who.role}  权限 may: {', '.join(granted)}")


def approve(
    site: Annotated[str, typer.Argument(help="断面或水文站编号 id of a section or gauge")],
    period: Annotated[str, typer.Option(help="时段 2021-04, 2021-04-01/2021-04-15 ...")],
    state: Annotated[
        str, typer.Option(help="reviewed 已审核 | approved 已批准 | provisional 退回未审核")
    ],
    reason: Reason,
    determinand: Annotated[
        str | None, typer.Option(help="指标；缺省为全部 determinand; all by default")
    ] = None,
    home: Home = None,
) -> None:
    """审核或批准一个时段 stand for the readings of a site and period, as they are known now."""
    from ecomon.model.approval import APPROVAL_NAMES_ZH
    from ecomon.model.period import Period

    span = Period.parse(period)
    with acting(home) as (store, who):
        recorded = store.record_approval(
            site,
            span,
            state,  # pyright: ignore[reportArgumentType]
            actor=who,
            reason=reason,
            determinand=determinand,
        )
    say(
        f"已记录 recorded: {site} {determinand or '全部指标 all'} {span}"
        f" {APPROVAL_NAMES_ZH[state]} {state}，监测值 readings {recorded.n_readings}，{who.name}"  # pyright: ignore[reportArgumentType]
    )


def withdraw(
    batch: Annotated[int, typer.Argument(help="批次号 number of a batch")],
    reason: Reason,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """撤回一个批次 take back what a file brought; what it had replaced comes back."""
    from dataclasses import asdict

    with acting(home) as (store, who):
        done = store.withdraw_batch(batch, actor=who, reason=reason)
        changes = store.read_changes(since_seq=done.seq - 1)
    if as_json:
        say_json({"withdrawn": batch, **asdict(done)})
        return
    say(
        f"已撤回 withdrawn: 批次 batch {batch}（{done.file_name}）"
        f" 监测值 readings {done.n_withdrawn}，未采纳行 dead letters {done.n_letters}"
    )
    if not done.n_withdrawn:
        return
    gone = done.n_withdrawn - done.n_restored
    say(
        f"恢复原值 restored {done.n_restored}（新版本，未经审核 new revisions, provisional）；"
        f"无可恢复 nothing to restore {gone}"
    )
    say(
        "其他文件报过的相同数值不会自动恢复，须重新报送该文件 a value that another file told the same"
        " does not come back by itself; send that file again:"
        " ecomon run ingest --feed FEED --file FILE --again"
    )
    if done.n_reviews:
        say(f"新增审核事项 review cases opened {done.n_reviews}: ecomon review list")
    for change in changes:
        months = [month.label for month in change.period.split("month")]
        say(
            "随后重算 compute again: ecomon run ingest（质量判定 flags），"
            f"ecomon run assess|load|settle --period {'/'.join(dict.fromkeys((months[0], months[-1])))}"
        )


def acts(
    limit: Annotated[int | None, typer.Option(help="最近几条 only the last ones")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """操作记录 what people did, oldest first; each names the hash of the chain."""
    with opened(home) as store:
        rows = store.read_acts(limit=limit)
    if as_json:
        _list(rows, as_json)
        return
    for row in rows:
        shown = ("number", "at", "actor", "role", "what", "subject", "detail")
        say("\t".join(plain(row[name]) for name in shown))
    say(f"操作记录 acts: {len(rows)}")
