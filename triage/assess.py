"""From a text to an Assessment: the one public entry of triage.

    text (and what was written just before) -> normal form -> marks -> findings -> level

Pure apart from the classifier. Never raises: whatever fails, the contact is looked at within the
hour, and the assessment says that it is degraded.
"""

from collections.abc import Iterable
from functools import lru_cache

from handrail.domain.assessment import Assessment, Classifier, Context, Hit, Person, Scores
from handrail.domain.level import FAIL_UP, Level, soonest
from triage import lexicon as lexicons
from triage import person as persons
from triage import policy
from triage.lexicon import Lexicon
from triage.model import RulesOnly, asked
from triage.reading import Mark, Reading, read
from triage.rules import find_all
from triage.rules.base import Found

_EARLIER_MESSAGES = 10
_EARLIER_CHARACTERS = 4_000
_REMEMBERED = 128
"""Earlier messages whose findings are kept, in this process and in memory only."""

_NO_LEXICON = "en"
_SAYS_NOT_WHOM = frozenset(
    {"unclear.nothing_recognised", "unclear.language", "unclear.secrecy", "ideation.mention"}
)
_ABOUT_ANOTHER = frozenset({"third_party_concern", "third_party_unreachable"})


def assess(
    text: str, context: Context | None = None, *, classifier: Classifier | None = None
) -> Assessment:
    """How soon must a human look at this text, and why.

    context.earlier: read together with the text and alone; the soonest level counts.
    classifier: None means rules alone, and that is not degraded.
    """
    known = context if context is not None else Context()
    try:
        return _assess(text, known, classifier or RulesOnly())
    except Exception:
        return _failed(known)


def _assess(text: str, context: Context, classifier: Classifier) -> Assessment:
    lexicon, foreign = _lexicon(context.locale)
    hits, reading = _hits(text, lexicon, reporting=context.reporting)
    hits = [*_earlier_hits(text, context, lexicon), *hits]
    if context.unreadable:
        hits.append(_hit(lexicon, "unclear.nothing_recognised", 0, len(text), signal="media"))
    hits = _without_doubles(hits)
    named = not isinstance(classifier, RulesOnly)
    answers = asked(classifier, [_joined(text, context)]) if named else None
    scores = answers[0] if answers else None
    degraded = named and scores is None
    decision = policy.combine(hits, scores, context)
    ordered = tuple(sorted(hits, key=_urgency))
    return Assessment(
        level=decision.level,
        rules_level=decision.rules_level,
        person=_person(reading, ordered, context, scores),
        signals=_signals(ordered),
        hits=ordered,
        reasons=(*_reasons(ordered, decision.level), *decision.notes),
        score=scores.danger_self[2] if scores else None,
        needs_review=decision.needs_review or degraded or foreign,
        degraded=degraded,
        versions=_versions(lexicon, classifier),
    )


def _failed(context: Context) -> Assessment:
    """Something broke inside: fail up, ask for a review, say so."""
    floors = [FAIL_UP] + ([context.floor] if context.floor is not None else [])
    level = soonest(*floors, Level.P2) if context.recent_urgent else soonest(*floors)
    return Assessment(
        level=level,
        rules_level=level,
        person=Person.THIRD if context.reporting else Person.UNCLEAR,
        signals=("unclassifiable",),
        hits=(),
        reasons=("could not be read by a machine",),
        needs_review=True,
        degraded=True,
        versions=(("policy", policy.VERSION),),
    )


def _lexicon(locale: str) -> tuple[Lexicon, bool]:
    """The lexicon of the locale, or the English one and True when there is none."""
    language = locale.partition("-")[0].lower()
    if language == _NO_LEXICON:
        return lexicons.load(locale), False
    try:
        return lexicons.load(locale), False
    except Exception:
        return lexicons.load(_NO_LEXICON), True


def _joined(text: str, context: Context) -> str:
    earlier = "\n".join(context.earlier[-_EARLIER_MESSAGES:])[-_EARLIER_CHARACTERS:]
    return f"{earlier}\n{text}" if earlier else text


def _hits(text: str, lexicon: Lexicon, *, reporting: bool) -> tuple[list[Hit], Reading]:
    reading = read(text, lexicon, reporting=reporting)
    return [_as_hit(reading, item) for item in find_all(reading)], reading


def _as_hit(reading: Reading, item: Found) -> Hit:
    start, end = reading.normalised.span(item.start, item.end)
    guard = reading.lexicon.guards.get(item.rule)
    if guard is not None:
        return Hit(
            rule=guard.name,
            signal=guard.signal,
            floor=Level.P5,
            start=start,
            end=end,
            reason=guard.reason,
        )
    return _hit(reading.lexicon, item.rule, start, end, floor=item.floor)


def _hit(
    lexicon: Lexicon,
    name: str,
    start: int,
    end: int,
    *,
    floor: Level | None = None,
    signal: str | None = None,
) -> Hit:
    rule = lexicon.rules[name]
    return Hit(
        rule=name,
        signal=signal or rule.signal,
        floor=floor or rule.floor,
        start=start,
        end=end,
        reason=rule.reason,
    )


def _earlier_hits(text: str, context: Context, lexicon: Lexicon) -> list[Hit]:
    """A burst is one thought: what the earlier messages say alone, and together with this one.

    A span lies in the current text; findings wholly in an earlier message have an empty one.
    """
    if not context.earlier:
        return []
    whole = _joined(text, context)
    shift = len(whole) - len(text)
    in_lines, _ = _hits(whole, lexicon, reporting=context.reporting)
    in_one, _ = _hits(whole.replace("\n", " "), lexicon, reporting=context.reporting)
    together = [*in_lines, *in_one]
    alone = [
        hit
        for earlier in context.earlier[-_EARLIER_MESSAGES:]
        for hit in _found_before(earlier, lexicon.locale, context.reporting)
    ]
    placed = [_moved(hit, -shift, len(text)) for hit in together]
    placed += [_moved(hit, -len(whole) - len(hit.reason), len(text)) for hit in alone]
    return [hit for hit in placed if hit.floor in {Level.P1, Level.P2, Level.P3, None}]


@lru_cache(maxsize=_REMEMBERED)
def _found_before(text: str, locale: str, reporting: bool) -> tuple[Hit, ...]:
    """What an earlier message says alone: asked again with every further message of its burst."""
    return tuple(_hits(text, lexicons.load(locale), reporting=reporting)[0])


def forget() -> None:
    """Drop what is remembered of earlier messages: for erasure and for tests."""
    _found_before.cache_clear()


def _moved(hit: Hit, by: int, length: int) -> Hit:
    start = min(max(hit.start + by, 0), length)
    end = min(max(hit.end + by, start), length)
    return Hit(
        rule=hit.rule,
        signal=hit.signal,
        floor=hit.floor,
        start=start if end > start else 0,
        end=end if end > start else 0,
        reason=hit.reason,
    )


def _without_doubles(hits: Iterable[Hit]) -> list[Hit]:
    """One hit per rule, floor and span; of nested spans of one rule the widest."""
    kept = list(dict.fromkeys(hits))
    return [
        hit
        for hit in kept
        if not any(
            other is not hit
            and (other.rule, other.signal, other.floor) == (hit.rule, hit.signal, hit.floor)
            and other.start <= hit.start
            and hit.end <= other.end
            for other in kept
        )
    ]


def _urgency(hit: Hit) -> tuple[str, int]:
    return (hit.floor.value if hit.floor else Level.P5.value + "~", hit.start)


def _signals(hits: Iterable[Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.signal for hit in hits))


def _reasons(hits: Iterable[Hit], level: Level) -> tuple[str, ...]:
    """Most pressing first; harmless readings only where nothing more pressing is there."""
    urgent = level.sooner_than(Level.P4)
    return tuple(
        dict.fromkeys(
            hit.reason for hit in hits if not (urgent and hit.floor in {Level.P4, Level.P5})
        )
    )


def _person(
    reading: Reading, hits: tuple[Hit, ...], context: Context, scores: Scores | None
) -> Person:
    """From the most pressing finding that names somebody; a report is about another person."""
    for hit in hits:
        if hit.floor is None or hit.floor is Level.P5 or hit.start == hit.end:
            continue
        if hit.signal in _ABOUT_ANOTHER:
            return Person.THIRD
        if hit.rule in _SAYS_NOT_WHOM:
            continue
        return _of_hit(reading, hit)
    whole = persons.of_text(reading)
    if context.unreadable and not reading.words:
        return Person.THIRD if context.reporting else Person.UNCLEAR
    if whole is Person.UNCLEAR and scores is not None:
        return scores.person
    return whole


def _of_hit(reading: Reading, hit: Hit) -> Person:
    tokens = reading.normalised.tokens
    offsets = reading.normalised.offsets
    inside = [i for i, t in enumerate(tokens) if t.start >= hit.start and t.end <= hit.end]
    if not inside:
        return persons.of_text(reading)
    start = offsets[inside[0]]
    end = offsets[inside[-1]] + len(tokens[inside[-1]].text) + 1
    return persons.of_mark(reading, Mark(name=hit.rule, start=start, end=end))


def _versions(lexicon: Lexicon, classifier: Classifier) -> tuple[tuple[str, str], ...]:
    only_rules = isinstance(classifier, RulesOnly)
    name = classifier.name if only_rules else f"{classifier.name} {classifier.version}"
    return (
        ("lexicon", lexicon.version),
        ("policy", policy.VERSION),
        ("classifier", name),
    )
