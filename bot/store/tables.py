"""The tables. Their history is in `migrations/`; a test compares the two."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from typing_extensions import override


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone; what comes back always has one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

action: Final = Table(
    "action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("env", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("target", Text, nullable=False),
    Column("state", String(32), nullable=False, index=True),
    Column("user_id", Text, nullable=False),
    Column("incident_id", Integer),
    Column("asked_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("key"),
    Index("ix_action_env_target", "env", "target"),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("event", String(32), nullable=False),
    Column("action_id", Integer),
    Column("team_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("env", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

incident: Final = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("env", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("job_id", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_incident_env_job", "env", "job_id"),
    Index(
        "uq_incident_open",
        "env",
        "fingerprint",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

incident_run: Final = Table(
    "incident_run",
    metadata,
    Column("env", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("incident_id", Integer, ForeignKey("incident.id"), nullable=False, index=True),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("channel_id", Text, nullable=False, server_default=""),
    Column("thread_of", Text, nullable=False),
    Column("incident_id", Integer),
    Column("message", Text, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("ts", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("key"),
    Index("ix_outbox_state_due", "state", "due_at"),
)

watch_mark: Final = Table(
    "watch_mark",
    metadata,
    Column("env", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("at", Moment),
    Column("body", Text, nullable=False),
)

preference: Final = Table(
    "preference",
    metadata,
    Column("team_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

inbox: Final = Table(
    "inbox",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("done_at", Moment, index=True),
)

request: Final = Table(
    "request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("key"),
)

reminder: Final = Table(
    "reminder",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("env", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("key"),
    Index("ix_reminder_state_due", "state", "due_at"),
)
