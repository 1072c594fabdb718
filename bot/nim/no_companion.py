"""An environment without a companion: everything that one would show is not exposed, and no request is made."""

from collections.abc import Sequence

from typing_extensions import override

from bot.errors import NotExposed
from bot.model.change import Progress
from bot.model.file import AgentFile, Folder, TaskLog
from bot.model.ids import AgentId, ResourceId, TaskRunId
from bot.model.value import Source, ValueChange
from bot.ports import Files


class NoCompanion(Files):
    @override
    async def capabilities(self) -> frozenset[str]:
        return frozenset()

    @override
    async def task_log(self, task_run_id: TaskRunId, *, tail: int = 200) -> TaskLog:
        raise _without("task logs")

    @override
    async def agent_files(self, agent_id: AgentId, folder: Folder) -> Sequence[AgentFile]:
        raise _without("the files of its agents")

    @override
    async def progress(self, task_run_id: TaskRunId) -> Progress:
        raise _without("the counters of a running task")

    @override
    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        raise _without("the history of a resource")

    @override
    async def sources(self, entity_type: str, resource_id: ResourceId) -> Sequence[Source]:
        raise _without("the sources of a person")


def _without(what: str) -> NotExposed:
    return NotExposed(f"This environment does not show {what}: it has no companion.")
