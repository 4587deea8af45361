"""A contact's whole visit in a real browser, with and without scripts, wide and narrow."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bots.web.app import create_web_chat
from bots.web.settings import WebSettings
from handrail.domain.clock import SystemClock
from tests.chromium import chromium, needs_chromium, picture, set_dark, set_size
from tests.fakes.paper_house import EMERGENCY_LINE, FALLBACK, HELLO, PaperHouse
from tests.fakes.web_server import served

pytestmark = needs_chromium
HOSTILE = "<img src=x onerror=alert(1)> @everyone \u202eevil"
SHOWN = HOSTILE.replace("\u202e", "<U+202E>")


class Visit:
    """One browser window on the contact page."""

    def __init__(self, browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self) -> None:
        self.browser.get(self.url)

    def wait(self, condition: Callable[[], object], seconds: float = 8) -> None:
        WebDriverWait(self.browser, seconds, poll_frequency=0.1).until(lambda _: condition())

    def lines(self) -> list[tuple[str, str]]:
        """(who, text) as they stand on the page, read in one go."""
        script = (
            "return Array.from(document.querySelectorAll('#log .line'), (line) =>"
            " ['.who', '.text'].map((part) => line.querySelector(part).textContent))"
        )
        return [tuple(pair) for pair in self.browser.execute_script(script)]

    def texts(self) -> list[str]:
        return [text for _, text in self.lines()]

    def choices(self) -> list[str]:
        return [element.text for element in self.browser.find_elements(By.CSS_SELECTOR, ".choice")]

    def press(self, label: str) -> None:
        for element in self.browser.find_elements(By.CSS_SELECTOR, ".choice"):
            if element.text == label:
                element.click()
                return
        raise AssertionError(f"no choice is called {label!r}: {self.choices()}")

    def type(self, text: str) -> None:
        self.browser.find_element(By.ID, "text").send_keys(text)

    def send(self, text: str) -> None:
        self.type(text)
        self.browser.find_element(By.CSS_SELECTOR, "#say button").click()

    def picture(self, name: str) -> None:
        picture(self.browser, name)


@pytest.fixture
def house() -> PaperHouse:
    return PaperHouse(SystemClock())


@pytest.fixture
def url(house: PaperHouse) -> Iterator[str]:
    settings = WebSettings(
        service_name="Handrail",
        secure_cookies=False,
        emergency_line=EMERGENCY_LINE,
        emergency_number="999",
        poll_seconds=0.2,
        answer_timeout_seconds=3,
        quick_exit_url="https://weather.invalid/",
    )
    app = create_web_chat(
        house.receive, house.store, house.clock, settings, house.fallback, house.alert
    )
    with served(app) as address:
        yield address


@pytest.fixture
def visit(url: str) -> Iterator[Callable[..., Visit]]:
    with ExitStack() as stack:

        def make(width: int = 1280, height: int = 900, *, scripts: bool = True, dark: bool = False):
            browser = stack.enter_context(chromium(scripts=scripts))
            set_size(browser, width, height, mobile=width < 500)
            set_dark(browser, dark)
            return Visit(browser, url)

        yield make


@pytest.mark.parametrize(("name", "width", "height"), [("wide", 1280, 900), ("narrow", 375, 740)])
def test_the_contacts_story(visit, house: PaperHouse, name: str, width: int, height: int) -> None:
    page = visit(width, height)
    page.open()
    emergency = page.browser.find_element(By.CSS_SELECTOR, ".emergency")
    assert emergency.text == EMERGENCY_LINE
    assert emergency.find_element(By.TAG_NAME, "a").get_attribute("href") == "tel:999"
    page.picture(f"{name}-1-first")

    page.press("Start")
    page.wait(lambda: HELLO in page.texts())
    assert page.choices() == ["Me", "Someone else"]
    page.picture(f"{name}-2-started")

    page.press("Someone else")
    page.wait(lambda: "You chose about:other." in page.texts())
    assert page.choices() == []

    page.send(HOSTILE)
    page.wait(lambda: SHOWN in page.texts())
    assert page.browser.find_elements(By.CSS_SELECTOR, "#log img") == []

    house.volunteer_says("Hello, I am here with you. Take all the time that you need.")
    page.wait(lambda: any("Sam" in who for who, _ in page.lines()))
    house.note("the volunteer's own note")
    page.type("I saw what they wrote last night and I do not know")
    page.picture(f"{name}-3-with-a-volunteer")
    assert emergency.is_displayed()
    assert "note" not in " ".join(page.texts())
    assert page.texts().count(SHOWN) == 1
    assert [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_same_story_without_scripts(visit, house: PaperHouse) -> None:
    page = visit(320, 640, scripts=False)
    page.open()
    page.press("Start")
    page.wait(lambda: page.texts() == [HELLO])
    assert page.choices() == ["Me", "Someone else"]
    page.press("Me")
    page.wait(lambda: page.texts()[1:] == ["Me", "You chose about:self."])
    page.send("I feel alone")
    page.wait(lambda: page.texts()[3:] == ["I feel alone", "We read: I feel alone"])
    house.volunteer_says("I am here")
    page.browser.find_element(By.CSS_SELECTOR, ".look button").click()
    page.wait(lambda: "I am here" in page.texts())
    page.picture("no-scripts-320")
    assert [incoming.kind.value for incoming in house.incoming] == ["start", "press", "text"]


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_is_cut_off_or_covered(visit, width: int) -> None:
    page = visit(width, 700, dark=True)
    page.open()
    page.send("x" * 300)
    page.wait(lambda: len(page.texts()) == 2)
    too_wide = page.browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert too_wide == 0
    page.picture(f"dark-{width}")
    covered = page.browser.execute_script(
        "document.getElementById('text').scrollIntoView({block: 'nearest'});"
        "const box = document.getElementById('text').getBoundingClientRect();"
        "return document.elementFromPoint(box.x + 20, box.y + 10).id"
    )
    assert covered == "text"


def test_by_keyboard_alone(visit, house: PaperHouse) -> None:
    page = visit()
    page.open()
    body = page.browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB, Keys.ENTER)  # "Skip to the chat"
    page.wait(lambda: "#" in page.browser.current_url)
    page.browser.switch_to.active_element.send_keys(Keys.TAB)
    page.wait(lambda: page.browser.switch_to.active_element.get_attribute("id") == "text")
    page.browser.switch_to.active_element.send_keys("one", Keys.SHIFT + Keys.ENTER)
    page.browser.switch_to.active_element.send_keys("two", Keys.ENTER)
    page.wait(lambda: "one\ntwo" in page.texts())
    assert [incoming.text for incoming in house.incoming] == ["one\ntwo"]


@pytest.mark.parametrize("how", ["press", "escape twice"])
def test_leaving_quickly_takes_the_page_out_of_the_history(visit, how: str) -> None:
    page = visit()
    page.open()
    page.send("nobody may see this")
    page.wait(lambda: len(page.texts()) == 2)
    before = page.browser.execute_script("return history.length")
    if how == "press":
        page.browser.find_element(By.ID, "exit").click()
    else:
        page.browser.find_element(By.ID, "text").send_keys(Keys.ESCAPE, Keys.ESCAPE)
    page.wait(lambda: "weather.invalid" in page.browser.current_url)
    assert page.browser.execute_script("return history.length") == before
    page.browser.back()
    assert "nobody may see this" not in page.browser.page_source


def test_one_escape_does_not_leave(visit) -> None:
    page = visit()
    page.open()
    page.browser.find_element(By.ID, "text").send_keys(Keys.ESCAPE)
    assert page.browser.current_url.startswith(page.url)


def test_a_broken_house_shows_the_fallback_and_sends_again(visit, house: PaperHouse) -> None:
    page = visit(375, 740)
    page.open()
    house.broken = True
    page.send("please answer")
    page.wait(lambda: FALLBACK in page.texts())
    assert any("Not sent yet" in who for who, _ in page.lines())
    page.picture("narrow-4-broken")
    house.broken = False
    page.wait(lambda: "We read: please answer" in page.texts(), seconds=10)
    assert page.texts().count("please answer") == 1
    assert not any("Not sent yet" in who for who, _ in page.lines())
    assert [incoming.text for incoming in house.incoming] == ["please answer"]


def test_offline_words_wait_and_arrive_once_in_order(visit, house: PaperHouse) -> None:
    page = visit()
    page.open()
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **network})
    page.send("first")
    page.wait(lambda: any("Not sent yet" in who for who, _ in page.lines()))
    page.send("second")
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **network})
    page.wait(lambda: "We read: second" in page.texts(), seconds=10)
    assert [incoming.text for incoming in house.incoming] == ["first", "second"]
    assert page.texts() == ["first", "We read: first", "second", "We read: second"]


def test_too_long_a_text_comes_back_into_the_box(visit, house: PaperHouse) -> None:
    page = visit()
    page.open()
    page.browser.execute_script("document.getElementById('text').value = 'word '.repeat(60000)")
    page.browser.find_element(By.CSS_SELECTOR, "#say button").click()
    page.wait(lambda: "too long" in page.browser.find_element(By.ID, "note").text)
    assert len(page.browser.find_element(By.ID, "text").get_attribute("value")) == 299_999
    assert house.incoming == []


def test_what_was_said_is_there_after_a_reload(visit, house: PaperHouse) -> None:
    page = visit()
    page.open()
    page.send("keep this")
    page.wait(lambda: len(page.texts()) == 2)
    page.open()
    page.wait(lambda: page.texts() == ["keep this", "We read: keep this"])
    page.browser.find_elements(By.CSS_SELECTOR, "summary")[1].click()
    page.browser.find_element(By.CSS_SELECTOR, "form[action='/forget'] button").click()
    page.wait(lambda: page.texts() == [])
    assert "forgotten" in page.browser.find_element(By.ID, "note").text
