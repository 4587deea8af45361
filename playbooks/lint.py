"""Checks every text of a library against the safe-messaging rules.

`forbid` rules look at each text by itself: steps, alternatives, buttons, questions, phrases.
`require` rules look at a whole playbook as it may be said: its first texts, and once more with
each alternative in place. Beyond the patterns:
    L100  length: words of a playbook (100 at P1, else 130), words of a sentence (22)
    L101  reading grade: error above 8, warning above 6 (English)
    L102  placeholders can be filled for every country at every hour of the week
    L106  no dead end: every button and every answer leads somewhere
    L109  a locale's own country has a confirmed line that answers day and night
    L110  an exemption names a rule that exists and would otherwise complain
"""

from collections.abc import Iterator
from dataclasses import dataclass

from playbooks import readability
from playbooks.lint_rules import Limits, Rule, RuleBook, rule_book
from playbooks.lint_ways import dead_ends, own_country, unfilled
from playbooks.model import Flow, Library, Playbook, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One complaint. key: "playbooks/<key>", "flows/<name>/<question>" or "words/<phrase>".
    step: number of the step, from 1; None for the whole. excerpt: what was found."""

    rule: str
    severity: str
    locale: str
    file: str
    key: str
    step: int | None
    excerpt: str
    why: str

    def __str__(self) -> str:
        step = f" step {self.step}" if self.step is not None else ""
        found = f" “{self.excerpt}”" if self.excerpt else ""
        return f"{self.severity}: {self.file}:{step} {self.rule}{found}: {self.why}"


def check(library: Library) -> list[Finding]:
    """Every finding, errors first, then by file and rule. Errors must stop a release."""
    book = rule_book()
    findings = [
        *(f for playbook in library.playbooks.values() for f in check_playbook(playbook, book)),
        *(f for flow in library.flows.values() for f in _flow(flow, book)),
        *(f for words in library.words_by_locale.values() for f in _words(words, book)),
    ]
    for way in (*dead_ends(library), *unfilled(library), *own_country(library)):
        findings.append(
            Finding(
                rule=way.rule, severity="error", locale=way.locale, file=way.file, key=way.key,
                step=None, excerpt=way.excerpt, why=way.why,
            )
        )  # fmt: skip
    return sorted(findings, key=lambda f: (f.severity, f.file, f.rule, f.step or 0, f.excerpt))


def check_playbook(playbook: Playbook, book: RuleBook | None = None) -> list[Finding]:
    """One playbook by itself: for a preview while it is edited."""
    book = book or rule_book()
    found = [*_forbidden_in(playbook, book), *_required_in(playbook, book)]
    found += _readable(playbook, book.limits)
    complaining = {finding.rule for finding in found}
    kept = [finding for finding in found if finding.rule not in playbook.exempt]
    for rule in sorted(playbook.exempt):
        if rule not in complaining:
            why = "this exemption is not needed: take it out"
            kept.append(_finding(playbook, "L110", "warn", None, rule, why))
    return kept


def tags_of(playbook: Playbook) -> frozenset[str]:
    """What `applies_to` may name: audience, levels, lint cases, first_contact."""
    first = {"first_contact"} if playbook.when == "first_contact" else set()
    return frozenset(
        {playbook.audience.value, *(level.value for level in playbook.levels)}
        | set(playbook.lint_case)
        | first
    )


def forbidden(text: str, book: RuleBook | None = None) -> list[tuple[Rule, str]]:
    """(rule, what was found) for every `forbid` rule that a text breaks."""
    rules = (book or rule_book()).rules.values()
    hits = ((rule, rule.found_in(text)) for rule in rules if rule.kind == "forbid")
    return [(rule, found) for rule, found in hits if found is not None]


def _forbidden_in(playbook: Playbook, book: RuleBook) -> Iterator[Finding]:
    for number, step in enumerate(playbook.steps, 1):
        for text in (*step.texts, *(choice.label for choice in step.choices)):
            for rule, found in forbidden(text, book):
                yield _finding(playbook, rule.id, rule.severity, number, found, rule.why)


def _required_in(playbook: Playbook, book: RuleBook) -> Iterator[Finding]:
    tags = tags_of(playbook)
    required = [r for r in book.rules.values() if r.kind == "require" and r.applies(tags)]
    missing: dict[str, tuple[Rule, int]] = {}
    for number, said in _ways_to_say(playbook):
        for rule in required:
            if rule.found_in(said) is None:
                missing.setdefault(rule.id, (rule, number))
    for rule, number in missing.values():
        where = "" if number == 0 else f"alternative of step {number}"
        yield _finding(playbook, rule.id, rule.severity, None, where, f"missing: {rule.why}")


def _ways_to_say(playbook: Playbook) -> Iterator[tuple[int, str]]:
    """(0, the first texts), then (step, the same with one alternative in its place)."""
    first = [step.texts[0] for step in playbook.steps]
    yield 0, "\n".join(first)
    for number, step in enumerate(playbook.steps, 1):
        for text in step.texts[1:]:
            yield number, "\n".join([*first[: number - 1], text, *first[number:]])


def _readable(playbook: Playbook, limits: Limits) -> Iterator[Finding]:
    emergency = any(level == "P1" for level in playbook.levels)
    most = limits.words_emergency if emergency else limits.words
    for number, said in _ways_to_say(playbook):
        count = len(readability.words(said))
        if count > most:
            why = f"{count} words; at most {most}"
            yield _finding(playbook, "L100", "error", number or None, "", why)
        if not playbook.locale.startswith("en"):
            continue
        level = readability.grade(said)
        if level > limits.grade_warn:
            severity = "error" if level > limits.grade_error else "warn"
            why = f"reading grade {level:.1f}; aim for {limits.grade_warn:.0f} or less"
            yield _finding(playbook, "L101", severity, number or None, "", why)
    for number, step in enumerate(playbook.steps, 1):
        for text in step.texts:
            for long in _long_sentences(text, limits.sentence_words):
                why = f"a sentence has more than {limits.sentence_words} words"
                yield _finding(playbook, "L100", "error", number, long, why)


def _long_sentences(text: str, most: int) -> list[str]:
    return [
        f"{sentence[:40]}…"
        for sentence in readability.sentences(text)
        if len(readability.words(sentence)) > most
    ]


def _flow(flow: Flow, book: RuleBook) -> Iterator[Finding]:
    for question in flow.questions:
        key = f"flows/{flow.name}/{question.id}"
        labels = [answer.label for answer in question.answers]
        for text in (question.text, question.again, *labels):
            for rule, found in forbidden(text, book):
                yield _elsewhere(flow, key, rule.id, rule.severity, found, rule.why)
            for long in _long_sentences(text, book.limits.sentence_words):
                why = f"a sentence has more than {book.limits.sentence_words} words"
                yield _elsewhere(flow, key, "L100", "error", long, why)


def _words(words: Words, book: RuleBook) -> Iterator[Finding]:
    for name, phrase in words.phrases.items():
        for rule, found in forbidden(phrase, book):
            yield _elsewhere(words, f"words/{name}", rule.id, rule.severity, found, rule.why)


def _finding(
    playbook: Playbook, rule: str, severity: str, step: int | None, excerpt: str, why: str
) -> Finding:
    return Finding(
        rule=rule, severity=severity, locale=playbook.locale, file=playbook.file,
        key=f"playbooks/{playbook.key}", step=step, excerpt=excerpt, why=why,
    )  # fmt: skip


def _elsewhere(
    source: Flow | Words, key: str, rule: str, severity: str, excerpt: str, why: str
) -> Finding:
    return Finding(
        rule=rule, severity=severity, locale=source.locale, file=source.file, key=key, step=None,
        excerpt=excerpt, why=why,
    )  # fmt: skip
