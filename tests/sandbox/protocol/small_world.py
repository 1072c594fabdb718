"""A small installation made by hand through the store: enough of everything to ask about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sandbox.identity_manager.interface import (
    Conflict,
    Lever,
    LogLine,
    LogTail,
    NotFound,
    ScheduledRun,
    Settings,
)
from sandbox.identity_manager.resources import EntityTypeSpec, PropertySpec, Resources, ValueType
from sandbox.identity_manager.store import Store

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

TYPES = [
    EntityTypeSpec(
        "HR_Person",
        [PropertySpec("EmployeeId", is_key=True), PropertySpec("LastName"), PropertySpec("FirstName")],
        connector="HR",
    ),
    EntityTypeSpec(
        "Directory_User",
        [
            PropertySpec("Identifier", is_key=True),
            PropertySpec("Login", indexed=True),
            PropertySpec("EmployeeCount", ValueType.INTEGER),
            PropertySpec("IsActive", ValueType.BOOLEAN),
            PropertySpec("MainRecord", target="Directory_UserRecord"),
            PropertySpec("PresenceState", target="Directory_PresenceState"),
        ],
    ),
    EntityTypeSpec(
        "Directory_UserRecord",
        [
            PropertySpec("FirstName"),
            PropertySpec("LastName"),
            PropertySpec("ContractEndDate", ValueType.DATE),
            PropertySpec("User", target="Directory_User", inverse="Records"),
            PropertySpec("Organization", target="Directory_Organization"),
        ],
    ),
    EntityTypeSpec("Directory_Organization", [PropertySpec("Identifier", is_key=True), PropertySpec("DisplayName")]),
    EntityTypeSpec("Directory_PresenceState", [PropertySpec("Identifier", is_key=True)]),
    EntityTypeSpec(
        "AD_Entry",
        [
            PropertySpec("dn", is_key=True),
            PropertySpec("sAMAccountName"),
            PropertySpec("member", target="AD_Entry", many=True, inverse="memberOf"),
        ],
        connector="AD",
    ),
]


@dataclass
class SmallWorld:
    """A world in which only what is asked happens. ``calls`` remembers what the server asked for."""

    store: Store
    settings: Settings
    resources: Resources
    clock: datetime = START
    pace: float = 1.0
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    switches: dict[str, Lever] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.clock

    @property
    def speed(self) -> float:
        return self.pace

    def set_speed(self, speed: float) -> None:
        self.pace = speed

    def advance(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    def next_scheduled(self) -> ScheduledRun | None:
        return ScheduledRun(self.ids["ad"], "AD_Synchronization_Delta", self.clock + timedelta(minutes=10))

    async def run(self) -> None:
        await asyncio.Event().wait()

    def run_job(self, job_id: int, user: int | None = None, log_level: int | None = None) -> int:
        job = self.store.row("Job", job_id)
        if job is None:
            raise NotFound(f"Job {job_id}")
        if self.store.count("JobInstance", "JobId = ? AND EndDate IS NULL", (job_id,)):
            raise Conflict("job_already_running", f"The job {job['Identifier']} is already running.")
        self.calls.append(("run_job", job_id, log_level) if user is None else ("run_job", job_id, log_level, user))
        run = self.store.insert("JobInstance", [{"JobId": job_id, "State": 1, "StartDate": self.clock}])[0]
        self.store.update("Job", job_id, {"LastJobInstance_Id": run})
        return run

    def cancel_job(self, job_instance_id: int) -> None:
        row = self.store.row("JobInstance", job_instance_id)
        if row and row["EndDate"]:
            raise Conflict("already_finished")
        self.store.update("JobInstance", job_instance_id, {"CancelRequested": True})

    def resume(self, job_instance_id: int, mode: Literal["validate", "retry"]) -> int:
        raise Conflict("not_blocked", f"The run {job_instance_id} is not blocked ({mode}).")

    def set_provisioning_state(self, entity: str, row_id: int, state: int) -> None:
        row = self.store.row(entity, row_id)
        if row is None:
            raise NotFound(f"{entity} {row_id}")
        if state == 1 and row["ProvisioningState"] not in (3, 5):
            raise Conflict("state_not_changeable")
        self.store.new_version(entity, row_id, {"ProvisioningState": state}, self.clock)

    def compute_one(self, entity_type: str, resource_id: int, *, simulate: bool) -> list[Mapping[str, Any]]:
        self.calls.append(("compute_one", resource_id, simulate))
        return [{"AssignedResourceTypeId": "1", "ResourceType": entity_type, "ChangeType": "Added", "Properties": []}]

    def task_log(self, task_instance_id: int, tail: int, min_level: str) -> LogTail:
        if self.store.row("TaskInstance", task_instance_id) is None:
            raise NotFound(f"TaskInstance {task_instance_id}")
        return LogTail([LogLine(self.clock, min_level, "LdapErr: DSID-0C090447, data 532")][:tail], truncated=True)

    def server_log(self, tail: int, min_level: str) -> LogTail:
        return LogTail([LogLine(self.clock, min_level, "x")] * min(tail, 2), truncated=False)

    def agent_files(self, agent_id: int, folder: str) -> list[Mapping[str, Any]]:
        if agent_id != self.ids["agent"]:
            raise NotFound(f"Agent {agent_id}")
        return [{"Name": f"{folder}.csv", "SizeBytes": 12, "ModifiedUtc": "2026-03-02T07:00:00Z"}]

    def levers(self) -> Sequence[Lever]:
        return list(self.switches.values())

    def pull(self, lever: str, value: int | str) -> None:
        if lever not in self.switches:
            raise NotFound(f"The lever {lever}")
        old = self.switches[lever]
        if type(value) is not type(old.value):
            raise ValueError(f"{lever} takes a {type(old.value).__name__}")
        self.switches[lever] = Lever(old.name, old.group, old.label, value)

    def truth(self) -> dict[str, Any]:
        return {"leavers_right": self.switches["rights:leavers"].value}

    def close(self) -> None:
        self.calls.append(("close",))


def load_small_world(
    scenario: str | Path, store: Store, *, profile: str | None = None, speed: float | None = None
) -> SmallWorld:
    """A WorldLoader. A scenario named ``extra`` has the extra endpoints."""
    settings = Settings(
        name=str(scenario),
        profile="harsh" if profile == "harsh" else "plain",
        extra_endpoints=scenario == "extra",
        client_domain="nim.example.org",
    )
    world = SmallWorld(store, settings, Resources(store), pace=1.0 if speed is None else speed)
    world.switches["rights:leavers"] = Lever("rights:leavers", "rights", "Delete on OU=Leavers", value=False)
    world.switches["network:dns"] = Lever("network:dns", "network", "Name server", value="up", choices=("up", "down"))
    with store.transaction():
        _fill(world)
    return world


def _fill(world: SmallWorld) -> None:
    store, ids = world.store, world.ids
    types = world.resources.define(TYPES)
    ids |= types
    ids["agent"] = store.insert(
        "Agent", [{"Identifier": "Local", "DisplayName": "Local", "Uri": "http://agent1:5010"}]
    )[0]
    connectors = store.insert(
        "Connector",
        [
            {"Identifier": i, "DisplayName": f"{i} system", "AgentId": ids["agent"]}
            for i in ("HR", "AD", "SAP", "ENTRA")
        ],
    )
    package = store.insert("ConnectionPackage", [{"Identifier": "Usercube.AD", "DisplayName": "Active Directory"}])[0]
    connections = store.insert(
        "Connection",
        [
            {"Identifier": f"C{c}", "DisplayName": f"Connection {c}", "ConnectorId": c, "PackageId": package}
            for c in connectors
        ],
    )
    for number, kind in ((0, "HR_Person"), (1, "AD_Entry"), (3, "Directory_Organization")):
        row = {"Id": types[kind], "EntityTypeId": types[kind], "ConnectorId": connectors[number]}
        store.insert("EntityTypeMapping", [row])
    _people(world)
    _jobs(world, connectors)
    _orders(world, connections)
    store.insert("Universe", [{"Identifier": "Default", "DisplayName": "Default"}])
    store.insert(
        "ResourceChange",
        [
            {
                "EntityTypeId": types["AD_Entry"],
                "JobInstanceId": ids["blocked_run"],
                "TaskInstanceId": ids["failed_task"],
                "ChangeOperation": 3 if n % 2 else 1,
                "PrimaryKey": f"CN=u{n},OU=Staff",
                "Changes": json.dumps({"sAMAccountName": f"u{n}"}),
            }
            for n in range(25)
        ],
    )
    store.insert(
        "ResourceLinkChange",
        [
            {
                "EntityTypeId": types["AD_Entry"],
                "JobInstanceId": ids["blocked_run"],
                "TaskInstanceId": ids["failed_task"],
                "ChangeOperation": 3,
                "Property1Name": "member",
                "R1Pk": "CN=Group",
                "R2Pk": "CN=u1",
            }
        ],
    )


def _people(world: SmallWorld) -> None:
    resources, ids = world.resources, world.ids
    sales = resources.insert("Directory_Organization", [{"Identifier": "S80", "DisplayName": "Sales"}])[0]
    present = resources.insert("Directory_PresenceState", [{"Identifier": "P"}])[0]
    people = [
        ("U001", "aleroy", "Anne", "Leroy", "Anne Leroy"),
        ("U002", "ebenoit", "Éric", "Benoît", "Éric Benoît"),
        ("U003", "jdoe", "John", "Doe", "John Doe"),
        ("U004", "percent", "Per", "100% _x", "Per 100% _x"),
    ]
    ids["users"] = 0
    users = []
    for identifier, login, first, last, display in people:
        user = resources.insert(
            "Directory_User",
            [
                {
                    "Identifier": identifier,
                    "Login": login,
                    "IsActive": identifier != "U003",
                    "EmployeeCount": 2,
                    "InternalDisplayName": display,
                    "PresenceState": present,
                }
            ],
        )[0]
        record = resources.insert(
            "Directory_UserRecord",
            [{"FirstName": first, "LastName": last, "User": user, "Organization": sales}],
        )[0]
        world.store.update("Resource", user, {"I0": record})
        users.append((user, record))
    ids["anne"], ids["anne_record"] = users[0]
    ids["eric"], ids["john"] = users[1][0], users[2][0]
    ids["hr_anne"] = resources.insert(
        "HR_Person", [{"EmployeeId": "U001", "LastName": "Leroy", "InternalDisplayName": "Leroy Anne (HR)"}]
    )[0]
    ids["account"] = resources.insert(
        "AD_Entry", [{"dn": "CN=aleroy,OU=Staff", "sAMAccountName": "aleroy", "InternalDisplayName": "aleroy"}]
    )[0]
    ids["group"] = resources.insert("AD_Entry", [{"dn": "CN=Group", "member": [ids["account"]]}])[0]
    resources.change(ids["anne_record"], {"LastName": "Leroy-Martin"}, datetime(2026, 2, 1, 9, 0, tzinfo=UTC))
    resources.change(ids["anne"], {"Login": "aleroymartin"}, datetime(2026, 2, 10, 9, 0, tzinfo=UTC))


def _jobs(world: SmallWorld, connectors: list[int]) -> None:
    store, ids = world.store, world.ids
    ids["hr"], ids["ad"], ids["builtin"] = store.insert(
        "Job",
        [
            {"Identifier": "HR_Synchronization_Complete", "DisplayName": "HR - complete", "Agent_Id": ids["agent"]},
            {"Identifier": "AD_Synchronization_Delta", "DisplayName": "AD - delta", "IsIncremental": True},
            {"Id": 2147483650, "Identifier": "DeployConfiguration", "DisplayName": "Deploy", "UserStartDenied": True},
        ],
    )
    runs = store.insert(
        "JobInstance",
        [
            {
                "JobId": ids["hr"],
                "State": 2,
                "StartDate": START - timedelta(hours=n + 1),
                "EndDate": START - timedelta(hours=n, minutes=50),
                "UserId": ids["anne"] if n == 0 else None,
                "CurrentLaunch": 3,
                "TotalLaunch": 3,
            }
            for n in range(10)
        ],
    )
    ids["blocked_run"] = store.insert(
        "JobInstance",
        [
            {
                "JobId": ids["ad"],
                "State": 5,
                "StartDate": START - timedelta(hours=2),
                "EndDate": START - timedelta(hours=1),
            }
        ],
    )[0]
    store.update("Job", ids["hr"], {"LastJobInstance_Id": runs[0]})
    store.update("Job", ids["ad"], {"LastJobInstance_Id": ids["blocked_run"]})
    tasks = store.insert(
        "Task",
        [
            {"Identifier": "AD_Export", "DisplayName": "AD export", "TaskType": 101, "ConnectorId": connectors[1]},
            {"Identifier": "AD_Sync", "DisplayName": "AD synchronize", "TaskType": 103, "ConnectorId": connectors[1]},
        ],
    )
    store.insert("JobStep", [{"JobId": ids["ad"], "TaskId": t, "LaunchOrder": n} for n, t in enumerate(tasks)])
    instances = store.insert(
        "TaskInstance",
        [
            {"JobInstanceId": ids["blocked_run"], "TaskId": tasks[0], "State": 2, "C0": 7},
            {
                "JobInstanceId": ids["blocked_run"],
                "TaskId": tasks[1],
                "State": 5,
                "C2": 412,
                "WrappedProgress": json.dumps({"Inserted": 0, "Updated": 0, "Deleted": 412, "Thresholds": []}),
            },
        ],
    )
    ids["failed_task"] = instances[1]


def _orders(world: SmallWorld, connections: list[int]) -> None:
    store, ids, types = world.store, world.ids, world.resources.types
    policy = store.insert("Policy", [{"Identifier": "Default", "DisplayName": "Default policy"}])[0]
    category = store.insert("Category", [{"Identifier": "Root", "DisplayName": "Root", "PolicyId": policy}])[0]
    store.insert("Category", [{"Identifier": "Child", "DisplayName": "Child", "ParentId": category}])
    ids["type"] = store.insert(
        "ResourceType",
        [
            {
                "Identifier": "AD_Entry_NominativeUser",
                "DisplayName": "AD account",
                "FullName": "AD account 31",
                "PolicyId": policy,
                "SourceEntityTypeId": types["Directory_User"].id,
                "TargetEntityTypeId": types["AD_Entry"].id,
                "ConnectionId": connections[1],
                "BlockProvisioning": False,
            }
        ],
    )[0]
    hr_type = store.insert("ResourceType", [{"Identifier": "HR_Person_To_Directory_UserRecord", "FullName": "HR"}])[0]
    store.insert("ResourceCorrelationRule", [{"PolicyId": policy, "ResourceTypeId": ids["type"], "EntityTypeId": 2015}])
    last_name = types["Directory_UserRecord"].properties["lastname"].id
    store.insert("ResourceScalarRule", [{"ResourceTypeId": hr_type, "PropertyId": last_name, "Expression": "LastName"}])
    store.insert("CompositeRoleRule", [{"PolicyId": policy, "CreatedById": ids["anne"], "WhenCreated": START}])
    role = store.insert(
        "SingleRole", [{"Identifier": "VPN", "DisplayName": "VPN", "FullName": "IT/VPN", "PolicyId": policy}]
    )
    store.insert("CompositeRole", [{"Identifier": "Staff", "DisplayName": "Staff", "FullName": "Staff"}])
    workflow = store.insert("Workflow", [{"Identifier": "Request", "DisplayName": "Request"}])[0]
    request = store.insert("WorkflowInstance", [{"Identifier": "R-81", "WorkflowId": workflow}])[0]
    state = store.insert("ActivityTemplateState", [{"Identifier": "Done", "DisplayName": "Done"}])[0]
    activity = store.insert("Activity", [{"Identifier": "Approve", "DisplayName": "Approve", "WorkflowId": workflow}])[
        0
    ]
    store.insert(
        "ActivityInstance",
        [
            {
                "WorkflowInstanceId": request,
                "ActivityId": activity,
                "ActivityStateId": state,
                "PerformerId": ids["eric"],
                "CreationDate": START,
                "Subject": "VPN for Anne",
            }
        ],
    )
    store.insert(
        "AssignedSingleRole",
        [
            {
                "OwnerType": types["Directory_User"].id,
                "OwnerId": ids["anne"],
                "RoleId": role[0],
                "WorkflowState": 8,
                "WorkflowInstanceId": request,
                "RequesterId": ids["eric"],
            }
        ],
    )
    owners = [ids["anne"], ids["eric"], ids["john"]]
    orders = store.insert(
        "AssignedResourceType",
        [
            {
                "OwnerType": types["Directory_User"].id,
                "OwnerId": owners[n % 3],
                "RoleId": ids["type"],
                "ResourceId": ids["account"] if n == 0 else None,
                "ProvisioningState": 3 if n < 5 else 1,
                "ConsolidatedProvisioningState": 32 if n < 5 else 1,
                "ProvisioningReviewFilter": 33 if n < 2 else 32 if n < 5 else 0,
                "WorkflowState": 18,
                "StartDate": START,
            }
            for n in range(12)
        ],
    )
    ids["order"] = orders[0]
    ids["pending"] = orders[5]
    store.insert(
        "AssignedResourceError",
        [
            {
                "AssignedResourceTypeId": order,
                "JobInstanceId": ids["blocked_run"] - n,
                "ErrorCode": 1,
                "ErrorMessage": f"INSUFF_ACCESS_RIGHTS {order}",
            }
            for order in orders[:5]
            for n in (1, 0)
        ],
    )
    store.insert(
        "AssignedResourceType",
        [
            {
                "OwnerType": types["HR_Person"].id,
                "OwnerId": ids["hr_anne"],
                "RoleId": hr_type,
                "ResourceId": ids["anne_record"],
                "ProvisioningState": 4,
                "WorkflowState": 18,
            }
        ],
    )
    login = types["AD_Entry"].properties["samaccountname"].id
    ids["scalar"] = store.insert(
        "AssignedResourceScalar",
        [
            {
                "OwnerType": types["Directory_User"].id,
                "OwnerId": ids["anne"],
                "AssignedResourceTypeId": ids["order"],
                "PropertyId": login,
                "Value": "aleroymartin",
                "PolicyValue": "aleroymartin",
                "CurrentValue": "aleroy",
                "ProvisioningState": 1,
                "WorkflowState": 18,
            }
        ],
    )[0]
