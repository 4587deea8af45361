"""The configuration: strict, secrets from outside the file, addresses that cannot leak."""

import tomllib
from pathlib import Path

import pytest

from handrail.config import effective, for_demo, load
from handrail.config_sections import Config, ShiftSection
from handrail.domain.errors import ConfigError

SECRETS = (
    ("storage", "url"),
    ("redis", "url"),
    ("bots.telegram", "token"),
    ("bots.discord", "token"),
    ("bots.slack", "bot_token"),
    ("bots.slack", "app_token"),
)
BASES = ("telegram.api_base", "discord.api_base", "discord.gateway_url", "slack.api_base")


@pytest.fixture
def read(tmp_path):
    """Write a configuration and load it, in an environment of its own."""

    def read(text, **environ):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ)

    return read


# ---- which file ----


def test_without_a_file_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load(environ={})
    assert config.source is None
    assert config.data == tmp_path / "data"
    assert config.database_url == f"sqlite:///{tmp_path / 'data' / 'handrail.sqlite'}"
    assert config.key_file == tmp_path / "data" / "master.key"


def test_config_toml_here_is_found_and_an_environment_variable_goes_before_it(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text('[service]\nname = "Here"\n')
    other = tmp_path / "other.toml"
    other.write_text('[service]\nname = "Other"\n')
    assert load(environ={}).service.name == "Here"
    assert load(environ={"HANDRAIL_CONFIG": str(other)}).service.name == "Other"
    here = tmp_path / "config.toml"
    assert load(here, {"HANDRAIL_CONFIG": str(other)}).service.name == "Here"


def test_a_file_that_is_not_there_or_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml", {})
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b'[service]\nname = "\xff"\n')
    with pytest.raises(ConfigError, match=r"broken\.toml"):
        load(broken, {})
    broken.write_text("[service\n")
    with pytest.raises(ConfigError, match=r"broken\.toml"):
        load(broken, {})


def test_the_data_directory_may_come_from_the_environment_and_is_absolute(read, tmp_path):
    config = read('[service]\ndata_directory = "x"\n', HANDRAIL_DATA=str(tmp_path / "y"))
    assert config.data == tmp_path / "y"
    assert read('[service]\ndata_directory = "x"\n').data.is_absolute()


# ---- strict ----


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[servce]\n", "servce", "service"),
        ('[service]\nnmae = "x"\n', "service.nmae", "name"),
        ("[bots.web]\nprot = 1\n", "bots.web.prot", "port"),
        ('[bots.telegram]\ntokn = "x"\n', "bots.telegram.tokn", "token"),
        ('[[rota.shifts]]\ndays = ["mon"]\nstart = "18:00"\n', "rota.shifts[0].start", "starts"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(read, text, key, near):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert repr(key) in str(caught.value)
    assert f"did you mean {near!r}" in str(caught.value)


def test_an_unknown_key_like_nothing_known_lists_what_is_known(read):
    with pytest.raises(ConfigError, match="known keys here: level"):
        read("[log]\nqqqq = 1\n")


def test_what_is_internal_cannot_be_set(read):
    with pytest.raises(ConfigError, match="unknown key 'source'"):
        read('source = "x"\n')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[service]\nname = 1\n", "service.name must be "),
        ('[bots.web]\nport = "8080"\n', "bots.web.port must be "),
        ("[bots.web]\nport = true\n", "bots.web.port must be "),
        ("[bots.web]\nenabled = 1\n", "bots.web.enabled must be "),
        ("[console]\nsession_hours = 0.5\n", "console.session_hours must be "),
        ("service = 1\n", "service must be a table"),
        ("[rota]\nshifts = [1]\n", "rota.shifts[0] must be a table"),
        ('[[rota.shifts]]\ndays = "mon"\nstarts = "1:00"\n', "rota.shifts[0].days must be a list"),
        ('[[rota.shifts]]\ndays = ["mon"]\nends = "18:00"\n', "rota.shifts[0].starts is required"),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_key(read, text, key):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert key in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[service]\nretention_days = 0\n", "service.retention_days"),
        ("[queue]\nmax_live_referrals = 0\n", "queue.max_live_referrals"),
        ("[queue]\nhold_at_most_hours = 0\n", "queue.hold_at_most_hours"),
        ("[queue]\nrest_after_release_minutes = -1\n", "queue.rest_after_release_minutes"),
        ("[bots.web]\nmax_message_chars = 0\n", "bots.web.max_message_chars"),
        ("[bots.web]\nport = 0\n", "bots.web.port"),
        ("[console]\nport = 65536\n", "console.port"),
        ("[console]\nidle_minutes = 0\n", "console.idle_minutes"),
        ("[console]\nsession_hours = -3\n", "console.session_hours"),
        ("[console]\nport = 8080\n", "bots.web.port and console.port"),
    ],
)
def test_a_number_that_cannot_work_is_refused_at_the_start(read, text, key):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith(key)


def test_zones_and_shifts_are_checked(read):
    with pytest.raises(ConfigError, match=r"service\.time_zone: unknown time zone 'Europe/Lodon'"):
        read('[service]\ntime_zone = "Europe/Lodon"\n')
    shift = '[[rota.shifts]]\ndays = ["mon"]\nstarts = "{0}"\nends = "23:00"\n'
    for wrong in ("six", "25:00", "18:00+01:00"):
        with pytest.raises(ConfigError, match=r'rota\.shifts\[0\]\.starts must look like "18:30"'):
            read(shift.format(wrong))
    with pytest.raises(ConfigError, match=r"rota\.shifts\[0\]\.days"):
        read('[[rota.shifts]]\ndays = ["Monday"]\nstarts = "18:00"\nends = "23:00"\n')
    with pytest.raises(ConfigError, match=r"rota\.shifts\[0\]\.time_zone"):
        read(shift.format("18:00") + 'time_zone = "Mars"\n')
    assert read(shift.format("18:00")).rota.shifts == (
        ShiftSection(days=("mon",), starts="18:00", ends="23:00"),
    )


def test_log_level_debug_is_refused_because_it_would_print_messages(read):
    for level in ("DEBUG", "info", ""):
        with pytest.raises(ConfigError, match=r"log\.level"):
            read(f'[log]\nlevel = "{level}"\n')
    assert read('[log]\nlevel = "ERROR"\n').log.level == "ERROR"


@pytest.mark.parametrize("platform", ["telegram", "discord", "slack"])
def test_a_platform_without_an_adapter_cannot_be_switched_on(read, platform):
    with pytest.raises(ConfigError, match=rf"bots\.{platform}\.enabled"):
        read(f"[bots.{platform}]\nenabled = true\n")


def test_only_the_known_classifier(read):
    with pytest.raises(ConfigError, match=r"triage\.classifier"):
        read('[triage]\nclassifier = "oracle"\n')


# ---- addresses ----


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "ws://example.org",
        "ftp://127.0.0.1",
        "https://",
        "127.0.0.1:8000",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
        "http://[oops",
        "",
    ],
)
def test_a_token_never_travels_in_clear(read, base, url):
    section, key = base.split(".")
    with pytest.raises(ConfigError, match=rf"bots\.{section}\.{key}"):
        read(f'[bots.{section}]\n{key} = "{url}"\n')


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "url", ["https://api.example.org", "wss://g.example.org", "http://127.0.0.1:9", "ws://[::1]:9"]
)
def test_https_and_this_machine_are_fine(read, base, url):
    section, key = base.split(".")
    config = read(f'[bots.{section}]\n{key} = "{url}"\n')
    assert getattr(getattr(config.bots, section), key) == url


# ---- secrets ----


def secret_of(config: Config, section: str, key: str) -> str:
    value: object = config
    for part in (*section.split("."), key):
        value = getattr(value, part)
    return str(value)


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_a_secret_comes_from_the_environment_before_a_file_before_the_text(
    read, tmp_path, section, key
):
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    table = f'[{section}]\n{key} = "in the text"\n'
    both = f'{table}{key}_file = "{file}"\n'
    variable = f"HANDRAIL_{section}_{key}".replace(".", "_").upper()
    assert secret_of(read(table), section, key) == "in the text"
    assert secret_of(read(both), section, key) == "from a file"
    assert secret_of(read(both, **{variable: "from outside"}), section, key) == "from outside"


def test_a_secret_file_that_cannot_be_read_is_named_by_its_key(read, tmp_path):
    with pytest.raises(ConfigError, match=r"storage\.url_file"):
        read(f'[storage]\nurl_file = "{tmp_path / "gone"}"\n')
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"storage\.url_file"):
        read(f'[storage]\nurl_file = "{odd}"\n')
    with pytest.raises(ConfigError, match=r"redis\.url_file"):
        read("[redis]\nurl_file = 5\n")


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_no_secret_is_ever_printed(read, section, key):
    config = read(f'[{section}]\n{key} = "postgresql://u:hunter2@h/d"\n')
    shown = effective(config)
    assert "hunter2" not in shown
    assert f'{key} = "********"' in shown
    with pytest.raises(ConfigError) as caught:
        read(f'[{section}]\n{key} = ["hunter2"]\n')
    assert "hunter2" not in str(caught.value)


# ---- what is in force ----


def test_what_is_in_force_can_be_read_back_and_is_the_same(read, tmp_path):
    config = read(
        '[service]\nname = "Ours"\ncountry = "IE"\n[queue]\nmax_live_referrals = 3\n'
        '[[rota.shifts]]\ndays = ["sat", "sun"]\nstarts = "18:00"\nends = "02:00"\n'
    )
    shown = effective(config)
    assert shown.splitlines()[0].startswith("# from ")
    again = tmp_path / "again.toml"
    again.write_text(shown)
    assert effective(load(again, {})).splitlines()[1:] == shown.splitlines()[1:]
    assert tomllib.loads(shown)["queue"]["max_live_referrals"] == 3


def test_a_demo_touches_no_real_records(read, tmp_path):
    config = read(
        f'[service]\ndata_directory = "{tmp_path}"\n[storage]\nurl = "postgresql://real"\n'
        'key_file = "/etc/real.key"\n[redis]\nurl = "redis://real"\n'
    )
    demo = for_demo(config)
    assert demo.data == tmp_path / "demo"
    assert demo.database_url == f"sqlite:///{tmp_path / 'demo' / 'handrail.sqlite'}"
    assert demo.key_file == Path(tmp_path / "demo" / "master.key")
    assert demo.redis.url == ""
