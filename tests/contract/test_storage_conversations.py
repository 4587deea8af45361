"""Conversations: compare-and-set on the version, state sealed and given back as it was."""

from dataclasses import replace

import pytest

from handrail.domain.errors import Conflict, StorageError
from handrail.domain.ids import ConversationId, Platform, new_id
from handrail.domain.level import Level
from tests.fakes.storage_builders import NOON, conversation, minutes


def test_a_save_gives_back_what_was_saved(store):
    with store.transaction() as tx:
        where = conversation(tx)
        changed = replace(
            where, state='{"step": "ünïcode 🌿"}', level=Level.P2, urgent_at=NOON, locale="cy-GB"
        )
        saved = tx.conversations.save(changed, NOON + minutes(1))
    assert saved == replace(changed, version=2, updated_at=NOON + minutes(1))
    with store.transaction(read_only=True) as tx:
        assert tx.conversations.get(where.id) == saved


def test_an_old_version_is_a_conflict(store):
    with store.transaction() as tx:
        where = conversation(tx)
        tx.conversations.save(replace(where, state="first"), NOON)
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.conversations.save(replace(where, state="second"), NOON)
    with store.transaction(read_only=True) as tx:
        assert tx.conversations.get(where.id).state == "first"


def test_urgent_since_includes_the_instant(store):
    with store.transaction() as tx:
        where = conversation(tx)
        assert not tx.conversations.urgent_since(where.contact_id, NOON)
        tx.conversations.save(replace(where, urgent_at=NOON), NOON)
        assert tx.conversations.urgent_since(where.contact_id, NOON)
        assert tx.conversations.urgent_since(where.contact_id, NOON - minutes(1))
        assert not tx.conversations.urgent_since(where.contact_id, NOON + minutes(1))


def test_a_conversation_is_looked_up_by_its_account(store):
    web, other = Platform("web"), Platform("telegram")
    with store.transaction() as tx:
        where = conversation(tx)
        conversation(tx, "a2")
    with store.transaction(read_only=True) as tx:
        assert tx.conversations.of_account(web, "a1") == where
        assert tx.conversations.of_account(web, "a3") is None
        assert tx.conversations.of_account(other, "a1") is None
    with store.transaction() as tx:
        tx.contacts.erase(where.contact_id, NOON)
        assert tx.conversations.of_account(web, "a1") is None


def test_an_unknown_conversation_is_an_error(store):
    with store.transaction() as tx, pytest.raises(StorageError):
        tx.conversations.get(ConversationId(new_id()))


def test_a_naive_instant_is_refused(store):
    with store.transaction() as tx:
        where = conversation(tx)
    with pytest.raises(StorageError), store.transaction() as tx:
        tx.conversations.save(where, NOON.replace(tzinfo=None))
