"""Renders the contact page."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bots.record import Line
from bots.web.settings import WebSettings
from bots.web.words import PageWords, load_page_words
from handrail.domain.message import Author, Button

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the page shows.

    fallback: a reply that is on no record; None when all is well. note: key of a sentence of the
    page itself. draft, client_id: text that could not be taken, and its id, so that pressing Send
    again sends the same message.
    """

    form_token: str
    lines: tuple[Line, ...] = ()
    fallback: str | None = None
    note: str | None = None
    draft: str = ""
    client_id: str | None = None


class ContactPage:
    """The one page. Its templates and words are read once, when it is made."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._words: PageWords = load_page_words(settings)
        environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("page.html")

    def render(self, view: View) -> str:
        return self._template.render(
            settings=self._settings,
            w=self._words,
            lines=view.lines,
            choices=open_choices(view.lines),
            fallback=view.fallback,
            note=self._words.note(view.note) if view.note else None,
            draft=view.draft,
            client_id=view.client_id,
            form_token=view.form_token,
            new_id=new_client_id,
        )


def open_choices(lines: tuple[Line, ...]) -> tuple[Button, ...]:
    """The buttons of the newest message that has any, unless the contact has written since."""
    for line in reversed(lines):
        if line.message.author is Author.CONTACT:
            return ()
        if line.message.buttons:
            return line.message.buttons
    return ()


def new_client_id() -> str:
    return secrets.token_urlsafe(16)
