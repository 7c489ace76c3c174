"""Where an installation keeps its things, and the few settings it has.

An installation is one folder, its *home*::

    home/
      ecomon.env          settings of this site, KEY=value (optional)
      store/ecomon.sqlite the system of record (or a database by URL)
      site/               the site's own facts: stations/, thresholds/ (no upgrade touches them)
      inbox/<feed>/       files to ingest; done/ and failed/ beside it
      documents/          bulletins, workbooks, statements
      outbox/             notices as files, one folder an office
      prefect/            the embedded Prefect server's own files
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecomon.errors import Problem, RegistryError


class Settings(BaseSettings):
    """Settings from the environment (``ECOMON_*``) over those of ``home/ecomon.env``."""

    model_config = SettingsConfigDict(env_prefix="ECOMON_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("ecomon-home"), description="folder of this installation")
    store: str | None = Field(default=None, description="database URL; default SQLite in the home")
    overlay: Path | None = Field(
        default=None, description="the site's own facts; default home/site"
    )
    language: Literal["zh", "en"] = "zh"

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{self.store_path}"

    @property
    def store_path(self) -> Path:
        return self.home / "store" / "ecomon.sqlite"

    @property
    def overlay_folder(self) -> Path:
        return self.overlay or self.home / "site"

    def inbox(self, feed: str) -> Path:
        return self.home / "inbox" / feed

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
                value=str(one["input"]),
            )
            for one in wrong.errors()
        ) from None
