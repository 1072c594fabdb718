"""The configuration of the installation, written to the store and kept for the engine.

Rows are plain dictionaries: a setting that somebody changes goes through `set` and acts at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.metadata import OWNER_TYPE, SHAPES
from sandbox.identity_manager.world.policy import PersonExpression, ResourceType, RoleRule


@dataclass(slots=True, eq=False)
class Task:
    """`kind` is a key of catalogue.TASK_TYPES. `parents` are identifiers."""

    row: Row
    kind: str
    connector: str
    parents: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return int(self.row["Id"])

    @property
    def identifier(self) -> str:
        return str(self.row["Identifier"])

    def option(self, name: str) -> bool:
        return bool(self.row.get(name))


@dataclass(slots=True, eq=False)
class Job:
    row: Row
    connector: str
    kind: str
    levels: list[list[Task]] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.row["Id"])

    @property
    def identifier(self) -> str:
        return str(self.row["Identifier"])

    @property
    def cron(self) -> str:
        return self.row.get("CronTabExpression") or ""

    def tasks(self) -> list[Task]:
        return [task for level in self.levels for task in level]


class Configuration:
    """Everything that administrators configure."""

    def __init__(self, database: Database, installed: float) -> None:
        self.database = database
        self.installed = installed
        self.connectors: dict[str, Row] = {}
        self.connections: dict[str, Row] = {}
        self.mappings: dict[str, Row] = {}
        self.link_mappings: dict[str, Row] = {}
        self.jobs: dict[str, Job] = {}
        self.tasks: dict[str, Task] = {}
        self.resource_types: dict[str, ResourceType] = {}
        self.role_rows: dict[str, Row] = {}
        self.role_rules: list[RoleRule] = []
        self.expressions: dict[tuple[str, str], PersonExpression] = {}
        self.inbound: dict[str, PersonExpression] = {}
        self.source_type_id = 0
        self.stored_assignments: dict[str, int] = {}
        """resource type -> assignments that are stored without being simulated"""
        self.revision = 0
        """grows with every change of a rule or a role, so that computed results know their age"""
        self._agent = self._put(
            "Agent", {"Identifier": "Local", "DisplayName": "Local", "Uri": "https://agent.contoso.com"}
        )
        self.agents: dict[str, Row] = {"Local": self._agent}
        self.policy_id = int(self._put("Policy", {"Identifier": "Default", "DisplayName": "Default policy"})["Id"])
        self.category_id = int(
            self._put("Category", {"Identifier": "General", "DisplayName": "General", "PolicyId": self.policy_id})["Id"]
        )

    def _put(self, entity: str, row: Row) -> Row:
        row["Id"] = self.database.store.insert(entity, [row])[0]
        return row

    def set(self, entity: str, row: Row, changes: dict[str, Any]) -> None:
        """Raises KeyError for a field that the entity does not have."""
        self.database.store.update(entity, int(row["Id"]), changes)
        row.update(changes)
        self.revision += 1

    # -- connectors and jobs -------------------------------------------------------------------------------------------

    def add_connector(self, identifier: str, changes: Row, *, agent: str = "Local") -> None:
        display_name, entity_types, incremental = catalogue.CONNECTORS[identifier]
        row = self._put(
            "Connector",
            {
                "Identifier": identifier,
                "DisplayName": display_name,
                "AgentId": self.agents[agent]["Id"],
                **_THRESHOLDS,
                **changes,
            },
        )
        self.connectors[identifier] = row
        package = self._put(
            "ConnectionPackage",
            {"Identifier": f"Package_{identifier}", "DisplayName": display_name, "HasIncrementalMode": incremental},
        )
        self.connections[identifier] = self._put(
            "Connection",
            {
                "Identifier": f"{identifier}_Connection",
                "DisplayName": display_name,
                "ConnectorId": row["Id"],
                "PackageId": package["Id"],
            },
        )
        for entity_type in entity_types:
            type_id = self.database.type_id(entity_type)
            self.mappings[entity_type] = self._put(
                "EntityTypeMapping",
                {"EntityTypeId": type_id, "ConnectorId": row["Id"], "ConnectionTable": catalogue.TABLE_OF[entity_type]},
            )
            for name in (*SHAPES[entity_type].references, *SHAPES[entity_type].links):
                found = self.database.shapes.types[entity_type].properties[name.casefold()]
                self.link_mappings[f"{entity_type}_{name}"] = self._put(
                    "EntityAssociationMapping",
                    {
                        "EntityAssociationId": found.association,
                        "ConnectorId": row["Id"],
                        "ConnectionTable": "ad_members" if name == "memberOf" else catalogue.TABLE_OF[entity_type],
                        "Column1": SHAPES[entity_type].key,
                        "Column2": name,
                    },
                )

    def add_agent(self, identifier: str) -> None:
        self.agents[identifier] = self._put(
            "Agent",
            {"Identifier": identifier, "DisplayName": identifier, "Uri": f"https://{identifier.lower()}.contoso.com"},
        )

    def agent_of(self, connector: str) -> str:
        agent_id = self.connectors[connector]["AgentId"]
        return next(name for name, row in self.agents.items() if row["Id"] == agent_id)

    def add_job(self, identifier: str, display_name: str, connector: str, kind: str, cron: str) -> Job:
        agent = self.connectors[connector]["AgentId"] if connector else self._agent["Id"]
        row = self._put(
            "Job",
            {
                "Identifier": identifier,
                "DisplayName": display_name,
                "Agent_Id": agent,
                "CronTabExpression": cron or None,
                "LogLevel": 2,
                "IsIncremental": kind == "delta",
                "IsConnectorJob": bool(connector),
            },
        )
        job = Job(row, connector, kind)
        self.jobs[identifier] = job
        previous: tuple[str, ...] = ()
        for number, kinds in enumerate(_LEVELS[kind]):
            level = [self._add_task(job, task_kind, number, previous, agent) for task_kind in kinds]
            job.levels.append(level)
            previous = tuple(task.identifier for task in level)
        return job

    def _add_task(self, job: Job, kind: str, level: int, parents: tuple[str, ...], agent: int) -> Task:
        on_agent = kind in ("Export", "Prepare", "Fulfill")
        complete = job.kind in ("complete", "role-model", "role-model-review")
        identifier = f"{job.identifier}_{kind}" if job.kind != "delta" else f"{job.connector}_{kind}_Delta"
        if job.kind == "complete":
            identifier = f"{job.connector}_{kind}_Complete"
        row = self._put(
            "Task",
            {
                "Identifier": identifier,
                "DisplayName": identifier.replace("_", " "),
                "TaskType": catalogue.TASK_TYPES[kind],
                "AgentId": agent if on_agent else None,
                "ConnectorId": self.connectors[job.connector]["Id"] if job.connector else None,
                "ConnectionId": self.connections[job.connector]["Id"] if job.connector and on_agent else None,
                "IgnoreCookieFile": kind == "Export" and complete,
                "Mode": (1 if complete else 2) if kind == "Prepare" else None,
                "DoNotDeleteChanges": kind == "Synchronize" and not complete,
                "Dirty": kind in ("Expressions", "Keys", "RoleModel") and not complete,
                "BlockProvisioning": kind == "RoleModel" and job.kind == "role-model-review",
                "Level": level,
                "LaunchOrder": level,
            },
        )
        self._put("JobStep", {"JobId": job.id, "TaskId": row["Id"], "LaunchOrder": level, "Level": level})
        task = Task(row, kind, job.connector, parents)
        self.tasks[identifier] = task
        for parent in parents:
            self._put("TaskDependOnTask", {"ChildTask_Id": row["Id"], "ParentTask_Id": self.tasks[parent].id})
        if kind == "Synchronize":
            for entity_type in catalogue.CONNECTORS[job.connector][1]:
                self._put("TaskEntityType", {"TaskId": row["Id"], "EntityTypeId": self.database.type_id(entity_type)})
        if kind in ("Generate", "Fulfill"):
            for resource_type in self.types_of(job.connector):
                self._put("TaskResourceType", {"TaskId": row["Id"], "ResourceTypeId": resource_type.row["Id"]})
        return task

    def types_of(self, connector: str) -> list[ResourceType]:
        return [t for t in self.resource_types.values() if t.connector == connector]

    # -- the role model ------------------------------------------------------------------------------------------------

    def put_resource_type(
        self, identifier: str, display_name: str, target: str, connector: str, changes: Row
    ) -> ResourceType:
        """`connector` is empty for the types that make records of identities."""
        source = "HR_Person" if identifier == catalogue.SOURCE_TYPE else OWNER_TYPE
        row = self._put(
            "ResourceType",
            {
                "Identifier": identifier,
                "DisplayName": display_name,
                "FullName": display_name,
                "CategoryId": self.category_id,
                "PolicyId": self.policy_id,
                "SourceEntityTypeId": self.database.type_id(source),
                "TargetEntityTypeId": self.database.type_id(target),
                "BlockProvisioning": False,
                "ConnectionId": self.connections[connector]["Id"] if connector else None,
                "MaximumInsert": 0,
                "MaximumDelete": 0,
                "MaximumUpdate": 0,
                "MaximumInsertPercent": 30,
                "MaximumDeletePercent": 30,
                "MaximumUpdatePercent": 30,
                "AllowAdd": True,
                "AllowRemove": True,
                "TransmittedStateValidityPeriod": 0,
                **changes,
            },
        )
        resource_type = ResourceType(identifier, source, target, connector, row)
        if connector:
            self.resource_types[identifier] = resource_type
            self._put(
                "ResourceTypeMapping", {"ConnectionId": self.connections[connector]["Id"], "ResourceTypeId": row["Id"]}
            )
        self.database.role_ids[identifier] = int(row["Id"])
        self.database.target_types[identifier] = target
        return resource_type

    def count_assignments(self) -> None:
        """AssignmentCount of each resource type: assignments that have an account."""
        held = Counter(a.type for a in self.database.assignments.values() if a.resource is not None)
        for identifier, resource_type in self.resource_types.items():
            count = held[identifier] + self.stored_assignments.get(identifier, 0)
            if resource_type.row.get("AssignmentCount") != count:
                resource_type.row["AssignmentCount"] = count
                self.database.store.update("ResourceType", int(resource_type.row["Id"]), {"AssignmentCount": count})

    def put_role(self, kind: str, identifier: str, display_name: str) -> None:
        """`kind` is SingleRole or CompositeRole."""
        row = self._put(
            kind,
            {
                "Identifier": identifier,
                "DisplayName": display_name,
                "FullName": display_name,
                "CategoryId": self.category_id,
                "PolicyId": self.policy_id,
                "EntityTypeId": self.database.type_id(OWNER_TYPE),
                "ApprovalWorkflowType": 2 if kind == "CompositeRole" else 1,
            },
        )
        self.role_rows[identifier] = row
        self.database.role_ids[identifier] = int(row["Id"])

    def put_rule(self, entity: str, row: Row) -> int:
        """A rule's row, with what all rules have."""
        whole = {
            "PolicyId": self.policy_id,
            "EntityTypeId": self.database.type_id(OWNER_TYPE),
            "WhenCreated": to_iso(self.installed),
            "WhenChanged": to_iso(self.installed),
            **row,
        }
        return int(self._put(entity, whole)["Id"])

    def rule_changed(
        self, entity: str, rule_id: int, changes: dict[str, Any], at: float, by: int | None = None
    ) -> None:
        self.database.store.update(entity, rule_id, {**changes, "WhenChanged": to_iso(at), "ChangedById": by})
        self.revision += 1

    def role_rule_of(self, role: str) -> list[RoleRule]:
        return [rule for rule in self.role_rules if rule.role == role]


_THRESHOLDS = {
    **{f"Maximum{what}Lines": 100 for what in ("Inserted", "Deleted", "Updated")},
    **{f"MaxPercentage{what}Lines": 5 for what in ("Inserted", "Deleted", "Updated")},
    **{f"MaximumLink{what}Lines": 1000 for what in ("Inserted", "Deleted")},
    **{f"MaxLinkPercentage{what}Lines": 5 for what in ("Inserted", "Deleted")},
    "IsDeactivated": False,
    "IsSynchronizationBlocked": False,
    "CompleteJob": 0,
    "IncrementalJob": 0,
}
_LEVELS = {
    "complete": catalogue.SYNCHRONIZATION,
    "delta": catalogue.SYNCHRONIZATION,
    "provisioning": catalogue.PROVISIONING,
    "role-model": (("Expressions",), ("Keys",), ("RoleModel",)),
    "role-model-review": (("RoleModel",),),
}
