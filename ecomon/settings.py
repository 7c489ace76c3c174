"""Where an installation keeps its things, and the few settings it has.

An installation is one folder, its *home*::

    home/
      ecomon.env          settings of this site, KEY=value (optional)
      store/ecomon.sqlite the system of record (or a database by URL)
      site/               the site's own facts: stations/, thresholds/ (no upgrade touches them)
      inbox/<feed>/       files to ingest; done/ and failed/ beside it
      spool/hj212/        what a gateway received, until the store has it
      work/               archives while they are unpacked
      documents/          bulletins, workbooks, statements
      backups/            backups that a command made, unless backup_folder says otherwise
      exports/            closed months as Parquet and Zarr: copies, made again at will
      outbox/             notices as files, one folder an office
      log/ecomon.jsonl    what was done, one JSON line an act
      prefect/            the embedded Prefect server's own files
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecomon.errors import AccessDenied, Problem, RegistryError

_ESCAPED = str.maketrans({"%": "%25", "?": "%3F", "#": "%23"})
"""What means something else in a URL than in the name of a folder."""


class Settings(BaseSettings):
    """Settings from the environment (``ECOMON_*``) over those of ``home/ecomon.env``."""

    model_config = SettingsConfigDict(env_prefix="ECOMON_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("ecomon-home"), description="folder of this installation")
    store: str | None = Field(default=None, description="database URL; default SQLite in the home")
    overlay: Path | None = Field(
        default=None, description="the site's own facts; default home/site"
    )
    language: Literal["zh", "en"] = "zh"
    token: SecretStr | None = Field(
        default=None, description="for whom this user's commands act; default what token_file holds"
    )
    token_file: Path = Field(
        default_factory=lambda: Path.home() / ".config" / "ecomon" / "token",
        description="the user's token, readable by nobody else",
    )
    log: Literal["debug", "info", "warning", "error"] | None = Field(
        default=None, description="what of the log is shown on the standard error too; default none"
    )
    log_format: Literal["text", "json"] = "text"
    metrics_host: str = Field(
        default="127.0.0.1", description="address the metrics are served at; default this machine's"
    )
    metrics_port: int = Field(default=9464, ge=0, le=65535, description="0: serve none")
    inbox_settle_s: float = Field(
        default=5.0, ge=0, description="how long a file in an inbox stands still before it is taken"
    )
    inbox_patience_s: float = Field(
        default=600.0, ge=0, description="how long a file may differ from its stated checksum"
    )
    max_file_mb: int = Field(default=2048, gt=0, description="the largest file that is read")
    contact: str | None = Field(
        default=None,
        pattern=r"^[!-~][ -~]{2,99}$",
        description="whom a polled site can write to, e.g. an e-mail address (ASCII); none: no polling",
    )
    proxy: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="the proxy polls go through; default none, whatever the system has",
    )

    dask: str | None = Field(
        default=None,
        pattern=r"^(local:[1-9][0-9]{0,2}|[a-z]+://[!-~]+)$",
        description="where heavy load work runs: a Dask scheduler's address or local:N; default threads",
    )

    institution: str | None = Field(
        default=None, max_length=200, description="who publishes; stands in exported files"
    )
    licence: str | None = Field(
        default=None, max_length=200, description="on what terms exported files may be passed on"
    )
    close_working_day: int = Field(
        default=3,
        ge=1,
        le=15,
        description="the working day of a month on which the last one closes",
    )
    backup_folder: Path | None = Field(
        default=None, description="where the nightly backup goes; default none is made"
    )
    keep_octets_days: int | None = Field(
        default=None,
        ge=1,
        description="how long the octets of ingested files are kept; default for ever",
    )
    backups_kept: int = Field(default=14, ge=1, description="how many nightly backups are kept")

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{str(self.store_path).translate(_ESCAPED)}"

    @property
    def store_path(self) -> Path:
        return self.home / "store" / "ecomon.sqlite"

    @property
    def overlay_folder(self) -> Path:
        return self.overlay or self.home / "site"

    def inbox(self, feed: str) -> Path:
        return self.home / "inbox" / feed

    @property
    def spool(self) -> Path:
        """What a gateway received and the store may not have yet."""
        return self.home / "spool" / "hj212"

    @property
    def backups(self) -> Path:
        return self.backup_folder or self.home / "backups"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def documents(self) -> Path:
        return self.home / "documents"

    @property
    def outbox(self) -> Path:
        return self.home / "outbox"


def read_settings(home: Path | None = None) -> Settings:
    """The settings of the installation in ``home`` (or ``ECOMON_HOME``, or ``./ecomon-home``).

    Raises
    ------
    RegistryError
        for a value that is none of the setting's, naming the setting and the file.
    """
    file: Path | None = None
    try:
        first = Settings(home=home) if home is not None else Settings()
        absolute = first.home.expanduser().resolve()
        stated = absolute / "ecomon.env"
        file = stated if stated.is_file() else None
        return Settings(_env_file=file, home=absolute)  # pyright: ignore[reportCallIssue]
    except ValidationError as wrong:
        where = f"environment or {file}" if file else "environment"
        raise RegistryError(
            Problem(
                file=where,
                field="ECOMON_" + ".".join(str(part) for part in one["loc"]).upper(),
                reason=one["msg"],
                value=None if "token" in one["loc"] else str(one["input"]),
            )
            for one in wrong.errors()
        ) from None


def read_secret(settings: Settings, variable: str) -> SecretStr | None:
    """What an environment variable holds, else that line of ``ecomon.env``; None with neither.

    Facts name such a variable where they need a password: the password never stands among them.
    """
    if text := os.environ.get(variable):
        return SecretStr(text)
    file = settings.home / "ecomon.env"
    text = dotenv_values(file).get(variable) if file.is_file() else None
    return SecretStr(text) if text else None


def read_token(settings: Settings) -> SecretStr | None:
    """The token of the user who runs this: ``ECOMON_TOKEN``, else his file; None with neither.

    Raises
    ------
    AccessDenied
        where others may read or write the file (POSIX), or it cannot be read.
    """
    if settings.token is not None:
        return settings.token
    file = settings.token_file.expanduser()
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise AccessDenied(f"他人可读 others can read {file}; run: chmod 600 {file}")
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as wrong:
        raise AccessDenied(f"无法读取令牌 cannot read the token in {file}: {wrong}") from None
