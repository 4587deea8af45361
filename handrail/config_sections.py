"""The sections of the configuration and their defaults; `config.example.toml` explains them."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSection:
    name: str = "Handrail"
    locale: str = "en-GB"
    country: str = "GB"
    time_zone: str = "Europe/London"
    data_directory: Path = Path("data")
    retention_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSection:
    """url: empty for SQLite in the data directory. key_file: empty for `master.key` there."""

    url: str = field(default="", metadata={"secret": True})
    key_file: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSection:
    """url: empty for the embedded server."""

    url: str = field(default="", metadata={"secret": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageSection:
    classifier: str = "rules-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybooksSection:
    """overlay_directory: the organisation's own texts over the shipped ones; empty for none."""

    overlay_directory: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSection:
    """targets_file: empty for the shipped response times."""

    targets_file: Path = Path()
    max_live_referrals: int = 2
    hold_at_most_hours: int = 24
    rest_after_release_minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSection:
    days: tuple[str, ...]
    starts: str
    ends: str
    time_zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaSection:
    shifts: tuple[ShiftSection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSection:
    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    quick_exit_url: str = "https://www.bbc.co.uk/weather"
    max_message_chars: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSection:
    enabled: bool = False
    token: str = field(default="", metadata={"secret": True})
    api_base: str = "https://api.telegram.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSection:
    enabled: bool = False
    token: str = field(default="", metadata={"secret": True})
    api_base: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSection:
    enabled: bool = False
    bot_token: str = field(default="", metadata={"secret": True})
    app_token: str = field(default="", metadata={"secret": True})
    api_base: str = "https://slack.com/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotsSection:
    web: WebSection = WebSection()
    telegram: TelegramSection = TelegramSection()
    discord: DiscordSection = DiscordSection()
    slack: SlackSection = SlackSection()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSection:
    host: str = "127.0.0.1"
    port: int = 8081
    public_url: str = ""
    idle_minutes: int = 60
    session_hours: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSection:
    level: str = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked. `source` is the file it came from, None for defaults."""

    service: ServiceSection = ServiceSection()
    storage: StorageSection = StorageSection()
    redis: RedisSection = RedisSection()
    triage: TriageSection = TriageSection()
    playbooks: PlaybooksSection = PlaybooksSection()
    queue: QueueSection = QueueSection()
    rota: RotaSection = RotaSection()
    bots: BotsSection = BotsSection()
    console: ConsoleSection = ConsoleSection()
    log: LogSection = LogSection()
    source: Path | None = field(default=None, metadata={"internal": True})

    @property
    def data(self) -> Path:
        return self.service.data_directory

    @property
    def database_url(self) -> str:
        return self.storage.url or f"sqlite:///{self.data / 'handrail.sqlite'}"

    @property
    def key_file(self) -> Path:
        given = self.storage.key_file
        return given if given != Path() else self.data / "master.key"
