"""Disguises are read through, and every word leads back to the original characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.lexicon import load
from triage.normalise import MAX_CHARACTERS, Normalised, normalise

SPELLING = load("en").spelling


def plain(text: str) -> str:
    return normalise(text, SPELLING).text.strip(" |")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SUICIDE", "suicide"),
        ("su1c1de", "suicide"),
        ("$uicide", "suicide"),
        ("su!cide", "suicide"),
        ("s*icide", "suicide"),
        ("s u i c i d e", "suicide"),
        ("s.u.i.c.i.d.e", "suicide"),
        ("k i l l m y s e l f", "kill myself"),
        ("sui\u200bcide", "suicide"),
        ("sui\u00adcide", "suicide"),
        ("suісіdе", "suicide"),  # Cyrillic letters inside
        ("ｓｕｉｃｉｄｅ", "suicide"),  # full width
        ("𝓼𝓾𝓲𝓬𝓲𝓭𝓮", "suicide"),  # mathematical script
        ("suíçide", "suicide"),
        ("suiiiiciiide", "suicide"),
        ("sucide", "suicide"),
        ("suicidle", "suicidal"),
        ("sewer slide", "suicide"),
        ("un-aliving", "killing"),
        ("dont", "do not"),
        ("don’t", "do not"),
        ("cant", "can not"),
        ("im gonna", "i am going to"),
        ("ill do it", "i will do it"),
        ("i feel ill", "i feel ill"),
        ("id rather", "i would rather"),
        ("hell be dead", "he will be dead"),
        ("what the hell", "what the hell"),
        ("tmrw 2nite", "tomorrow tonight"),
        ("mum's asleep", "mum is asleep"),
        ("nobody'll know", "nobody will know"),
        ("self-harm", "self harm"),
        ("bye 💀", "bye :skull:"),
        ("no one", "nobody"),
    ],
)
def test_reads_through(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("watn to kll", "want to kill"),
        ("hrut mysef", "hurt myself"),
        ("tonihgt", "tonight"),
        ("tomorrrow", "tomorrow"),
        ("overdsoe", "overdose"),
        ("ovredosse", "overdose"),
        ("killling hersef", "killing herself"),
        ("hoplesss", "hopeless"),
        ("goign to dieing", "going to dying"),
        ("i wan die", "i want to die"),
    ],
)
def test_hasty_fingers_are_read(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    "word",
    """table tales sacred scare ham hut tight fever beating bathing tapped ding gong exiting feral
    homeless drying kipling dad kissing kicking skill wad kin bill sort haring wan""".split(),  # noqa: SIM905
)
def test_a_word_of_its_own_is_never_taken_for_a_slip(word: str) -> None:
    assert plain(word) == word


def test_a_slip_is_shown_as_it_was_typed() -> None:
    text = "so i WNAT to  hrut someone"
    result = normalise(text, SPELLING)
    shown = [text[token.start : token.end] for token in result.tokens]
    assert shown == ["so", "i", "WNAT", "to", "hrut", "someone"]
    assert not result.disguised  # a slip hides nothing


def test_every_slip_stays_with_its_first_letter_and_is_not_a_known_word() -> None:
    for word in SPELLING.core:
        assert SPELLING.slip(word) == word
        for place in range(1, len(word)):
            typed = word[:place] + word[place + 1 :]
            if typed in SPELLING.known or typed in SPELLING.real:
                assert SPELLING.slip(typed) == typed
            elif len(word) > 3:
                assert SPELLING.slip(typed)[0] == word[0]


def test_sentences_clauses_and_quotations_are_kept_apart() -> None:
    assert plain("Stop. Go, now? 'yes'") == 'stop | go , now ? " yes "'


def test_a_disguised_word_is_reported_where_it_stands() -> None:
    text = "hi su1c1de bye"
    (span,) = normalise(text, SPELLING).disguised
    assert text[slice(*span)] == "su1c1de"


def test_plain_numbers_and_words_are_no_disguise() -> None:
    assert normalise("see you at 10 in room 4b, don't be late", SPELLING).disguised == ()


def test_another_alphabet_is_counted_not_guessed() -> None:
    assert normalise("我不想活了", SPELLING).foreign_letters == 5


def test_a_span_leads_back_to_the_original() -> None:
    text = "Honestly, I’m   gonna K1LL myself."
    result = normalise(text, SPELLING)
    at = result.text.index("kill myself")
    start, end = result.span(at, at + len("kill myself "))
    assert text[start:end] == "K1LL myself"


def test_very_long_texts_are_read_head_and_tail() -> None:
    text = "start " + "word " * 5_000 + "the very end"
    result = normalise(text, SPELLING)
    at = result.text.index("very end")
    start, end = result.span(at, at + len("very end "))
    assert len(text) > MAX_CHARACTERS
    assert result.text.startswith(" | start word")
    assert text[start:end] == "very end"


def _sound(result: Normalised) -> None:
    length = len(result.original)
    assert result.text.startswith(" | ")
    assert result.text.endswith(" | ")
    assert "  " not in result.text
    assert len(result.offsets) == len(result.tokens)
    for token, offset in zip(result.tokens, result.offsets, strict=True):
        assert result.text.startswith(token.text + " ", offset)
        assert 0 <= token.start < token.end <= length
        assert result.span(offset, offset + len(token.text) + 1)[0] >= 0
    for start, end in result.disguised:
        assert 0 <= start < end <= length


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_sound_normal_form(text: str) -> None:
    _sound(normalise(text, SPELLING))


_TRICKY = st.lists(
    st.sampled_from(
        ["s u i c i d e", "k1ll", "💀", "\u200b", "…", "'", "don’t", "ill", "été", "нет", "a*b",
         "-", "\n", "?!", "no one", "sewer", "slide", "2nite", "😶\u200d🌫️", " ", "ﬁ", "ß", "İ"]
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_TRICKY, st.sampled_from(["", " "]))
def test_tricky_mixtures_are_sound(parts: list[str], glue: str) -> None:
    _sound(normalise(glue.join(parts), SPELLING))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab ck!*1.,-\n'", min_size=0, max_size=40), st.integers(0, 900))
def test_long_mixtures_are_sound(text: str, times: int) -> None:
    _sound(normalise(text * times, SPELLING))
