"""The documents say what is there: links lead somewhere, references are complete, both ways."""

import re
import tomllib
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from bots.web.app import create_web_chat
from bots.web.settings import WebSettings
from handrail.cli import main
from handrail.config_sections import Config
from handrail.domain.level import Level
from handrail.domain.referral import Disposition, ReferralState, Role
from handrail.receipt import entropy_bits, word_list
from tests.fakes.paper_house import PaperHouse

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOMS = ("bots", "triage", "referral_queue", "playbooks", "handrail", "tests", "docs")

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./-]*\.\w+)`")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.strip().replace(" ", "-") for head in plain}


def sections(page: str) -> dict[str, str]:
    """Heading of the second level -> what stands under it."""
    parts = re.split(r"^## (.+)$", text_of(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


# ---- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_and_image_leads_somewhere(page: Path):
    dead = []
    for target in _LINK.findall(_CODE.sub("", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        found = (page.parent / path).resolve() if path else page
        there = found.exists() and found.is_relative_to(ROOT)
        if there and anchor and found.suffix == ".md":
            there = anchor in anchors(found)
        if not there:
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_a_page_names_exists(page: Path):
    gone = [path for path in _PATH.findall(prose(page)) if not (ROOT / path).exists()]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_grades_danger_or_names_a_machine(page: Path):
    text = page.read_text(encoding="utf-8")
    graded = re.findall(r"\b(?:low|medium|moderate|high)[\s-]risk\b", text, re.IGNORECASE)
    machine = re.findall(r"(?:^|[\s(`\"'])(?:/work|/home|/root|/tmp|/Users)/\S*", text)
    assert graded == []
    assert machine == []


def test_every_decision_has_a_number_of_its_own_and_is_found_from_the_readme():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name) for page in pages)
    readme = text_of("README.md")
    assert [page.name for page in pages if f"docs/decisions/{page.name}" not in readme] == []


# ---- the readme ---------------------------------------------------------------------------------


def test_the_readme_is_short_and_begins_with_what_matters():
    lines = text_of("README.md").splitlines()
    assert len(lines) <= 150
    opening = "\n".join(lines[:15])
    assert "who is answered first, never who is" in opening
    assert "emergency number" in opening


def test_the_readme_gives_the_limits_and_the_commands():
    readme = text_of("README.md")
    for words in ("not clinical performance", "clinical lead", "safeguarding lead", "data lead"):
        assert words in readme
    makefile = text_of("Makefile")
    for command in ("run", "demo", "test"):
        assert f"make {command}\n" in readme
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
    for picture in ("contact", "console", "terminal"):
        assert f"](docs/images/{picture}.png)" in readme


def test_the_readme_maps_every_room():
    readme = text_of("README.md")
    project = tomllib.loads(text_of("pyproject.toml"))
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"| `{package}/" in readme


# ---- the command line ---------------------------------------------------------------------------


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Every command that help shows, by its full name."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if command.hidden:
            continue
        full = f"{before}{name}"
        if isinstance(command, click.Group):
            found |= commands(command, f"{full} ")
        else:
            found[full] = command
    return found


COMMANDS = commands(main)


def cli_sections() -> dict[str, str]:
    return {
        heading.strip("`").removeprefix("handrail "): body
        for heading, body in sections("docs/reference/cli.md").items()
    }


def test_the_reference_names_exactly_the_commands_there_are():
    assert set(cli_sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_reference_names_exactly_the_options_of_a_command(name: str):
    declared = {
        next(option for option in param.opts if option.startswith("--"))
        for param in COMMANDS[name].params
        if isinstance(param, click.Option)
    }
    listed = set(re.findall(r"^- `(--[\w-]+)", cli_sections()[name], re.MULTILINE))
    assert listed == declared


def test_no_page_names_a_command_that_is_not_there():
    known = {*COMMANDS, *(name.split()[0] for name in COMMANDS)}
    wrong = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for words in re.findall(r"(?:`|^|bin/)handrail ((?:[a-z]+ ?){1,2})", text, re.MULTILINE):
            first, both = words.split()[0], " ".join(words.split()[:2])
            if first == "edge":  # hidden; docs/decisions/0007 explains it
                continue
            nested = any(name.startswith(f"{first} ") for name in COMMANDS)
            if first not in known or (nested and both not in known):
                wrong.append((named(page), words.strip()))
    assert wrong == []


def test_the_roles_of_people_add_are_all_named():
    for role in Role:
        assert f"`{role.value}`" in cli_sections()["people add"]


# ---- the configuration --------------------------------------------------------------------------


def example() -> dict[str, object]:
    """config.example.toml, with the shift that stands in it as a comment."""
    text = text_of("config.example.toml")
    shift = re.search(r"^# \[\[rota\.shifts\]\]\n(?:# \w+ = .*\n)+", text, re.MULTILINE)
    assert shift is not None
    shown = re.sub(r"^# ", "", shift.group(), flags=re.MULTILINE)
    return tomllib.loads(text.replace(shift.group(), shown))


def flat(table: dict[str, object], path: str = "") -> dict[tuple[str, str], object]:
    """(section, key) -> value. A list of tables is the section of its first entry."""
    found: dict[tuple[str, str], object] = {}
    for key, value in table.items():
        full = f"{path}.{key}" if path else key
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = value[0]
        if isinstance(value, dict):
            found |= flat(value, full)
        else:
            found[path, key] = value
    return found


def documented() -> dict[tuple[str, str], str]:
    """(section, key) -> the default as the page writes it."""
    found = {}
    for heading, body in sections("docs/reference/configuration.md").items():
        section = heading.strip("`[]")
        for key, default in re.findall(r"^\| `(\w+)` \| (.+?) \|", body, re.MULTILINE):
            found[section, key] = default
    return found


def test_the_reference_names_exactly_the_keys_of_the_example():
    assert set(documented()) == set(flat(example()))


def test_the_example_shows_every_key_and_every_key_has_its_default():
    in_force = {
        (section, key): value
        for (section, key), value in flat(_as_table(Config())).items()
        if key != "source"
    }
    shown = {place: value for place, value in flat(example()).items() if place[0] != "rota.shifts"}
    in_force.pop(("rota", "shifts"))
    assert shown == in_force


def test_the_reference_gives_the_default_of_the_example():
    shown = flat(example())
    wrong = {
        place: default
        for place, default in documented().items()
        if default != "required" and tomllib.loads(f"x = {default.strip('`')}")["x"] != shown[place]
    }
    # A shift has no default of its own: what stands in the example is an example.
    assert {place for place in wrong if place[0] != "rota.shifts"} == set()


def test_every_secret_says_its_variable():
    text = text_of("docs/reference/configuration.md")
    example_text = text_of("config.example.toml")
    for variable in re.findall(r"HANDRAIL_[A-Z_]+", example_text):
        assert variable in text


def _as_table(section: object) -> dict[str, object]:
    table: dict[str, object] = {}
    for name in section.__dataclass_fields__:
        value = getattr(section, name)
        if hasattr(value, "__dataclass_fields__"):
            table[name] = _as_table(value)
        elif isinstance(value, Path):
            table[name] = "" if value == Path() else str(value)
        else:
            table[name] = value
    return table


# ---- the API, the words, the dependencies -------------------------------------------------------


def test_the_reference_names_exactly_the_routes_of_the_api(clock):
    house = PaperHouse(clock)
    settings = WebSettings(service_name="Handrail")
    app = create_web_chat(house.receive, house, clock, settings, str, lambda *_: None)
    declared = {
        f"`{method.upper()} {path}`"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    headings = {head for head in sections("docs/reference/api.md") if head.startswith("`")}
    assert headings == declared


def test_the_glossary_names_every_state_role_level_and_disposition():
    glossary = text_of("docs/glossary.md")
    words = [*ReferralState, *Role, *Level, *Disposition]
    assert [word.value for word in words if f"`{word.value}`" not in glossary] == []


def test_every_dependency_has_its_sentence_and_every_sentence_its_dependency():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    needed = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[<>=;! ]", line)[0] for line in needed}
    page = text_of("docs/decisions/0002-dependencies.md")
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == names


def test_what_is_said_of_receipts_is_so():
    page = text_of("docs/decisions/0008-receipt-codes.md")
    assert f"{len(word_list()):,} remain" in " ".join(page.split())
    assert f"{entropy_bits():.1f} bits" in page


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in text_of("CHANGELOG.md")


def test_the_hazard_log_is_numbered_without_gaps_and_every_row_is_complete():
    rows = re.findall(r"^\| (H\d\d) \|(.*)\|$", text_of("docs/HAZARDS.md"), re.MULTILINE)
    assert [number for number, _ in rows] == [f"H{n:02}" for n in range(1, len(rows) + 1)]
    for number, row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 9, number
        severity, before, after = cells[3], cells[4], cells[6]
        assert all(mark in "12345" for mark in (severity, before, after)), number
        assert int(after) <= int(before), number
        assert cells[5], number
        assert cells[8] in {"open", "transferred", "controlled"}, number


def test_the_licence_is_the_one_that_is_named():
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text_of("LICENSE")[:200]
