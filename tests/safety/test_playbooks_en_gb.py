"""The shipped en-GB texts as a contact reads them: every playbook, at any hour, in all words."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from handrail.domain.cover import Audience, HumanEta
from handrail.domain.level import Level
from playbooks.choose import choose
from playbooks.lint import check
from playbooks.load import load_library
from playbooks.model import Facts, Playbook, Situation
from playbooks.render import render

LIBRARY = load_library()
LOCALE = "en-GB"
NIGHT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
PLAYBOOKS = [p for (locale, _), p in sorted(LIBRARY.playbooks.items()) if locale == LOCALE]
SOON = HumanEta(within=timedelta(minutes=5))
MORNING = HumanEta(at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
UNKNOWN = HumanEta()
URGENT = (Level.P1, Level.P2)


def facts(eta: HumanEta, country: str = "GB") -> Facts:
    return Facts(
        locale=LOCALE,
        country=country,
        now=NIGHT,
        service_name="Harbour Talk",
        retention_days=30,
        eta=eta,
        opens_at=eta.at,
        values={
            "alias": "Quiet Heron 42",
            "volunteer": "Sam",
            "receipt": "one two three",
            "status": LIBRARY.words(LOCALE).phrases["status_received"],
        },
    )


def every_wording(playbook: Playbook, eta: HumanEta, country: str = "GB") -> list[str]:
    times = max(len(step.texts) for step in playbook.steps)
    return [
        "\n".join(render(LIBRARY, playbook, facts(eta, country), turn=turn))
        for turn in range(times)
    ]


def test_the_shipped_library_has_no_finding_at_all() -> None:
    assert [str(finding) for finding in check(LIBRARY) if finding.locale == LOCALE] == []


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda p: p.key)
def test_nobody_reads_the_same_words_twice_in_a_row(playbook: Playbook) -> None:
    for step in playbook.steps:
        assert len(step.texts) >= 2
        assert len({text.casefold() for text in step.texts}) == len(step.texts)


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda p: p.key)
def test_a_text_reads_well_whatever_the_time_of_the_answer(playbook: Playbook) -> None:
    for eta in (SOON, MORNING, UNKNOWN):
        for text in every_wording(playbook, eta):
            assert "{{" not in text
            assert not re.search(r" [.,?]|\.\.|  ", text)
            assert not re.search(r"do not know the time yet[^.]", text)


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize("level", list(Level))
def test_with_nobody_here_no_text_claims_that_somebody_was_told(
    audience: Audience, level: Level
) -> None:
    for signals in ((), ("abuse_now",), ("minor",), ("psychosis",), ("media",)):
        situation = Situation(
            locale=LOCALE, audience=audience, level=level, signals=frozenset(signals),
            covered=False, free=False,
        )  # fmt: skip
        for repeat in (False, True):
            said = choose(LIBRARY, situation_repeated(situation, repeat))
            for text in every_wording(said, MORNING):
                assert not re.search(r"has been (alerted|told)|is on the way", text)
                assert "08:00 today" in text
                assert "116\u00a0123" in text or "Childline" in text or "Refuge" in text


def situation_repeated(situation: Situation, repeat: bool) -> Situation:
    return Situation(
        locale=situation.locale, audience=situation.audience, level=situation.level,
        signals=situation.signals, covered=situation.covered, free=situation.free, repeat=repeat,
    )  # fmt: skip


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize("level", URGENT)
@pytest.mark.parametrize(("covered", "free"), [(True, True), (True, False), (False, False)])
def test_the_emergency_number_is_in_the_first_message_of_every_urgent_reply(
    audience: Audience, level: Level, covered: bool, free: bool
) -> None:
    situation = Situation(locale=LOCALE, audience=audience, level=level, covered=covered, free=free)
    first = render(LIBRARY, choose(LIBRARY, situation), facts(SOON))[0]
    assert "999 or 112" in first


def test_the_first_thing_said_about_danger_to_somebody_else_is_the_number() -> None:
    for text in every_wording(LIBRARY.playbook(LOCALE, "report_danger"), SOON):
        assert text.index("999 or 112") < 40


@pytest.mark.parametrize(
    "key", ["emergency", "no_volunteer", "out_of_hours_urgent", "abuse_now", "abuse_disclosed"]
)
def test_who_cannot_speak_is_told_what_to_do(key: str) -> None:
    for text in every_wording(LIBRARY.playbook(LOCALE, key), SOON):
        assert "press 55" in text


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda p: p.key)
def test_a_country_that_is_not_listed_gets_words_and_never_a_wrong_number(
    playbook: Playbook,
) -> None:
    for text in every_wording(playbook, UNKNOWN, country="ZZ"):
        assert "999" not in text
        assert "116" not in text
        assert not text.startswith("your local")


def test_what_a_no_to_are_you_safe_does() -> None:
    """To "are you safe right now?" a no makes it more pressing; a yes promises nothing."""
    for playbook in PLAYBOOKS:
        if playbook.audience is Audience.SELF and playbook.levels:
            for step in playbook.steps:
                if "Are you safe right now?" in step.texts[0]:
                    assert playbook.on_no == "unsafe", playbook.key
                    assert playbook.on_yes == "noted", playbook.key


def test_every_flow_leaves_room_to_skip_but_for_what_must_be_known() -> None:
    needed = {
        f"{flow.name}.{question.id}"
        for (locale, _), flow in LIBRARY.flows.items()
        if locale == LOCALE
        for question in flow.questions
        if not question.skippable
    }
    assert needed == {"report.danger_now", "talk.want_talk", "status.code", "delete.confirm"}


def test_the_last_answer_of_a_question_that_acts_is_the_one_that_does_nothing() -> None:
    """What cannot be understood twice counts as the last answer: it must never erase."""
    confirm = LIBRARY.flow(LOCALE, "delete").question("confirm")
    assert confirm is not None
    assert confirm.answers[-1].effect is None
    assert confirm.answers[-1].before == "delete_kept"
