"""The web chat as an adapter: its application behind the port that every platform has."""

from fastapi import FastAPI

from bots.adapter import RecordSender, Wiring
from bots.web import event
from bots.web.app import create_web_chat
from bots.web.event import WEB, WebEvent
from bots.web.settings import WebSettings
from handrail.domain.message import Incoming


class WebSender(RecordSender):
    """The page reads the record itself: what is committed counts as sent."""

    def __init__(self) -> None:
        super().__init__(WEB)


class WebAdapter:
    """app: what a server serves."""

    platform = WEB
    text_limit: int | None = None

    def __init__(self, wiring: Wiring, settings: WebSettings) -> None:
        self.sender = WebSender()
        self.app: FastAPI = create_web_chat(
            wiring.receive, wiring.store, wiring.clock, settings, wiring.fallback, wiring.alert
        )

    def to_incoming(self, event_: WebEvent) -> Incoming:
        return event.to_incoming(event_)
