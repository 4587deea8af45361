"""The volunteer's work, with plain forms: Next, accept, read, reply, hold, hand over, close."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from handrail.domain.errors import DeliveryError
from handrail.domain.level import Level
from handrail.domain.message import Author
from handrail.domain.referral import Disposition, ReferralState
from referral_queue import desk
from tests.fakes.console_house import RULES, Browser, Place, contact_writes, minutes

Open = Callable[..., Browser]


def on_shift(browser: Open, username: str) -> Browser:
    somebody = browser(username)
    somebody.get("/desk")
    assert somebody.post("/shift/start").status_code == 303
    somebody.get("/desk")
    return somebody


def accepted(place: Place, browser: Open, **more: object) -> tuple[Browser, str]:
    """Vera holds a conversation and has its page open. Returns its path."""
    referral = contact_writes(place, "Everything feels heavy", **more)  # type: ignore[arg-type]
    vera = on_shift(browser, "vera")
    vera.post("/next")
    vera.get("/desk")
    path = f"/referrals/{referral.id}"
    assert vera.post(f"{path}/accept").headers["location"] == f"{path}?done=accepted"
    vera.get(path)
    return vera, path


def held(place: Place, path: str):
    return place.referral(path.rsplit("/", 1)[1])  # type: ignore[arg-type]


def press(somebody: Browser, path: str, action: str, **fields: str):
    return somebody.post(f"{path}/{action}", {"lease": somebody.field("lease"), **fields})


def test_the_whole_way(place: Place, browser: Open):
    referral = contact_writes(place, "Everything feels heavy", reasons=("said it is all too much",))
    vera = browser("vera")
    assert "Off shift" in vera.get("/desk").text
    vera.post("/shift/start")
    assert "One person is waiting" in vera.get("/desk").text
    assert vera.post("/next").headers["location"] == "/desk"
    offer = vera.get("/desk").text
    assert "Calm" in offer or "Offered to you" in offer
    assert "Prompt (within the hour)" in offer
    assert "said it is all too much" in offer
    assert "Everything feels heavy" not in offer, "an offer shows no text of the contact"
    path = f"/referrals/{referral.id}"
    assert vera.post(f"{path}/accept").status_code == 303
    page = vera.get(path).text
    assert "Everything feels heavy" in page
    assert "said that everything feels heavy" in page, "why it is here"
    assert "mood.low" in page
    assert "low mood" in page
    assert "Would you like to talk to someone?" in page
    assert "Yes, please" in page, "the buttons that the contact was offered"
    assert "Accepted, no reply yet" in page
    assert press(vera, path, "reply", text="Hello, I am Vera.").status_code == 303
    assert place.texts(referral, Author.VOLUNTEER) == ["Hello, I am Vera."]
    assert place.nudges.deliveries == [referral.conversation_id] * 2
    assert place.delivered == [referral.conversation_id] * 2
    page = vera.get(path).text
    assert "Hello, I am Vera." in page
    assert "In contact" in page
    assert "On its way" in page
    refused = press(vera, path, "close", disposition="supported")
    assert refused.status_code == 422
    assert "Tick the box" in refused.text
    done = press(vera, path, "close", disposition="supported", sure="yes")
    assert done.headers["location"] == "/desk?done=closed"
    closed = place.referral(referral.id)
    assert (closed.state, closed.disposition) == (ReferralState.CLOSED, Disposition.SUPPORTED)
    assert place.announced == ["relay_joined", "closed_goodbye"]
    assert vera.get(path).status_code == 404, "a closed conversation is no longer open to read"
    assert "Nobody is waiting" in vera.get("/desk").text


def test_accepting_twice_joins_once(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    assert vera.post(f"{path}/accept").status_code == 303
    assert place.announced == ["relay_joined"]


def test_urgent_offer_warns_and_hides_the_reasons_first(place: Place, browser: Open):
    contact_writes(place, "please hurry", level=Level.P2)
    vera = on_shift(browser, "vera")
    vera.post("/next")
    page = vera.get("/desk").text
    assert "Content warning" in page
    assert "<details>" in page
    assert "<details open>" not in page


def test_next_with_nobody_waiting_says_so(place: Place, browser: Open):
    vera = on_shift(browser, "vera")
    assert "Nobody is waiting for you right now" in vera.post("/next", follow=True).text


def test_next_without_a_shift_explains(place: Place, browser: Open):
    vera = browser("vera")
    vera.get("/desk")
    refused = vera.post("/next")
    assert refused.status_code == 409
    assert "Start your shift first" in refused.text


def test_not_me_returns_it_at_once(place: Place, browser: Open):
    referral = contact_writes(place, "hello")
    vera = on_shift(browser, "vera")
    vera.post("/next")
    vera.get("/desk")
    assert (
        press(vera, f"/referrals/{referral.id}", "not-me").headers["location"].endswith("declined")
    )
    assert place.referral(referral.id).state is ReferralState.OPEN
    victor = on_shift(browser, "victor")
    victor.post("/next")
    assert "Offered to you" in victor.get("/desk").text


def test_an_offer_that_ended_says_so(place: Place, browser: Open):
    referral = contact_writes(place, "hello")
    vera = on_shift(browser, "vera")
    vera.post("/next")
    place.clock.advance(minutes(10))
    with place.store.transaction() as tx:
        desk.expire_leases(tx, place.clock.now(), RULES)
    lost = vera.post(f"/referrals/{referral.id}/accept")
    assert lost.status_code == 409
    assert "offer has ended" in lost.text


def test_end_of_shift_needs_empty_hands(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    vera.get("/desk")
    refused = vera.post("/shift/end")
    assert refused.status_code == 409
    assert "still hold" in refused.text
    vera.get(path)
    assert press(vera, path, "release").headers["location"] == "/desk?done=released"
    vera.get("/desk")
    assert vera.post("/shift/end").status_code == 303


def test_stale_lease_shows_a_clear_message_and_keeps_the_text(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    place.clock.advance(minutes(20))
    with place.store.transaction() as tx:
        desk.expire_leases(tx, place.clock.now(), RULES)
    late = press(vera, path, "reply", text="A long and careful answer")
    assert late.status_code == 409
    assert "no longer with you" in late.text
    assert "A long and careful answer" in late.text
    assert place.texts(held(place, path), Author.VOLUNTEER) == []
    victor = on_shift(browser, "victor")
    victor.post("/next")
    victor.get("/desk")
    victor.post(f"{path}/accept")
    late = press(vera, path, "reply", text="Another answer")
    assert late.status_code == 409
    assert "Another answer" in late.text


def test_old_token_after_a_second_claim_is_told_to_reload(place: Place, browser: Open):
    """The same person has it again: an old tab can still do nothing, and keeps the text."""
    vera, path = accepted(place, browser)
    answer = vera.post(f"{path}/reply", {"lease": "0" * 32, "text": "from an old tab"})
    assert answer.status_code == 409
    assert "from an old tab" in answer.text
    assert place.texts(held(place, path), Author.VOLUNTEER) == []


@pytest.mark.parametrize("text", ["", "   \n "])
def test_empty_reply_is_not_sent(place: Place, browser: Open, text: str):
    vera, path = accepted(place, browser)
    assert press(vera, path, "reply", text=text).status_code == 409
    assert place.texts(held(place, path), Author.VOLUNTEER) == []


def test_reply_that_is_too_long_keeps_the_text(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    text = "word " * 500
    answer = press(vera, path, "reply", text=text)
    assert answer.status_code == 422
    assert text.strip() in answer.text


def test_reply_survives_a_platform_that_is_down(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    place.delivery_fails = DeliveryError("down", permanent=False)
    assert press(vera, path, "reply", text="Still here").status_code == 303
    assert place.texts(held(place, path), Author.VOLUNTEER) == ["Still here"]


def test_reply_to_a_contact_who_said_stop_is_refused(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    with place.store.transaction() as tx:
        tx.contacts.set_quiet(held(place, path).contact_id, True)
    answer = press(vera, path, "reply", text="Are you there?")
    assert answer.status_code == 409
    assert "nothing can be sent" in answer.text
    assert "The contact said STOP" in vera.get(path).text


def test_note_is_kept_and_never_sent(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    before = list(place.delivered)
    assert press(vera, path, "note", text="Speaks softly").status_code == 303
    assert place.texts(held(place, path), Author.NOTE) == ["Speaks softly"]
    assert place.texts(held(place, path), Author.VOLUNTEER) == []
    assert place.delivered == before
    assert "never sent" in vera.get(path).text


def test_hold_and_resume(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    early = press(vera, path, "hold")
    assert early.status_code == 409
    assert "waiting for an answer" in early.text
    press(vera, path, "reply", text="Take your time")
    vera.get(path)
    assert press(vera, path, "hold").headers["location"].endswith("held")
    assert held(place, path).state is ReferralState.ON_HOLD
    vera.get(path)
    assert press(vera, path, "resume").status_code == 303
    assert held(place, path).state is ReferralState.IN_CONTACT
    assert place.announced == ["relay_joined", "on_hold_note"]


def test_hand_over_accepted(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    on_shift(browser, "victor")
    assert "Victor" in vera.get(path).text
    victor_id = place.people["victor"].id
    assert press(vera, path, "hand-over", to=victor_id).status_code == 303
    assert held(place, path).held_by == place.people["vera"].id, "hers until he accepts"
    victor = browser("victor")
    ask = victor.get("/desk").text
    assert "Vera asks you to take over" in ask
    assert victor.get(path).headers["location"] == "/desk", "nothing to read before he accepts"
    assert victor.post(f"{path}/hand-over/accept").headers["location"].startswith(path)
    assert "Everything feels heavy" in victor.get(path).text
    assert vera.get(path).status_code == 404


def test_hand_over_declined(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    on_shift(browser, "victor")
    vera.get(path)
    press(vera, path, "hand-over", to=place.people["victor"].id)
    victor = browser("victor")
    victor.get("/desk")
    assert victor.post(f"{path}/hand-over/decline").status_code == 303
    assert held(place, path).handed_to is None
    assert victor.get(path).status_code == 404


@pytest.mark.parametrize("to", ["", "0" * 32, "ada"])
def test_hand_over_to_nobody_does_nothing(place: Place, browser: Open, to: str):
    vera, path = accepted(place, browser)
    target = place.people["ada"].id if to == "ada" else to
    assert press(vera, path, "hand-over", to=target).status_code in (409, 422)
    assert held(place, path).handed_to is None


def test_escalate_tells_the_supervisors(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    assert press(vera, path, "escalate").status_code == 303
    sam = browser("sam")
    board = sam.get("/board").text
    assert "A referral was escalated" in board
    alert = sam.page.split("/alerts/")[1].split("/")[0]
    assert sam.post(f"/alerts/{alert}/acknowledge", {"back": "/board"}).status_code == 303
    assert "A referral was escalated" not in sam.get("/board").text


def test_holder_changes_the_level_with_a_reason(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    assert press(vera, path, "level", level="P2", why="  ").status_code == 409
    assert held(place, path).level is Level.P3
    assert press(vera, path, "level", level="P2", why="spoke of today").status_code == 303
    assert held(place, path).level is Level.P2
    assert place.texts(held(place, path), Author.NOTE) == ["spoke of today"]


def test_heartbeat_renews_and_a_lost_one_is_told(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    press(vera, path, "reply", text="Hello")
    vera.get(path)
    before = held(place, path).lease_until
    place.clock.advance(minutes(5))
    assert press(vera, path, "renew").status_code == 204
    assert held(place, path).lease_until - before == timedelta(minutes=5)
    beat = vera.post(f"{path}/renew", {"lease": "0" * 32}, hx_request="true")
    assert beat.status_code == 409
    assert beat.headers["hx-retarget"] == "#notice"
    assert "no longer with you" in beat.text


def test_heartbeat_of_a_closed_conversation_is_no_missing_page(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    press(vera, path, "close", disposition="contact_left", sure="yes")
    beat = press(vera, path, "renew")
    assert beat.status_code == 409
    assert "not possible right now" in beat.text


def test_htmx_reply_returns_an_empty_box_and_asks_for_the_messages(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    lease = vera.field("lease")
    sent = vera.post(f"{path}/reply", {"lease": lease, "text": "Hi"}, hx_request="true")
    assert sent.status_code == 200
    assert sent.headers["hx-trigger"] == "written"
    assert "</textarea>" in sent.text
    assert ">Hi<" not in sent.text
    assert "<html" not in sent.text
    failed = vera.post(f"{path}/reply", {"lease": "x", "text": "kept"}, hx_request="true")
    assert failed.status_code == 409
    assert failed.headers["hx-retarget"] == "#notice", "the box with the typed text is not touched"


def test_login_that_ended_while_writing_gives_the_text_back(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    place.clock.advance(minutes(60))
    answer = press(
        vera,
        path,
        "reply",
        text="My careful words",
    )
    assert answer.status_code == 401
    assert "My careful words" in answer.text
    elsewhere = vera.post(f"{path}/reply", {"text": "planted"}, sec_fetch_site="cross-site")
    assert "planted" not in elsewhere.text


def test_erased_contact_can_still_be_closed(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    with place.store.transaction() as tx:
        tx.contacts.erase(held(place, path).contact_id, place.clock.now())
    page = vera.get(path)
    assert page.status_code == 200
    assert "asked for deletion" in page.text
    assert "Everything feels heavy" not in page.text
    answer = press(vera, path, "reply", text="hello?")
    assert answer.status_code == 409
    assert "can never be read again" in answer.text
    vera.get(path)
    assert press(vera, path, "close", disposition="contact_left", sure="yes").status_code == 303


def test_long_conversations_show_their_newest_message(place: Place, browser: Open):
    vera, path = accepted(place, browser)
    contact_writes(place, *(f"line {n}" for n in range(620)))
    page = vera.get(path).text
    assert "line 0<" in page
    assert "line 619<" in page
