"""Messages: stored once, sealed, in the order in which they happened."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from handrail.domain.assessment import Assessment
from handrail.domain.contact import Conversation
from handrail.domain.errors import StorageError
from handrail.domain.ids import ConversationId, MessageId, PersonId, new_id
from handrail.domain.message import (
    Author,
    Button,
    DeliveryState,
    Incoming,
    IncomingKind,
    Message,
)
from handrail.storage.assessments import keep_assessment, read_assessments
from handrail.storage.redaction import redact_before
from handrail.storage.schema import conversation, message, message_edit, outbox, received
from handrail.storage.unit import Unit

BODY = "message.body"
BUTTONS = "message.buttons"
EARLIER = "message_edit.body"


class SqlMessages:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def store_incoming(
        self, conversation: Conversation, incoming: Incoming, at: datetime
    ) -> Message | None:
        self._conversation(conversation.id)
        target = self._edited_message(conversation, incoming)
        message_id = MessageId(target.id if target else new_id())
        if not self._unit.insert_or_leave(
            received,
            ["source_hash"],
            source_hash=self._source(incoming, incoming.message_id),
            contact_id=conversation.contact_id,
            message_id=message_id,
        ):
            return None
        if target is not None:
            self._replace_text(target, incoming.text, at)
            return self._get(message_id)
        self._insert(
            message_id,
            conversation.id,
            conversation.contact_id,
            author=Author.CONTACT,
            text=incoming.text,
            at=at,
            kind=incoming.kind,
        )
        return self._get(message_id)

    def write(
        self,
        conversation_id: ConversationId,
        *,
        author: Author,
        text: str,
        at: datetime,
        buttons: Sequence[Button] = (),
        person_id: PersonId | None = None,
        earliest: datetime | None = None,
        despite_quiet: bool = False,
    ) -> Message:
        if author is Author.CONTACT:
            raise StorageError("what a contact wrote is stored by store_incoming")
        where = self._conversation(conversation_id)
        message_id = MessageId(new_id())
        self._insert(
            message_id,
            conversation_id,
            where.contact_id,
            author=author,
            text=text,
            at=at,
            buttons=buttons,
            person_id=person_id,
        )
        written = self._get(message_id)
        if author is Author.NOTE:
            return written
        self._unit.run(
            insert(outbox).values(
                message_id=message_id,
                seq=written.seq,
                conversation_id=conversation_id,
                contact_id=where.contact_id,
                state=DeliveryState.PENDING.value,
                despite_quiet=despite_quiet,
                written_at=at,
                earliest=earliest,
                attempts=0,
            )
        )
        return self._get(message_id)

    def of_conversation(
        self, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 500
    ) -> list[Message]:
        page = self._within(conversation_id).where(message.c.seq > after_seq)
        rows = self._unit.rows(page.order_by(message.c.seq).limit(limit))
        return [self._read(row) for row in rows]

    def latest(self, conversation_id: ConversationId, limit: int) -> list[Message]:
        newest = self._within(conversation_id).order_by(message.c.seq.desc()).limit(limit)
        return [self._read(row) for row in reversed(self._unit.rows(newest))]

    def _within(self, conversation_id: ConversationId) -> Select[Any]:
        """Raises Erased after deletion, StorageError for an unknown conversation."""
        query = select(conversation).where(conversation.c.id == conversation_id)
        self._unit.vault.demand(self._unit.known(query, "conversation").contact_id)
        return _messages().where(message.c.conversation_id == conversation_id)

    def keep_assessment(self, message_id: MessageId, assessment: Assessment, at: datetime) -> None:
        keep_assessment(self._unit, message_id, assessment, at)

    def assessments_of(self, conversation_id: ConversationId) -> list[tuple[MessageId, Assessment]]:
        return read_assessments(self._unit, conversation_id)

    def redact_before(self, before: datetime) -> int:
        return redact_before(self._unit, before)

    def _conversation(self, conversation_id: ConversationId) -> Row[Any]:
        """Locked: within a conversation a lower seq is committed first, so that whoever pages by
        seq never passes over a message that becomes visible later."""
        query = select(conversation).where(conversation.c.id == conversation_id)
        return self._unit.known(self._unit.locked(query), "conversation")

    def _source(self, incoming: Incoming, message_id: str) -> str:
        return self._unit.keyring.digest("message", incoming.platform, incoming.account, message_id)

    def _edited_message(self, where: Conversation, incoming: Incoming) -> Row[Any] | None:
        """The message an EDIT names, if this contact wrote it. An edit of something that never
        reached us is stored as a message of its own: nothing a contact wrote is dropped."""
        if incoming.kind is not IncomingKind.EDIT or incoming.replaces is None:
            return None
        known = select(received.c.message_id).where(
            received.c.source_hash == self._source(incoming, incoming.replaces)
        )
        return self._unit.row(
            select(message).where(
                message.c.id.in_(known),
                message.c.contact_id == where.contact_id,
                message.c.author == Author.CONTACT.value,
            )
        )

    def _replace_text(self, target: Row[Any], text: str, at: datetime) -> None:
        vault = self._unit.vault
        earlier = vault.unseal(target.contact_id, BODY, target.id, target.body)
        edit_id = new_id()
        self._unit.run(
            insert(message_edit).values(
                id=edit_id,
                message_id=target.id,
                contact_id=target.contact_id,
                replaced_at=at,
                body=vault.seal(target.contact_id, EARLIER, edit_id, earlier),
            )
        )
        sealed = vault.seal(target.contact_id, BODY, target.id, text)
        self._unit.run(
            update(message).where(message.c.id == target.id).values(body=sealed, edited=True)
        )

    def _insert(
        self,
        message_id: MessageId,
        conversation_id: ConversationId,
        contact_id: str,
        *,
        author: Author,
        text: str,
        at: datetime,
        kind: IncomingKind = IncomingKind.TEXT,
        buttons: Sequence[Button] = (),
        person_id: PersonId | None = None,
    ) -> None:
        vault = self._unit.vault
        choices = json.dumps([[button.id, button.label] for button in buttons])
        self._unit.run(
            insert(message).values(
                id=message_id,
                conversation_id=conversation_id,
                contact_id=contact_id,
                author=author.value,
                kind=kind.value,
                at=at,
                body=vault.seal(contact_id, BODY, message_id, text),
                buttons=vault.seal(contact_id, BUTTONS, message_id, choices) if buttons else None,
                person_id=person_id,
                edited=False,
            )
        )

    def _get(self, message_id: MessageId) -> Message:
        found = self._unit.known(_messages().where(message.c.id == message_id), "message")
        return self._read(found)

    def _read(self, row: Row[Any]) -> Message:
        body = self._unit.vault.unseal(row.contact_id, BODY, row.id, row.body)
        return Message(
            id=MessageId(row.id),
            seq=row.seq,
            conversation_id=ConversationId(row.conversation_id),
            author=Author(row.author),
            at=row.at,
            text=body,
            buttons=read_buttons(self._unit, row),
            kind=IncomingKind(row.kind),
            person_id=PersonId(row.person_id) if row.person_id else None,
            delivery=DeliveryState(row.delivery) if row.delivery else None,
            edited=row.edited,
        )


def read_buttons(unit: Unit, row: Row[Any]) -> tuple[Button, ...]:
    """The choices of a `message` row."""
    choices = unit.vault.unseal(row.contact_id, BUTTONS, row.id, row.buttons)
    return tuple(Button(id=key, label=label) for key, label in json.loads(choices or "[]"))


def _messages() -> Select[Any]:
    return select(message, outbox.c.state.label("delivery")).outerjoin(
        outbox, outbox.c.message_id == message.c.id
    )
