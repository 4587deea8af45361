"""All three sides in real browsers over the whole service: a friend, a person in distress, and the
volunteer who answers. Screenshots of each at 1280 and 375 px where HANDRAIL_SCREENSHOTS says so."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from handrail.receipt import read_receipt
from tests.browser.test_console_volunteer_story import Volunteer
from tests.browser.test_web_contact_story import Visit
from tests.chromium import chromium, needs_chromium, picture, set_size
from tests.service import Service

pytestmark = needs_chromium
PASSWORD = "a quiet walk by the water"
WIDE, NARROW = (1280, 900), (375, 740)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(Path(tmp_path_factory.mktemp("way")), demo=True) as running:
        yield running


@pytest.fixture
def open_page():
    with ExitStack() as stack:

        def make(width: int, height: int):
            browser = stack.enter_context(chromium())
            set_size(browser, width, height, mobile=width < 500)
            return browser

        yield make


def contact(open_page, service, size=WIDE):
    page = Visit(open_page(*size), service.url)
    page.open()
    return page


def volunteer(open_page, service, name="vera", size=WIDE):
    """Log in with the printed one-time password and choose a password of one's own."""
    one_time = re.findall(rf"^\s+{name}\s+(\S+)", service.log.read_text(), re.MULTILINE)[-1]
    desk = Volunteer(open_page(*size), service.desk_url)
    desk.open("/login")
    desk.browser.find_element(By.ID, "username").send_keys(name)
    desk.browser.find_element(By.ID, "password").send_keys(one_time, Keys.ENTER)
    desk.wait(lambda: desk.browser.find_elements(By.NAME, "current"))
    for field, text in (("current", one_time), ("new", PASSWORD), ("again", PASSWORD)):
        desk.browser.find_element(By.NAME, field).send_keys(text)
    desk.browser.find_element(By.NAME, "again").send_keys(Keys.ENTER)
    desk.sees("Log out")
    return desk


def look(page, name):
    """Take the picture at both widths."""
    for width, height in (WIDE, NARROW):
        set_size(page.browser, width, height, mobile=width < 500)
        picture(page.browser, f"{name}-{width}")
    set_size(page.browser, *WIDE)


def test_the_three_sides(open_page, service):
    # At night: nobody is on shift, and the friend is told the truth.
    friend = contact(open_page, service)
    look(friend, "contact-1-first")
    friend.send("I'm worried about a friend")
    friend.wait(lambda: friend.choices() == ["Yes", "Not sure", "No"])
    look(friend, "contact-2-danger-question")
    friend.press("Not sure")
    friend.wait(lambda: any("call 999 or 112 now" in text for text in friend.texts()))
    friend.wait(lambda: "Not yet" in friend.choices())
    friend.press("Someone else has")
    friend.wait(lambda: friend.choices() == ["Skip"])
    friend.send("She says that nothing matters any more and she has gone very quiet.")
    for _ in range(12):
        friend.wait(lambda: friend.choices() and friend.choices() != ["Skip seen"])
        before = len(friend.texts())
        if "Skip" not in friend.choices():
            break
        friend.press("Skip")
        friend.wait(lambda before=before: len(friend.texts()) >= before + 2)
    look(friend, "contact-3-receipt")
    told = "\n".join(friend.texts())
    assert any(read_receipt(line) for line in told.splitlines()), told
    assert "Demo" in friend.browser.page_source or "demo" in friend.browser.page_source

    # A person in distress writes for themselves, on a phone.
    person = contact(open_page, service, NARROW)
    person.send("I am going to end my life tonight and nobody knows")
    person.wait(lambda: any("999 or 112" in text for text in person.texts()))
    look(person, "contact-4-distress")

    # The volunteer comes on shift and is offered the neediest, not the first.
    vera = volunteer(open_page, service)
    vera.press("Go on shift")
    vera.sees("waiting")
    look(vera, "console-1-desk")
    vera.press("Next")
    vera.sees("Offered to you")
    look(vera, "console-2-offer")
    vera.press("Accept")
    vera.sees("nobody knows")
    vera.browser.find_element(By.ID, "reply-text").send_keys("Hello, I am Vera. I am here now.")
    vera.press("Send")
    person.wait(lambda: any("I am Vera" in text for text in person.texts()))
    person.send("thank you. I did not think that anybody would answer")
    vera.sees("did not think that anybody")
    look(vera, "console-3-conversation")
    look(person, "contact-5-relay")
    assert not re.search(r"\bvera\b", person.browser.page_source), "the alias, never a user name"
    assert vera.complaints() == []

    # The supervisor sees the board.
    sam = volunteer(open_page, service, "sam")
    sam.open("/board")
    sam.sees("Urgent")
    look(sam, "console-4-board")

    # STOP says what it did.
    friend.send("STOP")
    friend.wait(lambda: any("last message" in text for text in friend.texts()))
    look(friend, "contact-6-stopped")
