"""Sentences that must never reach a contact, and near misses that must pass.

No method detail here: where a rule is about it, the sentence is as bare as the rule allows.
"""

import pytest

from playbooks.lint import forbidden

BAD = [
    ("L001", "Many people who commit suicide are lonely."),
    ("L001", "He committed suicide last year."),
    ("L001", "Are you thinking of committing\nsuicide?"),
    ("L002", "After a failed attempt you may feel low."),
    ("L002", "You survived an unsuccessful suicide attempt."),
    ("L002", "It was a successful suicide."),
    ("L002", "We help every suicide victim."),
    ("L003", "Some people are just attention-seeking."),
    ("L003", "It may be a cry for attention."),
    ("L003", "Do not let them manipulate you."),
    ("L003", "Try not to make a drama of it."),
    ("L004", "We promise not to tell anyone."),
    ("L004", "I will keep this a secret."),
    ("L004", "This chat is completely anonymous."),
    ("L004", "It is 100% confidential."),
    ("L004", "No one will ever know."),
    ("L005", "Everything will be okay."),
    ("L005", "It gets dark, and then it will get better."),
    ("L005", "Time heals."),
    ("L005", "You’ll get over this."),
    ("L005", "You are safe now."),
    ("L006", "Please calm down."),
    ("L006", "Cheer up, it is nearly spring."),
    ("L006", "It's just a phase."),
    ("L006", "Others have it worse than you."),
    ("L006", "Look on the bright side."),
    ("L007", "That would be selfish."),
    ("L007", "Think of your family."),
    ("L007", "It is the easy way out."),
    ("L007", "What would your mother say?"),
    ("L008", "It is a permanent solution to a short problem."),
    ("L008", "You have so much to live for."),
    ("L008", "Suicide is never the answer."),
    ("L008", "Promise me you won't do it."),
    ("L009", "I know how you feel."),
    ("L009", "I've been there too."),
    ("L010", "How many did you have?"),
    ("L010", "Which method do you mean?"),
    ("L010", "How are you going to do it?"),
    ("L011", "You seem to be at high risk."),
    ("L011", "Your risk score has changed."),
    ("L011", "They are low-risk."),
    ("L011", "This is a code red."),
    ("L012", "You have depression."),
    ("L012", "Stop taking your tablets."),
    ("L012", "A diagnosis may help."),
    ("L013", "We will call the police."),
    ("L013", "You will be sectioned."),
    ("L013", "Answer us, or else."),
    ("L014", "Call 116 123."),
    ("L014", "Ring +44 20 7946 0000 today."),
    ("L015", "See https://example.org for more."),
    ("L016", "A person will reply soon."),
    ("L016", "We answer as soon as we can."),
    ("L016", "Somebody will be with you in a moment."),
    ("L017", "You did it!"),
    ("L017", "Please DO NOT WORRY, this is NORMAL."),
    ("L017", "Take care ❤"),
    ("L018", "Why do you feel like that?"),
    ("L019", "Your friend reported you."),
    ("L019", "You have been reported."),
    ("L019", "Sam flagged you to us."),
    ("L020", "I am a real person."),
    ("L020", "I'm not a bot."),
    ("L020", "This is a person."),
    ("L021", "This is a P1."),
    ("L108", "You have not replied to us."),
    ("L108", "We can see you have read this."),
]

GOOD = [
    "Are you thinking about suicide?",
    "He died by suicide last year.",
    "After a suicide attempt you may feel low.",
    "You did not want attention. You wanted help.",
    "We keep what you say private. We share it only to keep someone safe.",
    "We cannot promise to keep every secret.",
    "We do not know yet how things will go.",
    "You are not in trouble, and this is not your fault.",
    "Being calm is hard right now, and that is fine.",
    "Is there someone in your family who could be with you?",
    "What has the week been like?",
    "You can say yes or no. Both are OK to say here.",
    "How long have you felt like this?",
    "How are you today?",
    "Many people feel this way at some point.",
    "Somebody who has been there may be on the line.",
    "If you may be in danger, call {{emergency_number}} now.",
    "You can talk to {{helpline:primary_open_now}} right now.",
    "A trained person will write here {{human_eta}}.",
    "We keep your words for {{retention_days}} days.",
    "I am an automated helper. A person reads what you write.",
    "Someone who cares about you thought that things might be hard.",
    "You can report a worry about someone here.",
    "Reply STOP and we will not write again.",
    "Ask someone near you to call for you.",
    "You could ring a doctor about your tablets.",
    "Take your time. You can answer another day.",
    "What do you want us to know?",
    "The directory is at {{link:directory}}.",
]


@pytest.mark.parametrize(("rule", "sentence"), BAD)
def test_what_must_be_caught(rule: str, sentence: str) -> None:
    assert rule in {found.id for found, _ in forbidden(sentence)}


@pytest.mark.parametrize("sentence", GOOD)
def test_what_must_pass(sentence: str) -> None:
    assert [(rule.id, found) for rule, found in forbidden(sentence)] == []


def test_there_are_enough_of_both() -> None:
    assert len(BAD) >= 40
    assert len(GOOD) >= 20


@pytest.mark.parametrize(
    "sentence",
    [
        "I’ve been there",
        "He committed\u00a0suicide",
        "He com\u200bmitted suicide",
        "He committed\n\n  suicide",
        "a first\u2011world problem",
    ],
)
def test_spelling_does_not_hide_a_phrase(sentence: str) -> None:
    assert forbidden(sentence)
