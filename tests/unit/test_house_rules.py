"""What the import contracts cannot say of the house: nothing undeclared, nothing left out."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import handrail

HOME = Path(handrail.__file__).parent.parent
ROOMS = ("bots", "triage", "referral_queue", "playbooks", "handrail")
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))

COMES_AS = {"argon2-cffi": "argon2", "python-multipart": "", "psycopg": "", "tzdata": ""}
"""Where the import name is another, or where we need it and never import it."""

BOUNDARIES = {
    "bots/adapter.py", "bots/terminal/chat.py", "bots/web/door.py", "bots/web/guard.py",
    "bots/web/pages.py", "bots/web/stream.py",  # the adapter event: the contact has an answer
    "handrail/intake.py", "handrail/rescue.py", "handrail/house.py",  # the same, from inside
    "handrail/spool.py",
    "handrail/console/security.py",  # the request
    "handrail/sweep.py", "referral_queue/jobs.py", "referral_queue/worker.py",  # the job
    "triage/assess.py", "triage/model.py",  # a classifier's failure is a fact, never an error
}  # fmt: skip
"""A new one needs a reason as good as these, an alert, and its name here."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            yield path.relative_to(HOME).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            yield node.module or ""


def test_the_domain_imports_the_standard_library_only():
    for path, tree in sources():
        if path.startswith("handrail/domain/"):
            foreign = {
                name
                for name in imported(tree)
                if name.split(".")[0] not in sys.stdlib_module_names
                and not name.startswith("handrail.domain")
            }
            assert foreign == set(), path


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    used = {
        name.split(".")[0]
        for path, tree in sources()
        for name in imported(tree)
        if not path.startswith("triage/training/")
    }
    used -= {*sys.stdlib_module_names, *ROOMS}
    declared = {re.split(r"[<>=;!\\[ ]", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert used == {COMES_AS.get(name, name) for name in declared} - {""}


def test_every_module_of_the_program_stands_on_a_floor():
    """A file that no layer names could import anything from anywhere."""
    floors = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name for floor in floors for name in floor.split(" | ")}
    modules = {
        f"handrail.{path.stem}"
        for path in (HOME / "handrail").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and not path.name.startswith("__")
    }
    assert modules - named == set()
    assert {name for name in named if name.startswith("handrail.")} - modules == set()


def test_blanket_excepts_stand_at_the_boundaries_alone():
    found = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }
    assert found == BOUNDARIES


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "misc", "common"])
def test_no_room_for_odds_and_ends(word):
    assert [path for path, _ in sources() if word in Path(path).stem.split("_")] == []
