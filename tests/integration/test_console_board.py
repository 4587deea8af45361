"""The supervisor's board and the administrator's pages: numbers, people, alerts, audit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from handrail.console.board import LevelRow, board_of, count_bars, wait_bars
from handrail.domain.level import Level
from handrail.domain.referral import Role
from referral_queue import desk
from tests.fakes.console_house import RULES, Browser, Place, contact_writes, minutes

Open = Callable[..., Browser]


def row(level: Level, live: int, oldest: float | None, ceiling: float) -> LevelRow:
    return LevelRow(
        level=level,
        live=live,
        waiting=live,
        oldest=None if oldest is None else minutes(oldest),
        ceiling=minutes(ceiling),
    )


def test_bars_are_relative_and_never_too_wide():
    rows = (row(Level.P1, 1, 5, 2), row(Level.P2, 4, 5, 10), row(Level.P3, 0, None, 60))
    counts, waits = count_bars(rows), wait_bars(rows)
    assert [(bar.value, bar.width) for bar in counts] == [(1, 25.0), (4, 100.0), (0, 0.0)]
    assert [(bar.value, bar.width, bar.over) for bar in waits] == [
        (250, 100, True),
        (50, 50, False),
        (0, 0, False),
    ]


def test_no_referrals_draw_empty_bars():
    rows = tuple(row(level, 0, None, 60) for level in Level)
    assert {bar.width for bar in (*count_bars(rows), *wait_bars(rows))} == {0}


def test_board_counts_waits_loads_and_lateness(place: Place):
    contact_writes(place, "hello", account="a1", level=Level.P3)
    contact_writes(place, "hello", account="a2", level=Level.P2)
    now, vera = place.clock.now(), place.people["vera"]
    with place.store.transaction() as tx:
        desk.start_shift(tx, vera, now)
        offered = desk.offer_next(tx, vera, now, RULES)
        assert offered is not None
        taken = desk.claim(tx, offered.id, vera, now, RULES)
        assert taken.lease_token
        desk.reply(tx, taken, vera, taken.lease_token, "hi", now, RULES)
    place.clock.advance(minutes(61))
    with place.store.transaction(read_only=True) as tx:
        board = board_of(tx, RULES.targets, place.clock.now())
    by_level = {one.level: one for one in board.rows}
    assert (by_level[Level.P2].live, by_level[Level.P2].waiting) == (1, 0)
    assert by_level[Level.P2].oldest is None, "answered: nobody waits"
    assert by_level[Level.P3].oldest == timedelta(minutes=61)
    assert [card.referral.level for card in board.overdue] == [Level.P3]
    assert [(p.member.username, p.live, p.urgent) for p in board.people] == [("vera", 1, 1)]


def test_board_says_the_chart_in_text_too(place: Place, browser: Open):
    contact_writes(place, "hello", level=Level.P3)
    page = browser("sam").get("/board").text
    assert '<svg class="bars"' in page
    assert "P1 0, P2 0, P3 1, P4 0, P5 0" in page
    assert "<table>" in page
    assert "Nobody is on shift" in page


def test_lead_without_chats_sees_the_board_without_links(place: Place, browser: Open):
    referral = contact_writes(place, "hello")
    sofia = browser("sofia")
    assert referral.id not in sofia.get("/board").text
    assert sofia.get(f"/referrals/{referral.id}").status_code == 403


def test_supervisor_takes_an_open_referral(place: Place, browser: Open):
    referral = contact_writes(place, "hello")
    sam = browser("sam")
    sam.get("/desk")
    sam.post("/shift/start")
    assert "Take this referral" in sam.get(f"/referrals/{referral.id}").text
    assert sam.post(f"/referrals/{referral.id}/accept").status_code == 303
    assert place.referral(referral.id).held_by == place.people["sam"].id


def test_administrator_adds_a_person_who_can_log_in_once(place: Place, browser: Open):
    ada = browser("ada")
    ada.get("/people")
    added = ada.post(
        "/people", {"username": "Noor", "display_name": "Noor", "roles": ["volunteer"]}
    )
    assert added.status_code == 200
    once = added.text.split('id="once">')[1].split("<")[0]
    assert once not in ada.get("/people").text, "shown once only"
    noor = browser()
    assert noor.log_in("noor", once).status_code == 303
    assert noor.get("/desk").headers["location"] == "/password"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "vera", "display_name": "V", "roles": ["volunteer"]}, "taken"),
        ({"username": "x y", "display_name": "V", "roles": ["volunteer"]}, "cannot be used"),
        ({"username": "noor", "display_name": "V", "roles": []}, "No role"),
        (
            {"username": "noor", "display_name": "V", "roles": ["administrator", "volunteer"]},
            "cannot also read",
        ),
    ],
)
def test_refused_people_keep_what_was_typed(browser: Open, fields: dict, words: str):
    ada = browser("ada")
    ada.get("/people")
    refused = ada.post("/people", fields)
    assert refused.status_code == 422
    assert words in refused.text
    assert f'value="{fields["username"]}"' in refused.text


def test_roles_and_passwords_can_be_changed_but_not_ones_own_rights(place: Place, browser: Open):
    ada = browser("ada")
    ada.get("/people")
    vera, me = place.people["vera"].id, place.people["ada"].id
    assert ada.post(f"/people/{vera}/roles", {"roles": ["supervisor"]}).status_code == 303
    with place.store.transaction(read_only=True) as tx:
        assert tx.people.get(vera).roles == {Role.SUPERVISOR}
    ada.get("/people")
    assert ada.post(f"/people/{me}/roles", {"roles": ["volunteer"]}).status_code == 422
    assert ada.post(f"/people/{me}/active", {"active": "false"}).status_code == 422
    reset = ada.post(f"/people/{vera}/password")
    once = reset.text.split('id="once">')[1].split("<")[0]
    assert browser().log_in("vera", once).status_code == 303
    assert ada.post(f"/people/{'0' * 32}/password").status_code == 404


def test_switching_off_ends_the_shift(place: Place, browser: Open):
    vera = browser("vera")
    vera.get("/desk")
    vera.post("/shift/start")
    ada = browser("ada")
    ada.get("/people")
    ada.post(f"/people/{place.people['vera'].id}/active", {"active": "false"})
    with place.store.transaction(read_only=True) as tx:
        assert tx.shifts.running() == []
    ada.get("/people")
    ada.post(f"/people/{place.people['vera'].id}/active", {"active": "true"})
    assert browser("vera").get("/desk").status_code == 200


def test_service_page_tells_how_things_are(place: Place, browser: Open):
    contact_writes(place, "hello")
    with place.store.transaction() as tx:
        tx.journal.alert("delivery.stuck", "web", place.clock.now())
    ada = browser("ada")
    page = ada.get("/service").text
    assert "schema" in page, "the database's own line"
    assert "Whole" in page
    assert "delivery: stuck" in page
    alert = page.split("/alerts/")[1].split("/")[0]
    assert ada.post(f"/alerts/{alert}/acknowledge", {"back": "/service"}).status_code == 303
    assert "No alerts" in ada.get("/service").text
    assert ada.post("/alerts/1/acknowledge", {"back": "//evil"}).headers["location"] == (
        "/?done=alert_seen"
    )


def test_audit_names_people_and_holds_no_text(place: Place, browser: Open):
    contact_writes(place, "marmalade")
    vera = browser("vera")
    vera.get("/desk")
    vera.post("/shift/start")
    page = browser("dana").get("/audit").text
    assert "shift.start" in page
    assert "Vera" in page
    assert "marmalade" not in page


def test_demo_pages_say_so(place: Place, browser: Open):
    assert "Demonstration" not in browser().get("/login").text
    house = place.app.state.house
    place.app.state.house = replace(house, settings=replace(house.settings, demo=True))
    for username, path in (("", "/login"), ("vera", "/desk"), ("ada", "/people"), ("", "/x")):
        assert "Demonstration" in browser(username).get(path).text
