"""What the tasks of all jobs work with: systems, files, queues, change lists, what is dirty."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from sandbox.identity_manager.world.agent_files import FileTree
from sandbox.identity_manager.world.clock import Clock
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.identities import Identities
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.orders import Exceeded, Orders
from sandbox.identity_manager.world.preparation import Preparation, Prepared
from sandbox.identity_manager.world.role_model import RoleModel
from sandbox.identity_manager.world.runs import Runs, TaskRun
from sandbox.identity_manager.world.synchronization import ChangeSet, Synchronization
from sandbox.identity_manager.world.systems.access import Host
from sandbox.identity_manager.world.systems.order import ManagedSystem
from sandbox.identity_manager.world.systems.table import FileFault, Table

Body = Generator[float, None, RunState]
"""A task at work: it yields the virtual seconds that its next piece of work takes, and returns how it ended."""


@dataclass(slots=True)
class Systems:
    """The managed systems by connector, the agents' hosts, and what happens to files on their way."""

    systems: dict[str, ManagedSystem]
    hosts: dict[str, Host]
    file_faults: list[FileFault] = field(default_factory=list)
    lost_queues: set[str] = field(default_factory=set)
    """connectors whose prepared files vanish before they are synchronised"""


class Workbench:
    """Shared by all tasks of one installation."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        configuration: Configuration,
        systems: Systems,
        identities: Identities,
        role_model: RoleModel,
        runs: Runs,
        files: FileTree,
    ) -> None:
        self.clock = clock
        self.database = database
        self.configuration = configuration
        self.systems = systems
        self.identities = identities
        self.role_model = role_model
        self.runs = runs
        self.files = files
        self.synchronization = Synchronization(database, configuration)
        self.preparation = Preparation()
        self.orders = Orders(database, configuration)
        self.exported: dict[str, list[Table]] = {}
        self.queued: dict[str, list[Prepared]] = {}
        self.cookies: dict[str, int] = {}
        self.blocked: dict[int, ChangeSet] = {}
        """change sets of blocked synchronisations by job instance"""
        self.marks_changed = True
        """whether the flag of recently modified resources is set, on which incremental computations depend"""
        self.dirty_keys: set[str] = set()
        self.dirty_accounts: set[int] = set()
        self.dirty_people: set[int] = set()
        self.prepared: set[str] = set()
        """tables whose newest export was good enough to be prepared: only these become `previous`"""

    def log(self, run: TaskRun, level: str, message: str) -> None:
        self.runs.log(run, self.clock.now, level, message)

    def fail(self, run: TaskRun, text: str) -> RunState:
        self.log(run, "Error", text)
        return RunState.ERRORED


def progress(counters: list[int], exceeded: list[Exceeded], *, orders: int = 0, errored: int = 0) -> dict[str, object]:
    """TaskInstance.WrappedProgress (nim-api 9.2-P); `counters`: inserted, updated, deleted, links added, removed."""
    return {
        "Inserted": counters[0],
        "Updated": counters[1],
        "Deleted": counters[2],
        "LinksInserted": counters[3],
        "LinksDeleted": counters[4],
        "Orders": orders,
        "Errored": errored,
        "Thresholds": [
            {"Scope": e.scope, "Name": e.name, "Limit": e.limit, "Value": e.value, "Exceeded": True} for e in exceeded
        ],
    }
