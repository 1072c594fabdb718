"""Workflows and their instances (nim-api 4.17)."""

from __future__ import annotations

from sandbox.identity_manager.schema import entity, many, one, to_resource

DECLARED = (
    entity("Workflow", "Id Identifier DisplayName IdentifierPrefix VariablesTypeId", endpoint="Workflows/Workflow"),
    entity(
        "Activity",
        "Id Identifier DisplayName WorkflowId TemplateId Order:int=0 ArgumentBlockProvisioning:bool=0 "
        "WorkflowOverviewDisable:bool=0",
        [one("Workflow", "Workflow"), one("Template", "ActivityTemplate")],
        endpoint="Workflows/Activity",
        indexes=["WorkflowId"],
    ),
    entity("ActivityTemplate", "Id Identifier DisplayName", endpoint="Workflows/ActivityTemplate"),
    entity(
        "ActivityTemplateState",
        "Id Identifier ShortIdentifier DisplayName IsInteractive:bool=0 TemplateId",
        [one("Template", "ActivityTemplate")],
        endpoint="Workflows/ActivityTemplateState",
    ),
    entity(
        "ActivityTemplateTransition",
        "Id Identifier DisplayName SourceStateId TargetStateId",
        [one("SourceState", "ActivityTemplateState"), one("TargetState", "ActivityTemplateState")],
        endpoint="Workflows/ActivityTemplateTransition",
    ),
    entity(
        "WorkflowInstance",
        "Id Identifier WorkflowId CurrentActivityId CurrentStateId CurrentTransitionId CurrentActivityInstanceId "
        "IsCompleted:bool=0 WhenCompleted:date",
        [
            one("Workflow", "Workflow"),
            one("CurrentActivity", "Activity"),
            one("CurrentState", "ActivityTemplateState"),
            one("CurrentActivityInstance", "ActivityInstance"),
            many("ActivityInstances", "ActivityInstance", "WorkflowInstanceId"),
            many("AssignedSingleRoles", "AssignedSingleRole", "WorkflowInstanceId"),
            many("AssignedCompositeRoles", "AssignedCompositeRole", "WorkflowInstanceId"),
            many("AssignedResourceTypes", "AssignedResourceType", "WorkflowInstanceId"),
        ],
        endpoint="Workflows/WorkflowInstance",
        permission="/Workflows/WorkflowInstance/Supervise",
        indexes=["Identifier"],
    ),
    entity(
        "ActivityInstance",
        "Id WorkflowInstanceId ActivityId ActivityStateId CreationDate:date ExpectedDate:date TriggerMode:int=0 PerformerId "
        "AssignedToId DelegatedToId OpenIdClientId Subject Body PrivateBody Cc ChangeSetSummary CalledId",
        [
            one("WorkflowInstance", "WorkflowInstance"),
            one("Activity", "Activity"),
            one("State", "ActivityTemplateState", "ActivityStateId"),
            to_resource("Performer"),
            to_resource("AssignedTo"),
            many("Actors", "ActivityActor", "ActivityInstanceId"),
            many("Changes", "Change", "ActivityInstanceId"),
        ],
        endpoint="Workflows/ActivityInstance",
        permission="/Workflows/WorkflowInstance/Supervise",
        indexes=["WorkflowInstanceId Id"],
    ),
    entity(
        "ActivityActor",
        "Id ActivityInstanceId ResourceId",
        [to_resource("Resource")],
        indexes=["ActivityInstanceId"],
    ),
    entity(
        "Change",
        "Id ActivityInstanceId~ Operation:int=0 PropertyKey Value LinkedId IsImplicit:bool=0 IsComputed:bool=0",
        indexes=["ActivityInstanceId"],
    ),
)
