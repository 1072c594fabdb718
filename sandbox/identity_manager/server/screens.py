"""/sandbox/ui/: the pages that links of the sandbox lead to (nim-api chapter 8)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.identity_manager.resources import EntityType
from sandbox.identity_manager.server.context import SERVER, Server
from sandbox.identity_manager.server.enumerations import CHANGE_OPERATION, INSTANCE_STATE, PROVISIONING_STATE, TASK_TYPE
from sandbox.identity_manager.server.history import history_of
from sandbox.identity_manager.server.pages import Html, heading, link, page, table
from sandbox.identity_manager.server.problems import not_found
from sandbox.identity_manager.server.queries import row_id_of
from sandbox.identity_manager.store import Row

routes = web.RouteTableDef()

_RUNS = 200
_ORDERS = 500
_CHANGES = 200


@routes.get("/sandbox/ui/jobs")
async def jobs(request: web.Request) -> web.Response:
    store = request.app[SERVER].store
    names = {j["Id"]: j for j in store.rows("Job", "UserStartDenied = 0", order="DisplayName")}
    last = {r["Id"]: r for r in store.rows("JobInstance", "Id IN (SELECT LastJobInstance_Id FROM Job)")}
    rows: list[list[Any]] = []
    for job in names.values():
        run = last.get(job["LastJobInstance_Id"])
        state = link(f"/sandbox/ui/job-instances/{run['Id']}", _state(run)) if run else "never ran"
        mode = "incremental" if job["IsIncremental"] else "complete"
        rows.append([job["DisplayName"], job["Identifier"], mode, job["CronTabExpression"], state, _ended(run)])
    recent = store.rows("JobInstance", order="Id DESC", limit=_RUNS)
    runs = [
        [
            link(f"/sandbox/ui/job-instances/{r['Id']}", r["Id"]),
            names.get(r["JobId"], {}).get("DisplayName"),
            _state(r),
            r["StartDate"],
            r["EndDate"],
        ]
        for r in recent
    ]
    return page(
        "Job execution",
        table(["Job", "Identifier", "Mode", "Schedule", "Last run", "Ended"], rows),
        heading("Last runs"),
        table(["Run", "Job", "State", "Started", "Ended"], runs),
    )


@routes.get("/sandbox/ui/job-instances/{id}")
async def job_instance(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    run = _row(server, "JobInstance", request.match_info["id"])
    job = server.store.row("Job", run["JobId"]) or {}
    tasks = {t["Id"]: t for t in server.store.rows("Task")}
    lines: list[list[Any]] = []
    for instance in server.store.rows("TaskInstance", "JobInstanceId = ?", (run["Id"],), order="Id"):
        task = tasks.get(instance["TaskId"], {})
        kind = TASK_TYPE.get(task.get("TaskType", 0), task.get("TaskType"))
        name = task.get("DisplayName") or instance["DisplayName"]
        lines.append([instance["Id"], name, kind, _state(instance), instance["StartDate"], instance["EndDate"]])
    changes = [
        [CHANGE_OPERATION.get(c["ChangeOperation"]), c["PrimaryKey"], c["Changes"]]
        for c in server.store.rows("ResourceChange", "JobInstanceId = ?", (run["Id"],), order="Id", limit=_CHANGES)
    ]
    errors = server.store.rows("AssignedResourceError", "JobInstanceId = ?", (run["Id"],), order="Id", limit=_CHANGES)
    return page(
        f"{job.get('DisplayName', 'Job')}: run {run['Id']}, {_state(run)}",
        table(["Task run", "Task", "Kind", "State", "Started", "Ended"], lines),
        heading("Synchronization changes"),
        table(["Operation", "Key", "Changes"], changes, nothing="No change waits to be applied."),
        heading("Errors of orders"),
        table(["Order", "Message"], [[e["AssignedResourceTypeId"], e["ErrorMessage"]] for e in errors]),
    )


@routes.get("/sandbox/ui/provisioning-review/{type}")
async def provisioning_review(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    kind = _type(server, request.match_info["type"])
    where = (
        "OwnerType = ? AND ((ProvisioningReviewFilter > 0 AND ProvisioningReviewFilter < 16) "
        "OR ProvisioningReviewFilter > 31)"
    )
    orders = server.store.rows("AssignedResourceType", where, (kind.id,), order="Id DESC", limit=_ORDERS)
    types = {t["Id"]: t["FullName"] or t["Identifier"] for t in server.store.rows("ResourceType")}
    rows = [
        [
            link(f"/sandbox/ui/provisioning-review/{kind.identifier}/{o['Id']}", o["Id"]),
            _resource(server, o["OwnerId"]),
            types.get(o["RoleId"]),
            _order_kind(o),
            _provisioning(o),
        ]
        for o in orders
    ]
    return page(f"Provisioning review: {kind.display_name}", table(["Order", "Owner", "Type", "Change", "State"], rows))


@routes.get("/sandbox/ui/provisioning-review/{type}/{id}")
async def order(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    row = _row(server, "AssignedResourceType", request.match_info["id"])
    kind = server.store.row("ResourceType", row["RoleId"]) or {}
    properties = {p["Id"]: p["Identifier"] for p in server.store.rows("EntityProperty")}
    values = [
        [properties.get(s["PropertyId"]), s["CurrentValue"], s["PolicyValue"], s["Value"], _provisioning(s)]
        for s in server.store.rows("AssignedResourceScalar", "AssignedResourceTypeId = ?", (row["Id"],), order="Id")
    ]
    links = [
        [properties.get(n["PropertyId"]), _resource(server, n["ResourceId"]), n["IsDenied"], _provisioning(n)]
        for n in server.store.rows("AssignedResourceNavigation", "AssignedResourceTypeId = ?", (row["Id"],), order="Id")
    ]
    errors = server.store.rows("AssignedResourceError", "AssignedResourceTypeId = ?", (row["Id"],), order="Id DESC")
    facts: list[list[Any]] = [
        ["Owner", _resource(server, row["OwnerId"])],
        ["Account", _resource(server, row["ResourceId"])],
        ["Type", kind.get("FullName") or kind.get("Identifier")],
        ["Change", _order_kind(row)],
        ["State", _provisioning(row)],
        ["Start", row["StartDate"]],
        ["Last performed", row["WhenPerformed"]],
    ]
    return page(
        f"Order {row['Id']}",
        table(["", ""], facts),
        heading("Values"),
        table(["Property", "Current", "Policy", "To provision", "State"], values),
        heading("Links"),
        table(["Property", "Resource", "To remove", "State"], links),
        heading("Errors"),
        table(["Run", "Message"], [[e["JobInstanceId"], e["ErrorMessage"]] for e in errors]),
    )


@routes.get("/sandbox/ui/resources/{type}/{id}")
async def resource(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    kind = _type(server, request.match_info["type"])
    found = server.resources.get(row_id_of(request.match_info["id"], kind.identifier))
    if found is None or found["Type"] != kind.id:
        raise not_found(f"{kind.identifier} {request.match_info['id']}")
    values = [[name, value] for name, value in found.items() if name not in ("Type", "Dirty")]
    versions: list[list[Any]] = []
    for version in history_of(server.resources, kind.identifier, found["Id"]):
        for name, change in version["Changes"].items():
            versions.append([version["ValidFrom"], name, change["Old"], change["New"]])
    types = {t["Id"]: t["FullName"] or t["Identifier"] for t in server.store.rows("ResourceType")}
    accounts = [
        [
            link(f"/sandbox/ui/provisioning-review/{kind.identifier}/{o['Id']}", o["Id"]),
            types.get(o["RoleId"]),
            _resource(server, o["ResourceId"]),
            _provisioning(o),
        ]
        for o in server.store.rows("AssignedResourceType", "OwnerId = ?", (found["Id"],), order="Id")
    ]
    return page(
        str(found.get("InternalDisplayName") or f"{kind.identifier} {found['Id']}"),
        table(["Property", "Value"], values),
        heading("Owned resources"),
        table(["Order", "Type", "Account", "State"], accounts),
        heading("History"),
        table(["Since", "Property", "Before", "After"], versions),
    )


@routes.get("/sandbox/ui/workflow-overview")
async def workflow_overview(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    names = {w["Id"]: w["DisplayName"] for w in server.store.rows("Workflow")}
    states = {s["Id"]: s["DisplayName"] for s in server.store.rows("ActivityTemplateState")}
    instances = server.store.rows("WorkflowInstance", order="Id DESC", limit=_RUNS)
    rows: list[list[Any]] = []
    for instance in instances:
        for done in server.store.rows("ActivityInstance", "WorkflowInstanceId = ?", (instance["Id"],), order="Id"):
            state = states.get(done["ActivityStateId"])
            who = _resource(server, done["PerformerId"])
            kind = names.get(instance["WorkflowId"])
            rows.append([instance["Identifier"], kind, done["Subject"], state, who, done["CreationDate"]])
    return page("Workflow overview", table(["Request", "Workflow", "Subject", "State", "Who", "When"], rows))


@routes.get("/sandbox/ui/connectors/{id}")
async def connector(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    row = _row(server, "Connector", request.match_info["id"])
    facts = [[name, value] for name, value in row.items() if value is not None]
    kinds = {t["Id"]: t["DisplayName"] for t in server.store.rows("EntityType")}
    mappings = server.store.rows("EntityTypeMapping", "ConnectorId = ?", (row["Id"],), order="Id")
    tasks = server.store.rows("Task", "ConnectorId = ?", (row["Id"],), order="Id")
    mapped = [[kinds.get(m["EntityTypeId"]), m["ConnectionTable"], m["ResourceCount"]] for m in mappings]
    return page(
        f"Connector {row['DisplayName']}",
        table(["", ""], facts),
        heading("Entity types"),
        table(["Entity type", "Table", "Resources"], mapped),
        heading("Tasks"),
        table(["Task", "Kind"], [[t["DisplayName"], TASK_TYPE.get(t["TaskType"], t["TaskType"])] for t in tasks]),
    )


def _row(server: Server, entity: str, row_id: str) -> Row:
    row = server.store.row(entity, row_id_of(row_id, entity))
    if row is None:
        raise not_found(f"{entity} {row_id}")
    return row


def _type(server: Server, name: str) -> EntityType:
    kind = server.resources.find_type(name)
    if kind is None:
        raise not_found(f"The entity type {name}")
    return kind


def _resource(server: Server, resource_id: int | None) -> Html | None:
    row = server.store.row("Resource", resource_id) if resource_id is not None else None
    kind = server.resources.type_by_id(row["Type"]) if row else None
    if row is None or kind is None:
        return None
    name = row["InternalDisplayName"] or f"{kind.identifier} {row['Id']}"
    return link(f"/sandbox/ui/resources/{kind.identifier}/{row['Id']}", name)


def _state(run: Row) -> str:
    return INSTANCE_STATE.get(run["State"], f"state {run['State']}")


def _ended(run: Row | None) -> str | None:
    return None if run is None else run["EndDate"] or "running"


def _provisioning(row: Row) -> str:
    return PROVISIONING_STATE.get(row["ProvisioningState"], f"state {row['ProvisioningState']}")


def _order_kind(row: Row) -> str:
    if row["IsDenied"]:
        return "deletion"
    return "creation" if row["ResourceId"] is None else "update"
