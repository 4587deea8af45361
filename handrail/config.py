"""Configuration: strict TOML, secrets from the environment or from files, never in the file itself.

Only `handrail.app` and `handrail.cli` import this; each room is handed its own section.
"""

import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handrail.config_sections import (
    Config,
    RedisSection,
    ShiftSection,
    StorageSection,
)
from handrail.domain.errors import ConfigError

T = TypeVar("T")

_KINDS = {
    int: "a whole number",
    str: "text in quotes",
    bool: "true or false",
    Path: "a path in quotes",
}

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read `path`, or `HANDRAIL_CONFIG`, or `config.toml` here; without any, the defaults.

    Raises ConfigError naming the key, and the nearest known one if it is unknown.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["HANDRAIL_CONFIG"]) if environ.get("HANDRAIL_CONFIG") else None)
    source = named or (Path("config.toml") if Path("config.toml").exists() else None)
    table: dict[str, Any] = {}
    if source is not None:
        try:
            table = tomllib.loads(source.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{source}: {error.strerror or error}") from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{source} is not valid TOML: {error}") from error
    config = _section(Config, table, "", environ)
    if environ.get("HANDRAIL_DATA"):
        service = replace(config.service, data_directory=Path(environ["HANDRAIL_DATA"]))
        config = replace(config, service=service)
    _check(config)
    absolute = replace(config.service, data_directory=config.data.expanduser().absolute())
    return replace(config, service=absolute, source=source)


def for_demo(config: Config) -> Config:
    """The same service with a data directory of its own: a demo never touches real records."""
    service = replace(config.service, data_directory=config.data / "demo")
    return replace(config, service=service, storage=StorageSection(), redis=RedisSection())


def _section(kind: type[T], table: Any, path: str, environ: Mapping[str, str]) -> T:
    if not isinstance(table, dict):
        name = path.rstrip(".")
        raise ConfigError(f"{name} must be a table: [{name}]")
    hints = typing.get_type_hints(kind)
    own = {f.name: f for f in fields(kind) if not f.metadata.get("internal")}  # type: ignore[arg-type]
    secrets = {name for name, f in own.items() if f.metadata.get("secret")}
    known = set(own) | {f"{name}_file" for name in secrets}
    for key in table:
        if key not in known:
            raise ConfigError(_unknown(path + key, key, known))
    values: dict[str, Any] = {}
    for name, spec in own.items():
        if name in secrets:
            values[name] = _secret(table, name, path, environ)
        elif is_dataclass(hints[name]):
            values[name] = _section(hints[name], table.get(name, {}), f"{path}{name}.", environ)
        elif name in table:
            values[name] = _value(hints[name], table[name], path + name, environ)
        elif spec.default is MISSING:
            raise ConfigError(f"{path}{name} is required")
    return kind(**values)


def _unknown(full: str, key: str, known: set[str]) -> str:
    near = get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys here: {', '.join(sorted(known))}"
    return f"unknown key {full!r}: {hint}"


def _value(kind: Any, raw: Any, path: str, environ: Mapping[str, str]) -> Any:
    if kind is Path and isinstance(raw, str):
        return Path(raw).expanduser()
    if typing.get_origin(kind) is tuple:
        if not isinstance(raw, list):
            raise ConfigError(f"{path} must be a list, as [...]")
        item = typing.get_args(kind)[0]
        if is_dataclass(item):
            assert isinstance(item, type)  # noqa: S101  (narrows for the type checker)
            return tuple(
                _section(item, entry, f"{path}[{n}].", environ) for n, entry in enumerate(raw)
            )
        return tuple(_value(item, entry, path, environ) for entry in raw)
    if isinstance(raw, kind) and not (kind is int and isinstance(raw, bool)):
        return raw
    raise ConfigError(f"{path} must be {_KINDS.get(kind, kind)}, not {raw!r}")


def _secret(table: dict[str, Any], name: str, path: str, environ: Mapping[str, str]) -> str:
    """From `HANDRAIL_SECTION_NAME`, else `<name>_file`, else the file itself."""
    variable = "HANDRAIL_" + (path + name).replace(".", "_").upper()
    if environ.get(variable):
        return environ[variable]
    if file := table.get(f"{name}_file"):
        if not isinstance(file, str):
            raise ConfigError(f"{path}{name}_file must be a path in quotes")
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}{name}_file: {error}") from error
    value = table.get(name, "")
    if not isinstance(value, str):
        raise ConfigError(f"{path}{name} must be a string")
    return value


def _check(config: Config) -> None:
    _zone(config.service.time_zone, "service.time_zone")
    _numbers(config)
    if config.log.level not in ("INFO", "WARNING", "ERROR"):
        raise ConfigError("log.level must be INFO, WARNING or ERROR: DEBUG would print messages")
    if config.triage.classifier != "rules-only":
        raise ConfigError("triage.classifier: this version knows 'rules-only'")
    web, desk = config.bots.web, config.console
    if web.enabled and (web.host, web.port) == (desk.host, desk.port):
        raise ConfigError(f"bots.web.port and console.port are both {web.port}: change one")
    for n, shift in enumerate(config.rota.shifts):
        _shift(shift, f"rota.shifts[{n}]")
    bots = config.bots
    for name, url in (
        ("bots.telegram.api_base", bots.telegram.api_base),
        ("bots.discord.api_base", bots.discord.api_base),
        ("bots.discord.gateway_url", bots.discord.gateway_url),
        ("bots.slack.api_base", bots.slack.api_base),
    ):
        _https_or_loopback(url, name)
    for name, section in (
        ("telegram", bots.telegram), ("discord", bots.discord), ("slack", bots.slack),
    ):  # fmt: skip
        if section.enabled:
            raise ConfigError(f"bots.{name}.enabled: this version has no {name} adapter yet")


def _numbers(config: Config) -> None:
    queue, web, console = config.queue, config.bots.web, config.console
    for name, value in (
        ("service.retention_days", config.service.retention_days),
        ("queue.max_live_referrals", queue.max_live_referrals),
        ("queue.hold_at_most_hours", queue.hold_at_most_hours),
        ("bots.web.max_message_chars", web.max_message_chars),
        ("console.idle_minutes", console.idle_minutes),
        ("console.session_hours", console.session_hours),
    ):
        if value < 1:
            raise ConfigError(f"{name} must be at least 1")
    if queue.rest_after_release_minutes < 0:
        raise ConfigError("queue.rest_after_release_minutes must be at least 0")
    for name, port in (("bots.web.port", web.port), ("console.port", console.port)):
        if not 1 <= port <= 65_535:
            raise ConfigError(f"{name} must be between 1 and 65535")


def _shift(shift: ShiftSection, path: str) -> None:
    if not shift.days or not set(shift.days) <= set(DAYS):
        raise ConfigError(f"{path}.days must be some of {', '.join(DAYS)}")
    for key, clock in (("starts", shift.starts), ("ends", shift.ends)):
        try:
            placed = time.fromisoformat(clock).tzinfo is not None
        except ValueError as error:
            raise ConfigError(f'{path}.{key} must look like "18:30"') from error
        if placed:  # two clocks, one with an offset, could not be compared at night
            raise ConfigError(f'{path}.{key} must look like "18:30"; the zone is {path}.time_zone')
    if shift.time_zone:
        _zone(shift.time_zone, f"{path}.time_zone")


def _zone(name: str, path: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f'{path}: unknown time zone {name!r}; use a name as "Europe/London"'
        ) from error


def _https_or_loopback(url: str, path: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise ConfigError(f"{path} is no address: {error}") from error
    loopback = host in ("127.0.0.1", "localhost", "::1")
    secure = parts.scheme in ("https", "wss") and bool(host)
    if not secure and not (loopback and parts.scheme in ("http", "ws")):
        raise ConfigError(f"{path} must be https, or on this machine (127.0.0.1)")


def effective(config: Config) -> str:
    """The configuration in force as TOML-like lines, secrets masked."""
    lines: list[str] = [f"# from {config.source or 'defaults'}"]
    _lines(config, "", lines)
    return "\n".join(lines)


def _lines(section: Any, path: str, lines: list[str]) -> None:
    tables = []
    if path:
        lines.append(f"\n[{path}]")
    for spec in fields(section):
        value = getattr(section, spec.name)
        if spec.metadata.get("internal"):
            continue
        if is_dataclass(value):
            tables.append((f"{path}.{spec.name}" if path else spec.name, value))
        elif spec.metadata.get("secret"):
            lines.append(f'{spec.name} = "{"********" if value else ""}"')
        else:
            lines.append(f"{spec.name} = {_shown(value)}")
    for name, table in tables:
        _lines(table, name, lines)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(v) for v in value)}]"
    if is_dataclass(value):
        pairs = (f"{f.name} = {_shown(getattr(value, f.name))}" for f in fields(value))
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, int):
        return str(value)
    return '""' if value == Path() else f'"{value}"'
