"""What every diagnosis of a task that stopped at its threshold starts from."""

from dataclasses import dataclass

from bot.diagnosis.landscape import Landscape
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.ids import ConnectorId
from bot.model.job import Connector, Job, JobRun, TaskRun


@dataclass(frozen=True, slots=True)
class BlockedTask:
    subject: Subject
    site: Site
    landscape: Landscape
    task: TaskRun | None = None
    """The blocked task; None when none was found."""
    run: JobRun | None = None

    @property
    def connector_id(self) -> ConnectorId | None:
        return self.task.connector_id if self.task and self.task.connector_id else self.subject.connector_id

    @property
    def connector(self) -> Connector | None:
        return self.landscape.connector(self.connector_id)

    @property
    def job(self) -> Job | None:
        return self.landscape.job(self.run.job_id) if self.run else None
