"""What a contact reads when everything else failed. Compiled in: no file, no TOML, no network.

It must be true whatever broke. We may not know whether the message was kept, so it does not say
so; nobody may be there, so it names no time. The numbers are copies of the helpline table, and a
test keeps them equal.
"""

import re
from datetime import date, datetime

_TRUSTED_DAYS = 180

_TEXT = {
    "en": (
        "Thank you for writing. I am an automated helper, and part of our service is not working "
        "right now.\n\n"
        "If you or someone else may be in danger, please call {emergency} now.\n\n"
        "To talk to someone, you can use {line}.\n\n"
        "I cannot tell whether your message has reached our team. A person reads every message "
        "that does. Please write here again later, and do not wait for us if you need help today."
    ),
}
_LINE = {"en": "{name} (call {phone}, day and night)"}
_DIRECTORY = {"en": "the list of helplines at findahelpline.com"}
_OR = {"en": "{first} or {second}"}
_LOCAL_NUMBER = {"en": "your local emergency number"}

EMERGENCY = {
    "AE": "998 (ambulance), 999 (police)",
    "AR": "911 or 107",
    "AT": "112 or 144",
    "AU": "000",
    "BE": "112",
    "BR": "192 (ambulance), 190 (police)",
    "CA": "911",
    "CH": "144 or 112",
    "CL": "131 (ambulance), 133 (police)",
    "CO": "123",
    "CZ": "112",
    "DE": "112",
    "DK": "112",
    "ES": "112",
    "EU": "112",
    "FI": "112",
    "FR": "15 or 112",
    "GB": "999 or 112",
    "GH": "112",
    "GR": "112 or 166",
    "HK": "999",
    "HU": "112",
    "ID": "112 or 119",
    "IE": "112 or 999",
    "IL": "101 (ambulance), 100 (police)",
    "IN": "112",
    "IS": "112",
    "IT": "112",
    "JP": "119 (ambulance), 110 (police)",
    "KE": "999 or 112",
    "KR": "119 (ambulance), 112 (police)",
    "LU": "112",
    "MX": "911",
    "MY": "999 (112 from mobile)",
    "NG": "112",
    "NL": "112",
    "NO": "113 (medical), 112 (police)",
    "NZ": "111",
    "PH": "911",
    "PL": "112",
    "PT": "112",
    "SE": "112",
    "SG": "995 (ambulance), 999 (police)",
    "TH": "1669 (medical), 191 (police)",
    "TW": "119 (ambulance), 110 (police)",
    "UA": "112 or 103",
    "US": "911",
    "ZA": "112 (mobile), 10177 (ambulance)",
}
"""Country -> as said."""

ALWAYS_OPEN = {
    "AT": ("TelefonSeelsorge", "142", date(2026, 10, 9)),
    "AU": ("Lifeline", "13 11 14", date(2026, 9, 23)),
    "BE": ("Centre de Prevention du Suicide", "0800 32 123", date(2026, 10, 9)),
    "BR": ("CVV", "188", date(2026, 7, 9)),
    "CA": ("9-8-8 Suicide Crisis Helpline", "988", date(2026, 9, 23)),
    "CH": ("Die Dargebotene Hand / La Main Tendue / Telefono Amico", "143", date(2026, 10, 9)),
    "DE": ("TelefonSeelsorge", "0800 111 0 111, 0800 111 0 222 or 116 123", date(2026, 10, 9)),
    "ES": ("Linea 024", "024", date(2026, 9, 29)),
    "FR": ("3114", "3114", date(2026, 10, 9)),
    "GB": ("Samaritans", "116 123", date(2026, 9, 23)),
    "HK": ("The Samaritans Hong Kong", "2896 0000", date(2026, 7, 9)),
    "IE": ("Samaritans Ireland", "116 123", date(2026, 9, 23)),
    "IN": ("Tele MANAS", "14416 or 1800-89-14416", date(2026, 7, 9)),
    "JP": ("Yorisoi Hotline", "0120-279-338", date(2026, 9, 23)),
    "KR": ("109 Suicide Prevention Hotline", "109", date(2026, 7, 9)),
    "MX": ("Linea de la Vida", "800 911 2000", date(2026, 7, 9)),
    "MY": ("Befrienders KL", "03-7627 2929", date(2026, 6, 1)),
    "NL": ("113 Zelfmoordpreventie", "113 or 0800-0113", date(2026, 9, 24)),
    "NO": ("Mental Helse Hjelpetelefonen", "116 123", date(2026, 9, 24)),
    "NZ": ("1737 Need to talk?", "1737", date(2026, 7, 9)),
    "PH": ("NCMH Crisis Hotline", "1553 (landline); 0917-899-8727", date(2026, 7, 9)),
    "PL": ("Centrum Wsparcia (Itaka)", "800 70 2222", date(2026, 7, 15)),
    "SG": ("Samaritans of Singapore", "1767", date(2026, 7, 9)),
    "TH": ("Department of Mental Health 1323", "1323", date(2026, 7, 15)),
    "TW": ("1925 (MOHW)", "1925", date(2026, 7, 9)),
    "US": ("988 Suicide & Crisis Lifeline", "988", date(2026, 9, 29)),
    "ZA": ("SADAG", "0800 567 567", date(2026, 7, 9)),
}
"""Country -> (name, phone, checked on) of a confirmed line for everyone that answers day and night.
Other countries get the directory."""


def fallback_reply(locale: str, country: str, now: datetime) -> str:
    """Emergency number, a line that answers day and night, and the truth about our side.

    An unknown locale is answered in English, an unknown country with the directory. From 180 days
    after the line was checked the directory stands beside it. Never raises.
    """
    language = locale.partition("-")[0].lower()
    if language not in _TEXT:
        language = "en"
    line = _DIRECTORY[language]
    if country in ALWAYS_OPEN:
        name, phone, checked_on = ALWAYS_OPEN[country]
        number = re.sub(r"(?<=\d) (?=\d)", "\u00a0", phone)
        call = _LINE[language].format(name=name, phone=number)
        old = (now.date() - checked_on).days >= _TRUSTED_DAYS
        line = _OR[language].format(first=call, second=line) if old else call
    emergency = EMERGENCY.get(country) or _LOCAL_NUMBER[language]
    return _TEXT[language].format(emergency=emergency, line=line)
