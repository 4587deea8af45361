"""More ways through the service, each one a person: what they are told, and what they are not."""

from datetime import time

import pytest

from handrail.domain.level import Level
from handrail.domain.message import Author, IncomingKind
from referral_queue.rota import PlannedShift
from tests.house import Desk, Visitor, build_house, later

DAILY = PlannedShift(days=frozenset(range(7)), starts=time(18), ends=time(22), zone="Europe/London")


@pytest.fixture
def house(sqlite_store, clock, tmp_path):
    return build_house(sqlite_store, clock, tmp_path)


def told(visitor, *texts):
    """Write these one after another; what the service said to the last one, as one text."""
    for text in texts:
        said = visitor.send(text)
    return "\n".join(said)


# ---- somebody who tells about somebody else -----------------------------------------------------


def test_a_reporter_who_says_i_think_is_not_taken_for_the_one_in_danger(house):
    moderator = Visitor(house)
    told(moderator, "one of our members posted a goodbye message and logged off", "yes")
    told(
        moderator, "someone else has", "he wrote sorry everyone i cant do this anymore", "just now"
    )
    said = told(moderator, "no he's not answering", "germany i think")
    assert "Go on with questions" not in moderator.labels(), "the form goes on"
    assert "under the age" in said


@pytest.mark.parametrize(
    "answer",
    [
        "she said she does not want to be here anymore",
        "he told me he wants to die and i dont know what to do",
    ],
)
def test_what_the_other_person_said_is_an_answer_and_no_pain_of_the_reporter(house, answer):
    friend = Visitor(house)
    told(friend, "I'm worried about a friend", "no", answer)
    assert friend.labels()[-1] == "Skip"


def test_a_reporter_who_no_longer_wants_to_live_is_heard_as_such(house):
    Desk.on_shift(house, "Vera")
    friend = Visitor(house)
    told(friend, "worried about my girlfriend", "no", "she cries every night")
    said = told(friend, "i dont want to be here anymore")
    assert "think about suicide. Is that true for you?" in said
    assert friend.labels() == ["Go on with questions"]
    said = told(friend, "yes")
    assert said.startswith("Thank you for saying yes"), "the pause did not take the question away"
    assert "When was this" in friend.press("Go on with questions")[0]


def test_a_friend_that_turns_out_to_be_the_writer(house):
    Desk.on_shift(house, "Vera")
    person = Visitor(house)
    told(person, "I'm worried about a friend", "not sure")
    said = told(person, "actually its me im talking about")
    assert "ending your life today" in said
    assert person.referral().level is Level.P2


def test_after_a_report_the_danger_of_the_friend_is_not_put_on_the_reporter(house):
    Desk.on_shift(house, "Vera")
    friend = Visitor(house)
    told(friend, "worried about my mum", "yes", "yes", *["skip"] * 10)
    assert friend.referral().level is Level.P1
    said = told(friend, "thanks")
    assert "what you told us" in said or "Thank you for telling us" in said
    assert "Would you like to talk" not in said
    said = told(friend, "i feel so guilty")
    assert "hardest part" in said
    assert "ending your life" not in said
    assert "emergency" not in said


def test_a_mind_changed_in_the_form(house):
    friend = Visitor(house)
    told(friend, "I'm worried about my friend", "no")
    said = told(friend, "actually yes")
    assert said.startswith("Please call 999 or 112 now")
    assert "What have you seen" in said, "the question that waits still waits"
    assert friend.referral().level is Level.P1


def test_a_story_instead_of_yes_or_no_reaches_a_person_and_is_not_asked_for_again(house):
    parent = Visitor(house)
    parent.start("worried")
    told(parent, "my son will not come out of his room")
    assert parent.referral() is not None
    said = told(parent, "no")
    assert "When was this" in said


def test_said_just_now_and_no_answer_since_makes_a_report_more_pressing(house):
    friend = Visitor(house)
    told(friend, "I'm worried about a friend", "no", "she is very low")
    before = friend.referral().level
    friend.press("Just now")
    friend.press("No answer")
    friend.press("Skip")
    assert friend.referral().level.sooner_than(before)


def test_a_wish_to_talk_typed_into_the_form_is_not_an_answer(house):
    Desk.on_shift(house, "Vera")
    friend = Visitor(house)
    told(friend, "i am worried about a guy at work", "no", "he seems off")
    said = told(friend, "can i talk to a person please")
    assert "A person will write here" in said
    assert friend.labels() == ["Go on with questions"]


def test_a_teacher_is_asked_what_a_friend_is_asked(house):
    teacher = Visitor(house)
    said = told(teacher, "I am a teacher and one of my students wrote something worrying")
    assert "in danger right now" in said


def test_somebody_who_said_hello_first_can_still_tell_about_a_sister(house):
    visitor = Visitor(house)
    said = told(visitor, "hello", "my sister says she wants to kill herself")
    assert "Is the person in danger right now?" in said


# ---- somebody who tells about themselves --------------------------------------------------------


def test_hello_is_not_called_unreadable(house):
    said = told(Visitor(house), "hello?")
    assert "could not read" not in said
    assert "pictures" not in said
    assert "Are you safe right now?" in said


def test_a_yes_to_the_question_about_suicide_is_heard(house):
    Desk.on_shift(house, "Vera")
    person = Visitor(house)
    said = told(person, "i dont want to live anymore", "yes")
    assert said.startswith("Thank you for saying yes")
    said = told(person, "no")
    assert person.referral().level is Level.P2, "not safe right now"
    assert "ending your life today" in said


@pytest.mark.parametrize("answer", ["ya kinda", "sometimes", "i think so", "not sure"])
def test_neither_yes_nor_no_counts_as_the_answer_that_brings_a_person_sooner(house, answer):
    Desk.on_shift(house, "Vera")
    said = told(Visitor(house), "i dont want to live anymore", answer)
    assert said.startswith("Thank you for saying yes")


@pytest.mark.parametrize("text", ["please", "ok"])
def test_please_is_no_yes_to_thoughts_of_suicide(house, text):
    Desk.on_shift(house, "Vera")
    said = told(Visitor(house), "i dont want to live anymore", text)
    assert "saying yes" not in said


def test_who_answers_that_they_are_safe_is_thanked_for_the_answer(house):
    person = Visitor(house)
    said = told(person, "hello?", "yes")
    assert said.startswith("Thank you for answering")
    assert person.referral().level is Level.P3


def test_i_am_not_safe_counts_whenever_it_is_said(house):
    person = Visitor(house)
    told(person, "feeling really low since we split up", "it is a long story", "im not safe")
    assert person.referral().level is Level.P2


def test_a_burst_is_understood_when_its_last_word_has_come(house):
    Desk.on_shift(house, "Vera")
    said = told(Visitor(house), "so", "i", "want", "to", "die")
    assert "think about suicide" in said


def test_who_may_be_watched_is_never_told_to_keep_the_chat_open(house):
    Desk.on_shift(house, "Vera")
    person = Visitor(house)
    told(person, "he is in the next room he is going to hit me again")
    for text in ("i cant talk", "ok", "still here"):
        assert "Keep this chat open" not in told(person, text)
    later(house, minutes=45)
    said = told(person, "he is back")
    assert "Keep this chat open" not in said
    assert "press 55" in said


def test_a_child_stays_a_child_for_the_whole_talk(house):
    child = Visitor(house)
    told(child, "im 14 and i cut myself")
    later(house, minutes=30)
    assert "Childline" in told(child, "i dont want my mum to know")


def test_another_language_is_answered_the_same_way_twice(house):
    person = Visitor(house)
    told(person, "nie chce mi sie zyc")
    assert "Polski" in told(person, "nie rozumiem")


def test_only_joking_is_met_kindly_and_lowers_nothing(house):
    prankster = Visitor(house)
    told(prankster, "i am gonna kill myself tonight")
    said = told(prankster, "lol jk just testing")
    assert "not in trouble" in said
    assert "999 or 112" in said
    assert prankster.referral().level is Level.P1


def test_in_a_talk_about_oneself_he_shouts_at_me_stays_about_oneself(house):
    carer = Visitor(house)
    said = told(carer, "I feel exhausted and so alone with all this", "he shouts at me all day")
    assert "looking out for them" not in said
    assert "caring about them" not in said


def test_a_question_about_us_is_no_report(house):
    said = told(Visitor(house), "are you a real person")
    assert "I am an automated helper" in said
    assert "We do not tell them who wrote to us" not in said


# ---- control words ------------------------------------------------------------------------------


def test_stop_and_delete_are_obeyed_right_after_an_emergency(house):
    person = Visitor(house)
    told(person, "i am going to kill myself tonight")
    assert "last message" in told(person, "please stop messaging me")
    told(person, "sorry")
    assert "Shall we delete it?" in told(person, "delete my messages")
    assert "Nothing is deleted yet" in told(person, "yes")


def test_help_alone_is_read_by_a_person_too(house):
    person = Visitor(house)
    told(person, "HELP")
    assert person.referral() is not None


def test_a_lost_receipt_is_no_dead_end_and_no_emergency(house):
    friend = Visitor(house)
    said = told(friend, "status", "bla bla bla")
    assert "could not find that receipt" in said
    assert "all right" in told(friend, "i lost it")
    told(friend, "no")
    assert friend.referral().level is Level.P3


def test_a_form_that_made_way_for_a_receipt_comes_back(house):
    friend = Visitor(house)
    told(friend, "I'm worried about a friend", "no", "status")
    assert "What have you seen" in told(friend, "never mind")


# ---- what is said about time --------------------------------------------------------------------


def test_with_everybody_busy_no_next_shift_is_promised(house):
    volunteer, first = Desk.on_shift(house, "Vera"), Visitor(house)
    told(first, "I am going to end my life tonight")
    volunteer.claim(volunteer.next())
    said = told(Visitor(house), "im going to end it tonight")
    assert "is with someone else" in said
    assert "shift" not in said
    assert "supervisor" not in said


def test_the_volunteer_who_is_there_counts_for_the_one_they_are_with(house):
    volunteer, person = Desk.on_shift(house, "Vera"), Visitor(house)
    told(person, "i feel so low")
    volunteer.reply(volunteer.claim(volunteer.next()), "Hi, I am Vera.")
    said = told(person, "i'm going to kill myself right now")
    assert said.index("999 or 112") < said.index("within 2 minutes")
    assert person.messages()[-1].author is Author.SERVICE


def test_before_the_first_shift_the_time_is_said_once(sqlite_store, clock, tmp_path):
    house = build_house(sqlite_store, clock, tmp_path, plan=(DAILY,))
    said = told(Visitor(house), "i feel hopeless and alone")
    assert said.count("today") == 1
    assert "not here right now" in said


def test_whoever_asks_for_a_person_waits_no_longer_than_they_were_told(house):
    Desk.on_shift(house, "Vera")
    person = Visitor(house)
    welcome = "\n".join(person.send(kind=IncomingKind.START))
    assert "within 24 hours" in welcome
    assert "within 24 hours" in "\n".join(person.press("Talk about myself"))


# ---- what no rule understands -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "the boat is paid off and my brother knows where the papers are",
        "carol left every group at once and walked round with her seed tins",
    ],
)
def test_first_words_that_no_rule_understands_are_looked_at_within_the_hour(house, text):
    person = Visitor(house)
    said = told(person, text)
    assert "Are you safe right now?" in said
    assert person.labels() == ["Talk about myself", "Worried about someone"]
    assert person.referral().level is Level.P3
    assert "no rule understood" in " ".join(person.referral().reasons)


def test_later_words_that_no_rule_understands_change_no_level(house):
    person = Visitor(house)
    told(person, "feeling really low since we split up")
    before = person.referral().level
    assert told(person, "we used to go to the lake on sundays with the dog")
    assert person.referral().level is before
