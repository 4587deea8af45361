"""An assessment as a JSON-ready record, and as words for a terminal."""

from typing import Any

from handrail.domain.assessment import Assessment, Hit


def as_record(assessment: Assessment) -> dict[str, Any]:
    """One JSON object: what `handrail triage --jsonl` writes. Holds no text of the contact."""
    return {
        "level": assessment.level.value,
        "name": assessment.level.label,
        "person": assessment.person.value,
        "signals": list(assessment.signals),
        "score": assessment.score,
        "hits": [_hit(hit) for hit in assessment.hits],
        "reasons": list(assessment.reasons),
        "needs_review": assessment.needs_review,
        "degraded": assessment.degraded,
        "rules_level": assessment.rules_level.value,
        "versions": dict(assessment.versions),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rule": hit.rule,
        "signal": hit.signal,
        "floor": hit.floor.value if hit.floor else None,
        "start": hit.start,
        "end": hit.end,
        "reason": hit.reason,
    }


def explain(assessment: Assessment, text: str = "") -> str:
    """Several lines for a person: level, whom it is about, why, and what each rule saw.

    text: when given, the words each hit covers are shown.
    """
    lines = [
        f"{assessment.level.value}  {assessment.level.label}",
        f"about: {_ABOUT[assessment.person.value]}",
    ]
    lines += [f"  - {reason}" for reason in assessment.reasons]
    if assessment.hits:
        lines.append("rules:")
    for hit in assessment.hits:
        seen = f'  "{text[hit.start : hit.end]}"' if text and hit.end > hit.start else ""
        lines.append(f"  {hit.floor.value if hit.floor else '--'}  {hit.rule}{seen}")
    if assessment.needs_review:
        lines.append("A person must look at this, whatever the level.")
    if assessment.degraded:
        lines.append("The classifier did not answer: rules alone decided.")
    lines.append("versions: " + ", ".join(f"{part} {v}" for part, v in assessment.versions))
    return "\n".join(lines)


_ABOUT = {"first": "the writer", "third": "somebody else", "unclear": "not clear whom"}
