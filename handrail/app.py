"""The only place that wires: configuration in, a working house out. Nothing here decides."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import FastAPI

from bots.adapter import RecordSender, Wiring
from bots.terminal.settings import TerminalSettings
from bots.web.app import create_web_chat
from bots.web.settings import WebSettings
from handrail.announce import announce
from handrail.config import DAYS as DAY_NAMES
from handrail.config_sections import Config, ShiftSection
from handrail.console.application import create_console
from handrail.console.settings import ConsoleSettings
from handrail.domain.assessment import Assessment, Context
from handrail.domain.clock import Clock, SystemClock
from handrail.domain.cover import HumanEta
from handrail.domain.errors import ConfigError
from handrail.domain.ids import ConversationId, Platform, ReferralId
from handrail.domain.ports import Nudger, Sender, Store
from handrail.house import House, Service
from handrail.intake import receive
from handrail.logs import quiet_loggers
from handrail.outbox import dispatch
from handrail.spool import Spool
from handrail.storage.keys import Keyring, read_key_file
from handrail.storage.store import open_store
from playbooks.fallback import fallback_reply
from playbooks.load import load_library
from playbooks.model import Facts, Library
from playbooks.render import render
from referral_queue.broker import EmbeddedBroker, GivenBroker, open_broker
from referral_queue.jobs import RqNudger
from referral_queue.rota import PlannedShift
from referral_queue.targets import DeskRules, load_targets
from triage import lexicon
from triage.assess import assess

NO_PATH = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """A house and what goes with it in one process."""

    config: Config
    store: Store
    house: House
    senders: Mapping[Platform, Sender]
    demo: bool

    def deliver(self, conversation_id: ConversationId) -> None:
        """Send what is due in one conversation. Raises StorageError."""
        dispatch(self.store, self.senders, self.house.clock, conversation_id)


class NoNudger:
    """For a process without a queue (`handrail chat`): the sweep of a running worker finds it."""

    def nudge_delivery(self, conversation_id: ConversationId) -> None:
        """Nothing to wake."""

    def nudge_referral(self, referral_id: ReferralId) -> None:
        """Nothing to wake."""


def wire(
    config: Config, *, nudger: Nudger | None = None, clock: Clock | None = None, demo: bool = False
) -> Wired:
    """Open the record, load the words, hand each room its own section.

    Raises ConfigError, KeyFileError, StorageError, TriageError or PlaybookError: a house with a
    missing or failing part does not open.
    """
    quiet_loggers()
    os.umask(0o077)
    library = library_of(config)
    _must_know_where(config, library)
    lexicon.load(config.service.locale)  # a broken one would make every message wait an hour
    store = open_store(config.database_url, config.key_file)
    clock = clock or SystemClock()
    senders: dict[Platform, Sender] = {
        key: RecordSender(key) for key in (Platform("web"), Platform("terminal"))
    }
    house = House(
        store=store,
        clock=clock,
        service=service_of(config),
        library=lambda: library,
        assess=_assess,
        rules=rules_of(config),
        plan=plan_of(config),
        nudger=nudger or NoNudger(),
        spool=_spool(config, read_key_file(config.key_file)),
        deliver=lambda conversation: dispatch(store, senders, clock, conversation),
    )
    return Wired(config=config, store=store, house=house, senders=senders, demo=demo)


def _assess(text: str, context: Context) -> Assessment:
    return assess(text, context)


def library_of(config: Config) -> Library:
    """The shipped texts with the organisation's own over them. Raises PlaybookError."""
    overlay = config.playbooks.overlay_directory
    return load_library(overlay=None if overlay == NO_PATH else overlay)


def _must_know_where(config: Config, library: Library) -> None:
    """Found at the start, not when the first contact writes. Raises ConfigError."""
    locale, country = config.service.locale, config.service.country
    if locale not in library.locales:
        known = ", ".join(library.locales)
        raise ConfigError(f"service.locale: there is no library for {locale!r}, only for {known}")
    if country not in library.helplines.countries:
        known = ", ".join(sorted(library.helplines.countries))
        raise ConfigError(
            f"service.country: no numbers are known for {country!r}. Use the ISO 3166 code, as GB "
            f"for the United Kingdom; known: {known}"
        )


def service_of(config: Config) -> Service:
    section = config.service
    return Service(
        name=section.name,
        locale=section.locale,
        country=section.country,
        retention_days=section.retention_days,
    )


def rules_of(config: Config) -> DeskRules:
    """Raises ConfigError."""
    queue = config.queue
    return DeskRules(
        targets=load_targets(None if queue.targets_file == NO_PATH else queue.targets_file),
        max_live=queue.max_live_referrals,
        hold_at_most=timedelta(hours=queue.hold_at_most_hours),
        rest_after_release=timedelta(minutes=queue.rest_after_release_minutes),
    )


def plan_of(config: Config) -> tuple[PlannedShift, ...]:
    return tuple(_planned(shift, config.service.time_zone) for shift in config.rota.shifts)


def _planned(shift: ShiftSection, default_zone: str) -> PlannedShift:
    return PlannedShift(
        days=frozenset(DAY_NAMES.index(day) for day in shift.days),
        starts=time.fromisoformat(shift.starts),
        ends=time.fromisoformat(shift.ends),
        zone=shift.time_zone or default_zone,
    )


def _spool(config: Config, keyring: Keyring) -> Spool:
    sealer = AESGCM(bytes.fromhex(keyring.digest("spool key")))

    def seal(plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + sealer.encrypt(nonce, plain, b"spool")

    def unseal(sealed: bytes) -> bytes:
        return sealer.decrypt(sealed[:12], sealed[12:], b"spool")

    return Spool(config.data / "spool", seal, unseal)


def broker_of(config: Config) -> EmbeddedBroker | GivenBroker:
    """Raises ConfigError for a URL that cannot be understood."""
    return open_broker(config.data, redis_url=config.redis.url or None)


def nudger_of(config: Config) -> Nudger:
    return RqNudger(broker_of(config).connection)


def wiring_of(wired: Wired) -> Wiring:
    """What the adapters are lent."""
    house, service = wired.house, wired.house.service
    return Wiring(
        receive=lambda incoming: receive(house, incoming),
        store=wired.store,
        clock=house.clock,
        fallback=lambda locale: fallback_reply(locale, service.country, house.clock.now()),
        alert=house.alert,
    )


def emergency_line(wired: Wired, phrase: str = "emergency_line") -> str:
    """A phrase of the library with its numbers filled in from the helpline table."""
    house, service = wired.house, wired.house.service
    library = house.library()
    facts = Facts(
        locale=service.locale,
        country=service.country,
        now=house.clock.now(),
        service_name=service.name,
        retention_days=service.retention_days,
        eta=HumanEta(),
    )
    return render(library, library.words(service.locale).phrases[phrase], facts)


def house_emergency_number(wired: Wired) -> str:
    """The first number of the country's row, as dialled: "999" of "999 or 112"."""
    house = wired.house
    said = house.library().helplines.country(house.service.country).emergency
    return said.split()[0] if said else ""


def web_chat_of(wired: Wired) -> FastAPI:
    wiring, section, service = wiring_of(wired), wired.config.bots.web, wired.house.service
    settings = WebSettings(
        service_name=service.name,
        locale=service.locale,
        demo=wired.demo,
        secure_cookies=section.public_url.startswith("https://"),
        quick_exit_url=section.quick_exit_url,
        emergency_line=emergency_line(wired),
        emergency_number=house_emergency_number(wired),
        helpline_line=emergency_line(wired, "helpline_line"),
        retention_days=service.retention_days,
        max_message_chars=section.max_message_chars,
    )
    return create_web_chat(
        wiring.receive, wiring.store, wiring.clock, settings, wiring.fallback, wiring.alert
    )


def console_of(wired: Wired) -> FastAPI:
    section, house = wired.config.console, wired.house
    settings = ConsoleSettings(
        service_name=house.service.name,
        time_zone=wired.config.service.time_zone,
        demo=wired.demo,
        secure_cookies=section.public_url.startswith("https://"),
        idle_minutes=section.idle_minutes,
        session_minutes=section.session_hours * 60,
    )
    return create_console(
        wired.store,
        house.clock,
        settings,
        house.rules,
        house.nudger,
        wired.deliver,
        lambda tx, referral, key: announce(house, tx, referral, key),
    )


def terminal_settings_of(wired: Wired, account: str | None) -> TerminalSettings:
    return TerminalSettings(
        locale=wired.house.service.locale, account=account, emergency_line=emergency_line(wired)
    )
