"""The web chat's own section of the configuration, as a value."""

from dataclasses import dataclass

from handrail.domain.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Everything the contact page can be told.

    emergency_line: one sentence with the emergency number, rendered from the helpline table.
    emergency_number: the number inside it, to make it a link that a phone can dial.
    helpline_line: a sentence with a line that is open now; may be empty.
    secure_cookies: True behind https; the cookie then gets the `__Host-` prefix.
    quick_exit_url: where "Leave this page quickly" goes: dull, well known, fast.
    max_message_chars: longer text is stored in full, as several messages.
    max_body_bytes: a larger request is refused with a kind answer.
    remember_days: how long the browser keeps the chat when the contact asks it to.
    retention_days: how long the service keeps message text; shown in the privacy note.
    answer_timeout_seconds: after that the contact gets the fallback reply, and the work goes on.
    poll_seconds, keep_alive_seconds, stream_seconds: the stream looks at the record, says that it
        is alive, and ends so that the browser opens a fresh one.
    burst_messages, seconds_per_message, max_delay_seconds: after a burst, one contact's messages
        are taken in more slowly. Never refused.
    arrivals_per_minute: when more new contacts than this arrive from one address in a minute, they
        are taken in more slowly too.
    """

    service_name: str
    locale: str = "en-GB"
    demo: bool = False
    secure_cookies: bool = True
    quick_exit_url: str = "https://www.bbc.co.uk/weather"
    emergency_line: str = ""
    emergency_number: str = ""
    helpline_line: str = ""
    retention_days: int = 30
    max_message_chars: int = 10_000
    max_body_bytes: int = 262_144
    remember_days: int = 7
    answer_timeout_seconds: float = 10.0
    poll_seconds: float = 0.7
    keep_alive_seconds: float = 15.0
    stream_seconds: float = 300.0
    burst_messages: int = 12
    seconds_per_message: float = 1.5
    max_delay_seconds: float = 4.0
    arrivals_per_minute: int = 60

    def __post_init__(self) -> None:
        """Raises ConfigError."""
        if not self.quick_exit_url.startswith("https://"):
            raise ConfigError("quick_exit_url must start with https://")
        if self.max_message_chars < 1 or self.max_body_bytes < 4 * self.max_message_chars:
            raise ConfigError(
                f"bots.web.max_message_chars must be 1 to {self.max_body_bytes // 4}: "
                "a request holds at least four bytes per character"
            )
        if self.burst_messages < 1 or self.arrivals_per_minute < 1:
            raise ConfigError("burst_messages and arrivals_per_minute must be at least 1")

    @property
    def cookie_name(self) -> str:
        return "__Host-handrail-chat" if self.secure_cookies else "handrail-chat"
