"""What the world shows besides rows: files of the agent, the truth for tests, parts of orders."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.identity_manager.interface import Conflict, NotFound
from sandbox.identity_manager.world.agent_files import COLLECT, PREVIOUS, FileTree
from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.configuration import Job
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.model import Assignment, LinkValue, ScalarValue
from sandbox.identity_manager.world.scenario import Scenario

FOLDERS = {
    "ExportOutput": "Temp/ExportOutput",
    "ExportCookies": "Temp/ExportCookies",
    "Collect": "Work/Collect",
    "Synchronization": "Work/Synchronization",
    "ProvisioningOrders": "Work/ProvisioningOrders",
}
MOST_REJECTED_KEYS = 20
LONGEST_HEADER = 2000


def may_start(job: Job) -> None:
    """Raises Conflict for a job that people may not start."""
    if job.row.get("UserStartDenied"):
        raise Conflict("user_start_denied", f"{job.identifier} may not be started by hand")


def find_part(engine: Engine, entity: str, row_id: int) -> tuple[Assignment, ScalarValue | LinkValue]:
    """Raises NotFound."""
    for assignment in engine.database.assignments.values():
        if entity == "AssignedResourceScalar":
            for scalar in assignment.scalars.values():
                if scalar.id == row_id:
                    return assignment, scalar
        elif entity == "AssignedResourceNavigation":
            for link in assignment.links:
                if link.id == row_id:
                    return assignment, link
    raise NotFound(f"there is no {entity} {row_id}")


def agent_files(engine: Engine, agent_id: int, folder: str) -> list[Mapping[str, Any]]:
    """`Result` of nim-api 9.2-F. Raises NotFound for an unknown agent or folder."""
    if agent_id not in {int(row["Id"]) for row in engine.configuration.agents.values()} or folder not in FOLDERS:
        raise NotFound(f"agent {agent_id} has no folder {folder}")
    name = next(n for n, row in engine.configuration.agents.items() if int(row["Id"]) == agent_id)
    prefix = FOLDERS[folder] + "/"
    found: list[Mapping[str, Any]] = []
    for path, file in sorted(engine.files.files.items()):
        rest = path.removeprefix(prefix)
        if rest == path or rest.startswith("previous/") or not _belongs(engine, rest, name):
            continue
        entry: dict[str, Any] = {"Name": rest, **_facts(file.content(), file.modified)}
        if folder == "ExportOutput":
            entry |= _context(engine.files, rest)
        found.append(entry)
    return found


def _belongs(engine: Engine, name: str, agent: str) -> bool:
    """Files of a connector lie on the host of its agent."""
    if len(engine.configuration.agents) == 1:
        return True
    connector = name.partition("_")[0].partition("/")[0].upper()
    return connector not in engine.configuration.connectors or engine.configuration.agent_of(connector) == agent


def _facts(text: str, modified: float) -> dict[str, Any]:
    first, _, rest = text.partition("\r\n")
    return {
        "SizeBytes": len(text.encode("utf-8")),
        "ModifiedUtc": to_iso(modified),
        "Rows": rest.count("\r\n") + (0 if rest.endswith("\r\n") or not rest else 1),
        "Header": first[:LONGEST_HEADER],
        "LastLineComplete": text.endswith("\n"),
    }


def _context(files: FileTree, name: str) -> dict[str, Any]:
    """The version before, and what preparation rejected."""
    context: dict[str, Any] = {}
    previous = files.files.get(f"{PREVIOUS}/{name}")
    if previous is not None:
        facts = _facts(previous.content(), previous.modified)
        context["Previous"] = {key: facts[key] for key in ("SizeBytes", "ModifiedUtc", "Rows", "Header")}
    table = name.removesuffix(".csv").removesuffix(".delta")
    rejected: list[str] = []
    for kind, field in (("nullpk", "NullKeyRows"), ("duplicates", "DuplicateKeyRows")):
        side = files.files.get(f"{COLLECT}/{table}.{kind}.csv")
        rows = list(csv.reader(io.StringIO(side.content()), delimiter=";"))[1:] if side is not None else []
        context[field] = len(rows)
        rejected += [row[0] for row in rows if row and row[0]]
    if rejected:
        context["RejectedKeys"] = list(dict.fromkeys(rejected))[:MOST_REJECTED_KEYS]
    return context


def truth(engine: Engine, scenario: Scenario) -> dict[str, Any]:
    """What is really the case, for tests."""
    states = Counter((a.type, a.change_type, int(a.state)) for a in engine.database.assignments.values())
    return {
        "scenario": scenario.name,
        "now": to_iso(engine.clock.present()),
        "groups": {name: list(keys) for name, keys in engine.groups.items()},
        "orders": [{"type": t, "change": c, "state": s, "count": n} for (t, c, s), n in sorted(states.items())],
        "directory": {"entries": len(engine.directory.entries)},
        "hr": {"people": len(engine.hr.people)},
        "rights": [
            {"operation": r.operation, "container": r.container, "allowed": r.allowed} for r in engine.directory.rules
        ],
        "credentials": {
            name: system.access.credential.condition(engine.clock.now)
            for name, system in engine.systems.systems.items()
        },
        "network": {name: system.access.network_fault or "up" for name, system in engine.systems.systems.items()},
        "file_faults": [{"table": f.table, "kind": f.kind} for f in engine.systems.file_faults],
    }
