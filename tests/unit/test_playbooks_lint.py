"""The checks of a whole library: what is required where, reading ease, dead ends, placeholders."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from handrail.domain.cover import Audience
from handrail.domain.level import Level
from playbooks.helplines import Helplines
from playbooks.lint import Finding, check, check_playbook, tags_of
from playbooks.lint_rules import rule_book
from playbooks.load import load_library
from playbooks.model import Answer, Choice, Flow, Library, Playbook, Question, Step
from playbooks.readability import grade, sentences, syllables, words
from tests.fixtures.playbooks import TEXT, tiny_library


def made(text: str = TEXT, **kwargs: object) -> Playbook:
    fields: dict[str, object] = {
        "key": "k",
        "locale": "en-GB",
        "audience": Audience.SELF,
        "levels": (Level.P3,),
        "steps": (Step(texts=(text,)),),
    }
    return Playbook(**(fields | kwargs))  # type: ignore[arg-type]


def rules(playbook: Playbook) -> set[str]:
    return {finding.rule for finding in check_playbook(playbook)}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(tiny_library(tmp_path_factory.mktemp("tiny")))


def test_the_tiny_library_is_clean(tiny: Library) -> None:
    assert check(tiny) == []


def test_the_shipped_library_has_no_error() -> None:
    errors = [str(finding) for finding in check(load_library()) if finding.severity == "error"]
    assert errors == []


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("Q101", "Thank you for writing. "),
        ("Q102", "{{emergency_number}}"),
        ("Q103", "{{helpline:primary_open_now}}"),
        ("Q104", "{{human_eta}}"),
        ("Q105", "person"),
        ("Q106", "Are you thinking about suicide? "),
    ],
)
def test_what_a_reply_must_hold(rule: str, gone: str) -> None:
    assert rule not in rules(made())
    assert rule in rules(made(TEXT.replace(gone, "")))


def test_a_way_on_is_required() -> None:
    text = TEXT.replace("Are you thinking about suicide?", "Some think about suicide.")
    assert "Q109" in rules(made(text.replace("Reply", "Send").replace("reply", "write")))


@pytest.mark.parametrize(
    ("facts", "rule", "wanted"),
    [
        ({"audience": Audience.SELF, "levels": (Level.P2,)}, "Q106", True),
        ({"audience": Audience.SELF, "levels": (Level.P3, Level.P4)}, "Q106", True),
        ({"audience": Audience.SELF, "levels": (Level.P4,)}, "Q106", False),
        ({"audience": Audience.REPORT, "levels": (Level.P2,)}, "Q106", False),
        ({"levels": (Level.P4,), "lint_case": ("self&P3",)}, "Q106", True),
        ({"levels": (Level.P5,)}, "Q102", False),
        ({"audience": Audience.FRIEND, "levels": (Level.P5,)}, "Q102", True),
        ({"levels": (Level.P1,)}, "Q102", True),
        ({"lint_case": ("first_contact",)}, "Q107", True),
        ({"when": "first_contact"}, "Q107", True),
        ({}, "Q107", False),
        ({"audience": Audience.FRIEND}, "Q108", True),
        ({"lint_case": ("follow_up",)}, "Q108", True),
        ({"levels": ()}, "Q101", True),
    ],
)
def test_where_a_requirement_applies(facts: dict[str, object], rule: str, wanted: bool) -> None:
    playbook = made("Nothing of what is needed.", **facts)
    assert rule_book().rules[rule].applies(tags_of(playbook)) is wanted
    assert (rule in rules(playbook)) is wanted


def test_every_alternative_must_hold_what_the_first_holds() -> None:
    poor = TEXT.replace("{{emergency_number}}", "someone")
    findings = check_playbook(made(steps=(Step(texts=(TEXT, poor)),)))
    assert [(f.rule, f.excerpt) for f in findings] == [("Q102", "alternative of step 1")]


def test_what_is_required_may_stand_in_any_step() -> None:
    parts = TEXT.partition("Open now")
    steps = (Step(texts=(parts[0],)), Step(texts=(parts[1] + parts[2],)))
    assert rules(made(steps=steps)) == set()


def test_a_button_is_linted_too() -> None:
    step = Step(texts=(TEXT,), choices=(Choice(label="Calm down", action="later"),))
    (finding,) = check_playbook(made(steps=(step,)))
    assert (finding.rule, finding.step, finding.excerpt) == ("L006", 1, "Calm down")


def test_an_exemption_silences_one_rule_and_must_be_needed() -> None:
    text = TEXT.replace("{{human_eta}}", "here")
    assert rules(made(text)) == {"Q104"}
    assert rules(made(text, exempt=MappingProxyType({"Q104": "a confirmation"}))) == set()
    spare = check_playbook(made(exempt=MappingProxyType({"Q104": "not needed"})))
    assert [(f.rule, f.severity, f.excerpt) for f in spare] == [("L110", "warn", "Q104")]


def test_length_is_shorter_in_an_emergency() -> None:
    text = TEXT + " You can write here." * 18
    assert 100 < len(words(text)) <= 130
    assert "L100" not in rules(made(text))
    assert "L100" in rules(made(text, levels=(Level.P1,)))
    assert "L100" in rules(made(text + " You can write here." * 8))


def test_a_long_sentence_is_named() -> None:
    long = "You can " + "and ".join(["go on "] * 8) + "here."
    (finding,) = [f for f in check_playbook(made(TEXT + " " + long)) if f.rule == "L100"]
    assert finding.excerpt.startswith("You can go on")


def test_reading_grade_warns_and_then_refuses() -> None:
    hard = " Unfortunately, availability is unpredictable today."
    mild = [f for f in check_playbook(made(TEXT + hard)) if f.rule == "L101"]
    assert [(f.severity, f.why) for f in mild] == [("warn", "reading grade 7.0; aim for 6 or less")]
    worse = [f for f in check_playbook(made(TEXT + hard * 9)) if f.rule == "L101"]
    assert [f.severity for f in worse] == ["error"]
    other = made(TEXT + hard * 9, locale="de-DE")
    assert "L101" not in rules(other), "the grade is for English only"


def flow(*questions: Question, closing: tuple[str, ...] = ()) -> Flow:
    return Flow(name="f", locale="en-GB", questions=questions, closing=closing)


ENDS = Answer(value="no", label="No", goto="end")


@pytest.mark.parametrize(
    ("made_flow", "silent"),
    [
        (flow(Question(id="a", text="A?")), ["skipped"]),
        (flow(Question(id="a", text="A?", skippable=False)), ["free text"]),
        (flow(Question(id="a", text="A?", answers=(ENDS,), skippable=False)), ["no"]),
        (flow(Question(id="a", text="A?"), closing=("welcome",)), []),
        (
            flow(
                Question(id="a", text="A?", answers=(replace(ENDS, before="later_ok"),),
                         skippable=False)
            ),
            [],
        ),
        (
            flow(
                Question(id="a", text="A?", answers=(replace(ENDS, goto=None),)),
                Question(id="b", text="B?", only_if=("a", ("yes",)), skippable=False),
            ),
            ["free text", "no", "skipped"],
        ),
    ],
)  # fmt: skip
def test_no_answer_ends_in_silence(tiny: Library, made_flow: Flow, silent: list[str]) -> None:
    flows = dict(tiny.flows) | {("en-GB", "f"): made_flow}
    found = [f.excerpt for f in check(replace(tiny, flows=flows)) if f.rule == "L106"]
    assert sorted(found) == silent


def test_a_button_needs_its_flow(tiny: Library) -> None:
    step = Step(texts=(TEXT,), choices=(Choice(label="Status", action="status"),))
    playbooks = dict(tiny.playbooks) | {("en-GB", "k"): made(steps=(step,))}
    flows = {key: value for key, value in tiny.flows.items() if key[1] != "status"}
    findings = check(replace(tiny, playbooks=playbooks, flows=flows))
    assert [(f.rule, f.key, f.excerpt) for f in findings] == [("L106", "playbooks/k", "status")]


def test_questions_and_phrases_are_linted(tiny: Library) -> None:
    asked = flow(Question(id="a", text="Why is that?", again="Calm down."), closing=("welcome",))
    spoken = replace(
        tiny.words("en-GB"), phrases=dict(tiny.words("en-GB").phrases) | {"eta_unknown": "soon"}
    )
    findings = check(
        replace(
            tiny,
            flows=dict(tiny.flows) | {("en-GB", "f"): asked},
            words_by_locale={"en-GB": spoken},
        )
    )
    assert {(f.rule, f.key) for f in findings} == {
        ("L018", "flows/f/a"),
        ("L006", "flows/f/a"),
        ("L016", "words/eta_unknown"),
    }
    assert findings[0].severity == "error", "errors come first"


def test_a_placeholder_that_stays_empty_is_found(tiny: Library) -> None:
    empty = replace(
        tiny.words("en-GB"),
        phrases=dict(tiny.words("en-GB").phrases) | {"emergency_unknown": " "},
    )
    findings = check(replace(tiny, words_by_locale={"en-GB": empty}))
    assert [(f.rule, f.key, f.excerpt) for f in findings] == [
        ("L102", "helplines/ZZ", "emergency_number")
    ]


def test_a_locale_needs_a_line_that_is_always_open(tiny: Library) -> None:
    bare = replace(tiny, helplines=Helplines(links=tiny.helplines.links))
    assert [f.rule for f in check(bare)] == ["L109"]


def test_a_finding_says_where_what_and_why() -> None:
    finding = Finding(
        rule="L006", severity="error", locale="en-GB", file="en-GB/playbooks/k.toml",
        key="playbooks/k", step=2, excerpt="calm down", why="minimising",
    )  # fmt: skip
    assert str(finding) == "error: en-GB/playbooks/k.toml: step 2 L006 “calm down”: minimising"


def test_the_rules_are_complete_and_sourced() -> None:
    ids = set(rule_book().rules)
    assert {f"L{n:03}" for n in range(1, 22)} | {f"Q{n}" for n in range(101, 110)} <= ids
    assert (Path(__file__).parents[2] / "playbooks" / "lint_rules.toml").exists()


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("call", 1), ("danger", 2), ("person", 2), ("automated", 4), ("suicide", 3), ("people", 2),
        ("here", 1), ("trained", 1), ("wanted", 2), ("a", 1), ("emergency", 4), ("trouble", 2),
        ("volunteer", 3), ("messages", 3), ("times", 1), ("someone", 2),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert abs(syllables(word) - count) <= (1 if word in {"suicide", "someone"} else 0)


def test_sentences_and_words() -> None:
    text = "Call {{emergency_number}} now. Are you safe?\n\n- Stay here\nDon't wait for well-meant"
    assert sentences(text) == [
        "Call it now.", "Are you safe?", "- Stay here", "Don't wait for well-meant",
    ]  # fmt: skip
    assert words("Don't wait: well-meant 24/7.") == ["Don't", "wait", "well-meant", "24", "7"]


def test_grade_orders_texts_as_a_reader_would() -> None:
    easy = "We are here. You can talk to us. We will read it."
    plain = "A trained person will read your report and write to you here today."
    hard = "Immediate psychological intervention necessitates interdisciplinary consideration."
    assert grade(easy) < grade(plain) < grade(hard)
    assert grade(easy) < 2
    assert grade(hard) > 12
    assert grade("") == 0.0
