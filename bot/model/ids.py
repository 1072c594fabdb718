"""Identifiers. NIM's 64-bit ids travel as text; a type per noun keeps them from being mixed up."""

from typing import NewType

EnvironmentName = NewType("EnvironmentName", str)
"""The key of `[environments.NAME]` in the settings."""
AgentId = NewType("AgentId", str)
ConnectorId = NewType("ConnectorId", str)
EntityTypeId = NewType("EntityTypeId", str)
JobId = NewType("JobId", str)
JobRunId = NewType("JobRunId", str)
"""A job instance in NIM's spelling: one execution of a job."""
TaskId = NewType("TaskId", str)
TaskRunId = NewType("TaskRunId", str)
OrderId = NewType("OrderId", str)
"""The id of the assigned resource type that carries the order."""
ResourceTypeId = NewType("ResourceTypeId", str)
ResourceId = NewType("ResourceId", str)
"""A resource of any entity type: a person, an account, a source record."""
IncidentId = NewType("IncidentId", int)
ActionId = NewType("ActionId", int)
