"""What the en-GB flows and intents understand when it is typed, and what they must leave alone.

Leaving alone is the safer half: what is not understood is asked again, or read by triage.
"""

import time

import pytest

from handrail.conversation.turn import heard, intent
from playbooks.load import load_library

LIBRARY = load_library()
LOCALE = "en-GB"
WORDS = LIBRARY.words(LOCALE)
CONTROL = ("stop", "delete", "help", "status", "report", "talk")

# flow, question, answer (None: ask again) -> what may be typed, separated by "|"
TYPED: tuple[tuple[str, str, str | None, str], ...] = (
    ("report", "danger_now", "yes",
     "yes|Yeah|yep!|y|yes please|he is|they are|omg yes|yesss|now|yes, right now|definitely"
     "|yes he is|she is in danger|right now|Yes.|1"),
    ("report", "danger_now", "not_sure",
     "idk|not sure|dunno|i dont know|I don't know|I don’t know|maybe|i think so|probably|no idea"
     "|might be|hard to say|i'm not really sure|possibly|i don't think so|can't tell|i guess"
     "|yes but only sometimes|no but she was yesterday|they might be|honestly idk"),
    ("report", "danger_now", "no",
     "no|nope|nah|not really|no not right now|No.|not right now|no, they are not|no she isn't"),
    ("report", "danger_now", None,
     "she's at home safe|i'm not with her|what do you mean|he said goodbye|yeah no|safe|yes no"
     "|dont worry about him|not yet but tonight|no way he will make it|hello"),
    ("report", "rang", "yes", "yes|yeah just did|i rang them|i called|yes i have|they are coming"),
    ("report", "rang", "no", "no|not yet|no not yet|i can't|I haven't|nope"),
    ("report", "rang", "someone_else",
     "someone else has|my mum did|his sister is|somebody called already"),
    ("report", "rang", None, "what for|idk"),
    ("report", "when_where", "just_now", "just now|5 mins ago|a few minutes ago in a chat"),
    ("report", "when_where", "today", "today at school|this morning|tonight in a post|2 hours ago"),
    ("report", "when_where", "this_week", "yesterday|last night on discord|on monday"),
    ("report", "when_where", "longer", "last week|a few weeks ago|months ago|a while"),
    ("report", "when_where", None, "in a chat"),
    ("report", "reached", "yes", "yes|yeah|she replied|i spoke to him"),
    ("report", "reached", "no_answer",
     "no|nope|no answer|she isn't answering|he's not replying|left me on read|no reply"
     "|no i can't reach him|not answering"),
    ("report", "reached", "blocked", "blocked me|she has blocked me|they blocked me"),
    ("report", "relation", "friend", "my friend|a mate|best mate"),
    ("report", "relation", "family", "my sister|girlfriend|dad|my partner"),
    ("report", "relation", "online", "online|from a game|online friend|we met on discord"),
    ("report", "relation", "colleague", "a colleague|work|someone from school|my student"),
    ("report", "relation", "stranger", "a stranger|dont know them|random person"),
    ("report", "under_18", "them", "they are|she is|him|he is 15|yes she is"),
    ("report", "under_18", "me", "i am|me|im 14|yes i am"),
    ("report", "under_18", "both", "both|we both are|yes both of us"),
    ("report", "under_18", "no", "no|neither|nope|we are both adults|no neither of us"),
    ("report", "under_18", "not_sure", "not sure|idk|i dont know|maybe"),
    ("report", "under_18", None, "yes"),
    ("report", "knows", "yes", "yes|yeah|they do"),
    ("report", "knows", "no", "no|nope|not really|they don't know|she doesn't"),
    ("report", "knows", "not_sure", "not sure|maybe|idk|i think so"),
    ("report", "would_want", "yes", "yes|definitely"),
    ("report", "would_want", "no", "no|nope|no she would hate it|i don't think so"),
    ("report", "would_want", "not_sure", "not sure|maybe|i think so"),
    ("report", "help_wanted", "talk_now", "talk to someone|i want to talk"),
    ("report", "help_wanted", "advice", "advice|what should i do|tips"),
    ("report", "help_wanted", "pass_on", "just pass it on|nothing"),
    ("report", "write_back", "once", "yes|ok|sure|once|yes please"),
    ("report", "write_back", "updates", "updates|keep me posted|yes with updates"),
    ("report", "write_back", "no", "no|no thanks|nope|please don't|no please don't"),
    ("talk", "want_talk", "yes", "yes|ok|please|sure|i'd like that|i think so"),
    ("talk", "want_talk", "no", "no|not now|no thanks|later|maybe later"),
    ("talk", "want_talk", None, "idk|what"),
    ("delete", "confirm", "yes",
     "yes|do it|delete it|yes please|yes delete everything|go ahead"),
    ("delete", "confirm", "no", "no|keep it|cancel|not sure|no thanks|don't"),
    ("delete", "confirm", None, "what does it do|i want to disappear|yes but not all"),
    ("status", "next", "add", "add|i want to add something|there's more"),
    ("status", "next", "withdraw", "withdraw|take it back"),
    ("status", "next", "nothing", "nothing|no thanks|no|that's all"),
)  # fmt: skip

ASKED: tuple[tuple[str | None, str], ...] = (
    ("stop",
     "stop|STOP|Stop.|/stop|please stop messaging me|stop texting me|don't message me again"
     "|unsubscribe|opt out|no more messages please|stop please"),
    ("delete",
     "delete|DELETE|delete my data|please delete everything|can you delete what i wrote"
     "|erase my messages|delete all my data|forget everything I said|/delete"
     "|i want to delete my data|delete my data please"),
    ("help", "help|HELP|help.|menu|what can you do|/help"),
    ("status", "status|check my report|i have a receipt|Status?|what happened to my report"),
    ("talk",
     "talk|chat|CHAT|can i talk to someone|i want to talk to someone please|talk to someone"
     "|I'd like to talk to a person|i need someone to talk to|can someone talk to me"
     "|hi, i need to talk|i just want to talk about myself|i want to chat"),
    ("report",
     "I'm worried about my friend|im worried about a friend|worried about someone|report"
     "|hi im really worried about my sister, she said she wants to die|scared for my brother"
     "|my friend said she does not want to be here|concerned about a mate"
     "|my best friend told me he is going to end it|i have a friend who keeps saying goodbye"
     "|I want to report a concern|there's someone in my server who posted a goodbye"
     "|can i tell you about someone|I'm a bit worried about a guy in my class"
     "|i am worried about someone at work|I’m worried about my mum"),
    # distress in words that look like an order: triage reads it, no menu and no silence
    (None,
     "I can't stop crying|help me|please help|HELP ME|help!|HELPPPP|i need help"
     "|i want to delete myself|delete me|forget me|remove me from this world"
     "|i want to erase everything|make it stop|stop it|i just want it to stop|i cant stop"
     "|can you stop the voices|i want to stop living|stop the pain|leave me alone"
     "|I want to talk to someone before i die|talk me out of it|nobody can help|i have no one"),
    # worry that is not about somebody else's danger, or that holds the writer's own
    (None,
     "worried about my exam|im worried about my friend's party|im worried about myself"
     "|i'm worried about my friend finding out i cut myself|I'm worried about my dad hitting me"
     "|my friend said she hates me|my friend told me to die and i want to"
     "|my mum said i am worthless and i feel awful|i am scared about my mum leaving me"
     "|i worry about my future|asking for a friend|i report to my boss|hello|please"
     "|everything is status quo"),
)  # fmt: skip


def _cases(
    table: tuple[tuple[object, ...], ...],
) -> list[tuple[object, ...]]:
    return [(*row[:-1], text) for row in table for text in str(row[-1]).split("|")]


@pytest.mark.parametrize(("flow", "question", "value", "text"), _cases(TYPED))
def test_a_typed_answer(flow: str, question: str, value: str | None, text: str) -> None:
    asked = LIBRARY.flow(LOCALE, flow).question(question)
    assert asked is not None
    answer = heard(asked, text)
    assert (answer.value if answer else None) == value


@pytest.mark.parametrize(("wanted", "text"), _cases(ASKED))
def test_what_a_whole_message_asks_for(wanted: str | None, text: str) -> None:
    assert intent(WORDS, text, among=CONTROL) == wanted


@pytest.mark.parametrize(
    ("bare", "text"),
    [
        (True, "I'm worried about a friend"),
        (True, "hi, i'm worried about someone i know"),
        (True, "worried about a friend of mine"),
        (True, "I want to report a concern"),
        (True, "report"),
        (False, "I'm worried about my friend, she is sad"),
        (False, "my friend said bye"),
    ],
)
def test_an_opening_without_content_is_known_as_such(bare: bool, text: str) -> None:
    """Only what says more than "I worry" counts as the answer to what they have seen."""
    assert bool(intent(WORDS, text, among=("report_bare",))) is bare
    assert intent(WORDS, text, among=("report",)) == "report"


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ("yes", "yes|Yes please|yeah|ok|y|i would|yes that is true|sure"),
        ("no", "no|No thanks|nope|nah|not now|no not really|not really"),
        (None, "yes but only if|no one cares|yes i want to die|no way out|nothing|yesterday"),
    ],
)
def test_a_plain_yes_or_no_is_plain(wanted: str | None, texts: str) -> None:
    for text in texts.split("|"):
        assert intent(WORDS, text, among=("yes", "no")) == wanted, text


def test_every_way_to_skip() -> None:
    for text in ("skip", "Skip this one", "rather not say", "pass", "prefer not to say"):
        assert intent(WORDS, text, among=("skip",)) == "skip", text


@pytest.mark.parametrize(
    "text",
    [
        "!" * 10_000 + "x",
        "hi" + " " * 9_000 + "x",
        "i am worried" + " " * 9_000 + "x",
        "no i haven't" + "!\n" * 4_500 + "x",
        "i am worried about my friend " * 340,
        "my friend said " * 660,
        "yes\n" * 2_500 + "x",
        "really " * 1_400,
    ],
)
def test_no_pattern_is_slow_on_a_long_message(text: str) -> None:
    """10,000 characters of anything, against everything that listens, within a second."""
    began = time.process_time()
    for name in WORDS.intents:
        intent(WORDS, text, among=(name,))
    for (locale, _), flow in LIBRARY.flows.items():
        for question in flow.questions if locale == LOCALE else ():
            heard(question, text)
    assert time.process_time() - began < 1.0
