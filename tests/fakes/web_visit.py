"""A paper house behind a real server, and a client for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from bots.web.app import create_web_chat
from bots.web.settings import WebSettings
from handrail.domain.clock import SystemClock
from handrail.domain.ids import new_id
from tests.fakes.paper_house import EMERGENCY_LINE, PaperHouse
from tests.fakes.web_server import served

SETTINGS = WebSettings(
    service_name="Handrail",
    secure_cookies=False,
    emergency_line=EMERGENCY_LINE,
    emergency_number="999",
    poll_seconds=0.1,
    keep_alive_seconds=0.3,
    answer_timeout_seconds=0.6,
)
HEADER = {"X-Handrail-Chat": "1"}


@dataclass
class WebVisit:
    house: PaperHouse
    client: httpx.Client
    url: str
    slept: list[float]

    def post(self, what: str = "messages", **body: Any) -> httpx.Response:
        body.setdefault("client_id", new_id())
        return self.client.post(f"/api/v1/chat/{what}", json=body, headers=HEADER)

    def page(self) -> str:
        return self.client.get("/").text

    def stranger(self) -> httpx.Client:
        """Another browser, without this one's cookie."""
        return httpx.Client(base_url=self.url)


@contextmanager
def web_visit(**changes: Any) -> Iterator[WebVisit]:
    """`changes` to the settings. Delays are noted in `slept` and not slept."""
    house, slept = PaperHouse(SystemClock()), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    app = create_web_chat(
        house.receive, house.store, house.clock, replace(SETTINGS, **changes), house.fallback,
        house.alert, sleep=sleep,
    )  # fmt: skip
    with served(app) as url, httpx.Client(base_url=url, timeout=15) as client:
        yield WebVisit(house=house, client=client, url=url, slept=slept)
