"""Where the ids of each entity begin (nim-api 9.4; entities it does not name begin at bases of our own)."""

from __future__ import annotations

FIRST_ID = {
    "EntityType": 50,
    "EntityProperty": 5001,
    "EntityAssociation": 7001,
    "Agent": 1,
    "Job": 1001,
    "Task": 4001,
    "JobStep": 4501,
    "Connector": 2001,
    "Connection": 2501,
    "ResourceType": 3001,
    "SingleRole": 8001,
    "CompositeRole": 9001,
    "JobInstance": 52001,
    "TaskInstance": 152001,
    "AssignedResourceType": 3930001,
    "AssignedResourceScalar": 5930001,
    "AssignedResourceNavigation": 7930001,
    "AssignedResourceBinary": 9430001,
    "AssignedSingleRole": 9930001,
    "AssignedCompositeRole": 11930001,
    "AssignedResourceError": 13930001,
    "Resource": 21501,
    "WorkflowInstance": 81,
    "ActivityInstance": 801,
}

FIRST_ID_ELSEWHERE = 25001

BUILT_IN_IDS = 2147483647
"""Jobs and entity types of the product itself have ids from here on."""

FIRST_SYSTEM_ENTITY_TYPE = 2147483648
"""Job, AssignedResourceType and the like stand in the list of entity types from here on."""
