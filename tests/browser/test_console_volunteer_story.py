"""A volunteer's shift in a real browser: live messages, typed text kept, wide and narrow."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from handrail.domain.clock import FixedClock, SystemClock
from handrail.domain.level import Level
from handrail.domain.message import Author
from handrail.domain.referral import ReferralState
from handrail.storage.store import SqlStore
from referral_queue import desk
from tests.chromium import chromium, needs_chromium, picture, set_dark, set_size
from tests.fakes.console_house import PASSWORD, RULES, Place, contact_writes, make_place
from tests.fakes.web_server import served

pytestmark = needs_chromium
WIDE, NARROW, NARROWEST = (1280, 900), (375, 812), (320, 640)


class Volunteer:
    """Somebody at the console."""

    def __init__(self, browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def log_in(self, username: str) -> None:
        self.browser.delete_all_cookies()
        self.open("/login")
        self.browser.find_element(By.ID, "username").send_keys(username)
        self.browser.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
        self.wait(lambda: "Log out" in self.text())

    def open(self, path: str) -> None:
        self.browser.get(self.url + path)

    def text(self) -> str:
        return self.browser.execute_script("return document.body.innerText")

    def press(self, label: str) -> None:
        """Once more when a live part of the page was replaced in between."""
        for _ in range(3):
            with suppress(StaleElementReferenceException):
                return self._named(label).click()
        raise AssertionError(f"{label!r} is replaced again and again")

    def _named(self, label: str):
        for element in self.browser.find_elements(By.CSS_SELECTOR, "button, summary, a"):
            if element.is_displayed() and element.text.split("\n")[0].strip() == label:
                script = "arguments[0].scrollIntoView({block: 'center'})"
                self.browser.execute_script(script, element)
                return element
        raise AssertionError(f"nothing is called {label!r}")

    def wait(self, condition: Callable[[], object], seconds: float = 10) -> None:
        WebDriverWait(self.browser, seconds, poll_frequency=0.1).until(lambda _: condition())

    def sees(self, words: str) -> None:
        self.wait(lambda: words in self.text())

    def value(self, field: str) -> str:
        return self.browser.find_element(By.ID, field).get_property("value")

    def size(self, width: int, height: int) -> None:
        set_size(self.browser, width, height)

    def dark(self, on: bool) -> None:
        set_dark(self.browser, on)

    def picture(self, name: str) -> None:
        picture(self.browser, f"console-{name}")

    def pictures(self, name: str) -> None:
        for label, size in (("1280", WIDE), ("375", NARROW)):
            self.size(*size)
            self.picture(f"{name}-{label}")
        self.size(*WIDE)

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        script = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
        return self.browser.execute_script(script)

    def complaints(self) -> list[str]:
        """What the browser refused or failed to run, content policy included."""
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")
            # A heartbeat may be under way while its conversation is closed.
            if entry["level"] == "SEVERE" and "/renew" not in entry["message"]
        ]


@pytest.fixture
def place(sqlite_store: SqlStore) -> Place:
    clock = FixedClock(SystemClock().now())
    return make_place(sqlite_store, clock, live_poll_seconds=0.1, heartbeat_seconds=1, demo=True)


@pytest.fixture
def url(place: Place) -> Iterator[str]:
    with served(place.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def vera(browser, url: str) -> Iterator[Volunteer]:
    somebody = Volunteer(browser, url)
    somebody.size(*WIDE)
    somebody.dark(False)
    somebody.complaints()
    yield somebody
    # Leave no stream open, and no question about unsent text.
    browser.execute_script("document.querySelectorAll('textarea').forEach(t => { t.value = '' })")
    browser.get("about:blank")


def accept_next(vera: Volunteer, place: Place) -> None:
    vera.log_in("vera")
    vera.press("Go on shift")
    vera.sees("Press Next")
    vera.press("Next")
    vera.sees("Offered to you")
    vera.press("Accept")
    vera.sees("Your reply")


def test_a_volunteers_shift(vera: Volunteer, place: Place):
    vera.open("/login")
    vera.pictures("login")
    vera.log_in("vera")
    vera.sees("Off shift")
    vera.press("Go on shift")
    vera.sees("Nobody is waiting")
    vera.pictures("quiet-desk")
    referral = contact_writes(
        place,
        "hi, is anybody there?",
        "Everything feels heavy lately and I do not know whom to tell.",
        level=Level.P2,
        reasons=("said that they are afraid of what they may do",),
    )
    vera.sees("One person is waiting")
    vera.press("Next")
    vera.sees("Content warning")
    vera.pictures("offer")
    vera.press("Accept")
    vera.sees("Everything feels heavy")
    vera.browser.find_element(By.ID, "reply-text").send_keys("Hello, I am Vera. I am here.")
    vera.press("Send")
    vera.sees("Hello, I am Vera. I am here.")
    assert place.texts(referral, Author.VOLUNTEER) == ["Hello, I am Vera. I am here."]
    assert vera.value("reply-text") == ""
    contact_writes(place, "thank you for answering")
    vera.sees("thank you for answering")
    vera.wait(
        lambda: (
            "thank you for answering"
            in vera.browser.find_element(By.ID, "announce").get_attribute("textContent")
        )
    )
    box = vera.browser.find_element(By.ID, "reply-text")
    box.send_keys("Would you like to say more?", Keys.CONTROL, Keys.ENTER)
    vera.wait(lambda: len(place.texts(referral, Author.VOLUNTEER)) == 2)
    vera.press("Add a note for colleagues never sent")
    vera.browser.find_element(By.ID, "note-text").send_keys("Prefers short messages")
    vera.press("Keep note")
    vera.sees("Note by Vera, never sent")
    assert place.texts(referral, Author.NOTE) == ["Prefers short messages"]
    vera.pictures("conversation")
    vera.dark(True)
    vera.pictures("conversation-dark")
    vera.press("Put on hold")
    vera.sees("On hold. It comes back to you")
    vera.press("Resume")
    vera.press("Close")
    vera.browser.find_element(By.CSS_SELECTOR, "#disposition option[value=supported]").click()
    vera.browser.find_element(By.NAME, "sure").click()
    vera.pictures("closing")
    vera.press("Close it")
    vera.sees("Take a breath")
    assert place.referral(referral.id).state is ReferralState.CLOSED
    assert vera.complaints() == []


def test_lost_lease_is_told_and_the_text_stays(vera: Volunteer, place: Place):
    contact_writes(place, "hello")
    accept_next(vera, place)
    vera.browser.find_element(By.ID, "reply-text").send_keys("A long and careful answer")
    place.clock.advance(RULES.targets.of(Level.P3).lease * 1.5)
    with place.store.transaction() as tx:
        gone = desk.expire_leases(tx, place.clock.now(), RULES)
    assert len(gone) == 1
    vera.sees("no longer with you")
    assert vera.value("reply-text") == "A long and careful answer"
    vera.press("Send")
    vera.sees("no longer with you")
    assert vera.value("reply-text") == "A long and careful answer"
    assert place.texts(gone[0], Author.VOLUNTEER) == []
    vera.pictures("lost")


def test_open_page_keeps_the_lease(vera: Volunteer, place: Place):
    referral = contact_writes(place, "hello")
    accept_next(vera, place)
    vera.browser.find_element(By.ID, "reply-text").send_keys("Hello", Keys.CONTROL, Keys.ENTER)
    vera.wait(lambda: place.referral(referral.id).first_reply_at)
    before = place.referral(referral.id).lease_until
    place.clock.advance(RULES.targets.of(Level.P3).lease / 3)
    vera.wait(lambda: place.referral(referral.id).lease_until > before)


def test_typed_text_survives_new_messages_and_a_server_that_is_away(vera: Volunteer, place: Place):
    contact_writes(place, "hello")
    accept_next(vera, place)
    box = vera.browser.find_element(By.ID, "reply-text")
    box.send_keys("half a sentence")
    contact_writes(place, "one more thing")
    vera.sees("one more thing")
    assert vera.value("reply-text") == "half a sentence"
    vera.browser.set_network_conditions(
        offline=True, latency=0, download_throughput=0, upload_throughput=0
    )
    vera.press("Send")
    vera.sees("cannot be reached")
    vera.browser.delete_network_conditions()
    assert vera.value("reply-text") == "half a sentence"


def test_supervisor_and_administrator_pages(vera: Volunteer, place: Place):
    for n, level in enumerate((Level.P1, Level.P3, Level.P3, Level.P4)):
        contact_writes(place, "hello", account=f"a{n}", level=level)
    with place.store.transaction() as tx:
        desk.start_shift(tx, place.people["victor"], place.clock.now())
    place.clock.advance(RULES.targets.of(Level.P2).ceiling)
    with place.store.transaction() as tx:
        desk.overdue(tx, place.clock.now())
    vera.log_in("sam")
    vera.sees("Overdue")
    assert "Victor" in vera.text()
    vera.pictures("board")
    vera.browser.set_window_size(1280, 2400)
    vera.size(1280, 2200)
    vera.picture("board-full")
    vera.dark(True)
    vera.picture("board-full-dark")
    vera.dark(False)
    vera.log_in("ada")
    for page in ("people", "service", "audit"):
        vera.open(f"/{page}")
        vera.pictures(page)
    assert vera.complaints() == []


def test_nothing_sticks_out_at_320_pixels(vera: Volunteer, place: Place):
    referral = contact_writes(place, "averyveryverylongwordwithoutanyspace" * 4)
    vera.size(*NARROWEST)
    accept_next(vera, place)
    assert vera.overflow() <= 0
    vera.picture("conversation-320")
    for username, paths in {
        "vera": ("/desk", "/password"),
        "sam": ("/board", f"/referrals/{referral.id}"),
        "ada": ("/people", "/service", "/audit"),
    }.items():
        vera.log_in(username)
        for path in paths:
            vera.open(path)
            assert vera.overflow() <= 0, path


def test_keyboard_reaches_the_content_first(vera: Volunteer, place: Place):
    vera.open("/login")
    for element in vera.browser.find_elements(By.CSS_SELECTOR, "input:not([type=hidden])"):
        name = element.get_attribute("id")
        assert vera.browser.find_elements(By.CSS_SELECTOR, f"label[for={name}]"), name
    vera.log_in("vera")
    ActionChains(vera.browser).send_keys(Keys.TAB).perform()
    assert vera.browser.switch_to.active_element.get_attribute("class") == "skip"
    ActionChains(vera.browser).send_keys(Keys.ENTER).perform()
    assert vera.browser.execute_script("return document.activeElement.id") == "main"
