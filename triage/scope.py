"""What surrounds a match: denied, long past, another's words, or a harmless reading."""

from triage.lexicon import Rule
from triage.reading import Mark, Reading

NEGATORS = frozenset(
    ["not", "never", "no", "without", "nobody", "none", "hardly", "nor", "neither"]
)
_STARTS_ANEW = frozenset(["and", "so", "then", "because", "cos", "when", "anymore", "more"])
_SUBJECTS = frozenset(["i", "he", "she", "they", "we"])
_OPINIONS = frozenset(
    "think believe mean say says saying said that suggest feel if".split()  # noqa: SIM905
)
_NOT_A_DENIAL = frozenset(
    """
    joking kidding sure even only just because know knowing today tonight now yet tomorrow lying
    messing bluffing scared afraid long asking sorry alone matter one cap point
    """.split()  # noqa: SIM905
)


def negated(reading: Reading, mark: Mark) -> bool:
    """A denial stands before the match in its own clause.

    "not tonight", "not joking", "not even" deny something else. "I can not promise that I will
    not" is two denials, and its own rule.
    """
    start, _ = reading.clause(mark)
    before = reading.text[start : mark.start].split()[-9:]
    count = 0
    for place, word in enumerate(before):
        previous = before[place - 1] if place else ""
        following = before[place + 1] if place + 1 < len(before) else ""
        if word in _STARTS_ANEW or (word in _SUBJECTS and count and previous not in _OPINIONS):
            count = 0
        elif word in NEGATORS and following not in _NOT_A_DENIAL and following != "longer":
            count += 1
    return count % 2 == 1


def postponed(reading: Reading, mark: Mark) -> bool:
    """The denial holds for one day only: "I am not going to do it today"."""
    _, end = reading.sentence(mark)
    return any(mark.start <= time.start < end for time in reading.of("cue.today", "cue.soon"))


_LOOKS_BACK = frozenset({"attempt_recent", "self_harm", "attempt"})


def past(reading: Reading, rule: Rule, mark: Mark) -> bool:
    """A year or more ago, or "used to".

    For deeds the whole sentence tells when; for thoughts and intentions only the clause does:
    "I tried years ago and now I will do it" is about now.
    """
    if not reading.has("cue.long_ago"):
        return False
    start, end = reading.sentence(mark) if rule.family in _LOOKS_BACK else reading.clause(mark)
    inside = any(start <= old.start and old.end <= end + 1 for old in reading.of("cue.long_ago"))
    return inside or (
        rule.family in _LOOKS_BACK and reading.near(mark, "cue.long_ago", words=2) is not None
    )


def recent(reading: Reading, mark: Mark) -> bool:
    """Days or weeks ago, said in the same sentence."""
    start, end = reading.sentence(mark)
    return any(start <= cue.start and cue.end <= end + 1 for cue in reading.of("cue.recent_past"))


def guarded(reading: Reading, rule: Rule, mark: Mark) -> bool:
    """A harmless reading covers this match, and only as far as its reach."""
    for guard in reading.lexicon.guards.values():
        if guard.name not in reading.marks or not guard.covers_rule(rule):
            continue
        for cover in reading.marks[guard.name]:
            if guard.reach == "text" or cover.overlaps(mark):
                return True
            if guard.reach in {"sentence", "near"}:
                start, end = reading.sentence(mark)
                if guard.reach == "near":
                    start, end = reading.beside(start, end)
                if start <= cover.start and cover.end <= end + 1:
                    return True
    return False


def counts(reading: Reading, rule: Rule, mark: Mark) -> bool:
    """The match stands: no guard covers it and no scope of the rule's `unless` applies."""
    if guarded(reading, rule, mark):
        return False
    if (
        "negated" in rule.unless
        and negated(reading, mark)
        and not (rule.family == "intent" and postponed(reading, mark))
    ):
        return False
    if "recent" in rule.unless and recent(reading, mark):
        return False
    return not ("past" in rule.unless and past(reading, rule, mark))


def live(reading: Reading, name: str) -> list[Mark]:
    """The marks of a rule that stand."""
    marks = reading.marks.get(name)
    if not marks:
        return []
    rule = reading.lexicon.rules[name]
    return [mark for mark in marks if counts(reading, rule, mark)]
