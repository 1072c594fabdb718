"""A store that keeps nothing: for questions from a terminal, which neither act nor know of incidents."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bot.errors import NotFound
from bot.model.action import Action, ActionState, Wish
from bot.model.audit import AuditRecord
from bot.model.ids import ActionId, IncidentId, JobId, JobRunId
from bot.model.incident import Incident


class NoActions:
    async def ask(self, wish: Wish, now: datetime) -> tuple[Action, bool]:
        raise NotFound(
            "Nothing can be done from here.", next_step="Press the button in Slack.", key=wish.key, at=str(now)
        )

    async def get(self, action_id: ActionId) -> Action:
        raise NotFound(f"There is no action {action_id} here.")

    async def unfinished(self) -> Sequence[Action]:
        return ()

    async def recent(self, env: str, target: str, *, limit: int = 5) -> Sequence[Action]:
        del env, target, limit
        return ()

    async def latest(self, env: str, *, limit: int = 50) -> Sequence[Action]:
        del env, limit
        return ()

    async def change(self, action: Action, *, now: datetime, audit: str = "") -> None:
        raise NotFound(f"There is no action {action.id} here.", at=str(now), said=audit)

    async def in_state(self, state: ActionState) -> Sequence[Action]:
        del state
        return ()

    async def changed(self, at_most: float) -> bool:
        del at_most
        return False


class NoIncidents:
    async def open_ones(self, env: str | None = None) -> Sequence[Incident]:
        del env
        return ()

    async def get(self, incident_id: IncidentId) -> Incident:
        raise NotFound(f"There is no incident {incident_id} here.")

    async def of_run(self, env: str, run_id: JobRunId) -> Incident | None:
        del env, run_id
        return None

    async def of_job(self, env: str, job_id: JobId) -> Incident | None:
        del env, job_id
        return None


class NoAudit:
    async def record(self, entry: AuditRecord) -> None:
        raise NotFound(f"There is no audit log here for {entry.kind}.")

    async def since(self, moment: datetime | None = None, *, user_id: str = "") -> AsyncIterator[AuditRecord]:
        del moment, user_id
        nothing: tuple[AuditRecord, ...] = ()
        for entry in nothing:
            yield entry
