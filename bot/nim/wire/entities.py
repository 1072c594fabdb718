"""Where each noun is asked for, and the permission that it needs (nim-api 1, 2.6)."""

from dataclasses import dataclass
from typing import Final

from bot.nim.squery import identifier


@dataclass(frozen=True, slots=True)
class Entity:
    root: str
    path: str
    permission: str
    what: str
    """In a person's words, to be completed by a refusal."""
    sends_permission: bool = False
    """The permission travels as the parameter Path; elsewhere the entity's own right is what is checked."""


JOB: Final = Entity("Job", "/api/Job/Job", "/Jobs/Job/Query", "jobs")
JOB_STEP: Final = Entity("JobStep", "/api/Job/JobStep", "/Jobs/JobStep/Query", "steps of jobs")
TASK: Final = Entity("Task", "/api/Job/Task", "/Jobs/Task/Query", "tasks")
JOB_RUN: Final = Entity("JobInstance", "/api/Job/JobInstance", "/Jobs/JobInstance/Query", "executions of jobs")
TASK_RUN: Final = Entity("TaskInstance", "/api/Job/TaskInstance", "/Jobs/TaskInstance/Query", "executions of tasks")
CONNECTOR: Final = Entity("Connector", "/api/Connectors/Connector", "/Connectors/Connector/Query", "connectors")
TABLE: Final = Entity(
    "EntityTypeMapping",
    "/api/Connectors/EntityTypeMapping",
    "/Connectors/EntityTypeMapping/Query",
    "tables of connectors",
)
ASSOCIATION: Final = Entity(
    "EntityAssociationMapping",
    "/api/Connectors/EntityAssociationMapping",
    "/Connectors/EntityAssociationMapping/Query",
    "link tables of connectors",
)
ENTITY_TYPE: Final = Entity(
    "EntityType", "/api/Metadata/EntityType", "/Connectors/EntityType/Query", "entity types", sends_permission=True
)


def _policy(name: str, what: str) -> Entity:
    return Entity(name, f"/api/ProvisioningPolicy/{name}", f"/ProvisioningPolicy/{name}/Query", what)


RESOURCE_TYPE: Final = _policy("ResourceType", "resource types")
ORDER: Final = _policy("AssignedResourceType", "provisioning orders")
SCALAR: Final = _policy("AssignedResourceScalar", "values of provisioning orders")
NAVIGATION: Final = _policy("AssignedResourceNavigation", "links of provisioning orders")
SINGLE_ROLE: Final = _policy("AssignedSingleRole", "single roles of a person")
COMPOSITE_ROLE: Final = _policy("AssignedCompositeRole", "composite roles of a person")
SCALAR_RULE: Final = _policy("ResourceScalarRule", "scalar rules")
NAVIGATION_RULE: Final = _policy("ResourceNavigationRule", "navigation rules")
QUERY_RULE: Final = _policy("ResourceQueryRule", "query rules")
TYPE_RULE: Final = _policy("ResourceTypeRule", "resource type rules")
SINGLE_ROLE_RULE: Final = _policy("SingleRoleRule", "single role rules")
COMPOSITE_ROLE_RULE: Final = _policy("CompositeRoleRule", "composite role rules")
ACTIVITY: Final = Entity(
    "ActivityInstance",
    "/api/Workflows/ActivityInstance",
    "/Workflows/WorkflowInstance/Supervise",
    "steps of a workflow",
)
UPDATE_ORDER: Final = "/ProvisioningPolicy/AssignedResourceType/Update"
RUN_JOB: Final = "/Jobs/RunJob/Launch"


def resource(entity_type: str) -> Entity:
    """Resources of one entity type. Raises ValueError when the name is none."""
    name = identifier(entity_type)
    return Entity(
        name,
        f"/api/Resource/{name}",
        f"/Custom/Resources/{name}/View",
        f"resources of type {name}",
        sends_permission=True,
    )
