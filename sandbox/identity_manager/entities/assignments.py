"""Assignments: the accounts, values, links and roles of owners, and their errors (nim-api 4.11 to 4.14)."""

from __future__ import annotations

from sandbox.identity_manager.schema import Entity, Navigation, entity, many, one, to_resource

_COMMON = (
    "Id OwnerType:ref! OwnerId! WorkflowState:int=0! StartDate:date! EndDate:date=9999-12-31T00:00:00Z! WhenCreated:date "
    "WhenPerformed:date! PerformerId! WorkflowInstanceId! ParametersContextId! IsDenied:bool=0! "
)
_TRAIL = (
    "RequesterId! RequestComment! Reviewer1Id! Reviewer2Id! Reviewer3Id! WhenReviewed1:date! WhenReviewed2:date! "
    "WhenReviewed3:date! ReviewComment1! ReviewComment2! ReviewComment3! ReconciliationComment! RedundantAssignment:bool=0 "
    "ManualAssignmentEndDateLockedToContext:bool=0 "
)
_OWNER = to_resource("Owner", type_field="OwnerType")
_COMMON_NAVIGATIONS: tuple[Navigation, ...] = (
    _OWNER,
    to_resource("Performer"),
    one("WorkflowInstance", "WorkflowInstance"),
    one("ParametersContext", "ParametersContext"),
)
_TRAIL_NAVIGATIONS: tuple[Navigation, ...] = (
    to_resource("Requester"),
    to_resource("Reviewer1"),
    to_resource("Reviewer2"),
    to_resource("Reviewer3"),
)
_PROPERTY_OF_ACCOUNT: tuple[Navigation, ...] = (
    one("AssignedResourceType", "AssignedResourceType"),
    one("Property", "EntityProperty"),
)


def _assigned_role(name: str, role: str) -> Entity:
    return entity(
        name,
        _COMMON
        + _TRAIL
        + "RoleId! IsInferred:bool=0 IsIndirect:bool=0 RiskReviewerId WhenRiskReviewed:date RiskReviewComment "
        "ConsolidatedWorkflowReviewState:int=0 ConsolidatedWorkflowReviewCount:int=0",
        [*_COMMON_NAVIGATIONS, *_TRAIL_NAVIGATIONS, one("Role", role), to_resource("RiskReviewer")],
        endpoint=f"ProvisioningPolicy/{name}",
        historized=True,
        owned=True,
        indexes=["OwnerId", "RoleId", "OwnerType WorkflowState", "WorkflowInstanceId"],
    )


DECLARED = (
    entity(
        "AssignedResourceType",
        _COMMON + _TRAIL + "RoleId! ResourceId! ProvisioningState:int=0! ManualProvisioningState:int=0 "
        "ConsolidatedProvisioningState:int=0!& ConsolidatedWorkflowReviewState:int=0! ConsolidatedWorkflowReviewCount:int=0! "
        "ConsolidatedWorkflowBlockedState:int=0! ConsolidatedWorkflowBlockedCount:int=0! ConsolidatedWorkflowFoundState:int=0! "
        "ConsolidatedWorkflowFoundCount:int=0! ConsolidatedAssignedResourceTypeCountError:int=0 ProvisioningReviewFilter:int=0& "
        "IsInferred:bool=0 IsIndirect:bool=0 SourceMatchedConfidenceLevel:int=0! ResourceTypeIdentificationConfidenceLevel:int=0! "
        "NeedsPolicyApplication:bool=0 HasPendingOrders:bool=0~ WhenTransmitted:date~ Arguments~",
        [
            *_COMMON_NAVIGATIONS,
            *_TRAIL_NAVIGATIONS,
            one("Role", "ResourceType"),
            to_resource("Resource"),
            many("AssignedResourceScalars", "AssignedResourceScalar", "AssignedResourceTypeId"),
            many("AssignedResourceNavigations", "AssignedResourceNavigation", "AssignedResourceTypeId"),
            many("AssignedResourceBinaries", "AssignedResourceBinary", "AssignedResourceTypeId"),
            many("AssignedResourceErrors", "AssignedResourceError", "AssignedResourceTypeId"),
        ],
        endpoint="ProvisioningPolicy/AssignedResourceType",
        historized=True,
        owned=True,
        indexes=[
            "OwnerId",
            "ResourceId",
            "ProvisioningReviewFilter Id",
            "ProvisioningState Id",
            "RoleId ProvisioningState",
            "WhenPerformed Id",
            "WorkflowInstanceId",
        ],
    ),
    entity(
        "AssignedResourceScalar",
        _COMMON + "AssignedResourceTypeId PropertyId ProvisioningState:int=0! Value! PolicyValue CurrentValue? "
        "IsPending:bool=0~ WhenTransmitted:date~",
        [*_COMMON_NAVIGATIONS, *_PROPERTY_OF_ACCOUNT],
        endpoint="ProvisioningPolicy/AssignedResourceScalar",
        historized=True,
        owned=True,
        indexes=["AssignedResourceTypeId", "OwnerId", "ProvisioningState Id"],
    ),
    entity(
        "AssignedResourceNavigation",
        _COMMON
        + "AssignedResourceTypeId PropertyId ProvisioningState:int=0! ResourceId! PolicyResourceId CurrentResourceId? "
        "ConfidenceLevel:int=100 IsIndirect:bool=0 IsInferred:bool=0 IsCollectionNavigation:bool=0 "
        "IsAlreadyInCurrentCollectionValue:bool=0 IsPending:bool=0~ WhenTransmitted:date~",
        [
            *_COMMON_NAVIGATIONS,
            *_PROPERTY_OF_ACCOUNT,
            to_resource("Resource"),
            to_resource("PolicyResource"),
            to_resource("CurrentResource", on_request=True),
        ],
        endpoint="ProvisioningPolicy/AssignedResourceNavigation",
        historized=True,
        owned=True,
        indexes=["AssignedResourceTypeId", "OwnerId", "ProvisioningState Id", "ResourceId"],
    ),
    entity(
        "AssignedResourceBinary",
        _COMMON + "AssignedResourceTypeId PropertyId ProvisioningState:int=0! ResourceFileId ResourceFileHashCode "
        "PolicyResourceFileId CurrentResourceFileId? IsPending:bool=0~ WhenTransmitted:date~",
        [*_COMMON_NAVIGATIONS, *_PROPERTY_OF_ACCOUNT, one("ResourceFile", "ResourceFile")],
        endpoint="ProvisioningPolicy/AssignedResourceBinary",
        historized=True,
        owned=True,
        indexes=["AssignedResourceTypeId", "OwnerId"],
    ),
    entity(
        "AssignedResourceError",
        "Id AssignedResourceTypeId JobInstanceId ErrorCode:int=0 ErrorMessage",
        [one("AssignedResourceType", "AssignedResourceType"), one("JobInstance", "JobInstance")],
        indexes=["AssignedResourceTypeId Id", "JobInstanceId Id"],
    ),
    _assigned_role("AssignedSingleRole", "SingleRole"),
    _assigned_role("AssignedCompositeRole", "CompositeRole"),
)
