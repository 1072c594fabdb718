"""Resource types, roles, categories, policies, automation, risks (nim-api 4.9, 4.10, 4.14)."""

from __future__ import annotations

from sandbox.identity_manager.schema import Entity, entity, many, one

_ROLE = (
    "Id Identifier DisplayName FullName Description CategoryId PolicyId EntityTypeId ApprovalWorkflowType:int=0 Tags "
    "MaxDuration:int GracePeriod:int ProlongationWithoutApproval:bool=0 ImplicitApproval:int=0 HideOnSimplifiedView:bool=0 "
    "AssignmentCount:int=0"
)


def _role(name: str, assigned: str, rule: str) -> Entity:
    return entity(
        name,
        _ROLE,
        [
            one("Category", "Category"),
            one("Policy", "Policy"),
            one("EntityType", "EntityType"),
            many(f"{assigned}s", assigned, "RoleId"),
            many(f"{rule}s", rule, "RoleId"),
        ],
        endpoint=f"ProvisioningPolicy/{name}",
        historized=True,
        indexes=["EntityTypeId"],
    )


DECLARED = (
    entity(
        "ResourceType",
        "Id Identifier DisplayName FullName Description CategoryId PolicyId SourceEntityTypeId TargetEntityTypeId "
        "BlockProvisioning:bool=1 ApprovalWorkflowType:int=0 AllowAdd:bool=1 AllowRemove:bool=1 RemoveOrphans:bool=0 "
        "CorrelateMultipleResources:bool=0 SuggestAllCorrelations:bool=0 DiscardManualAssignments:bool=0 DependsOnId "
        "DependsOnOwnerPropertyId TransmittedStateValidityPeriod:int=0 FulfillHoursAheadOfTime:int=0 MaxDuration:int "
        "GracePeriod:int ProlongationWithoutApproval:bool=0 ImplicitApproval:int=0 ArgumentsExpression "
        "HideOnSimplifiedView:bool=0 AssignmentCount:int=0 OrphanCount:int=0 MaximumInsert:int=0 MaximumDelete:int=0 "
        "MaximumUpdate:int=0 MaximumInsertPercent:int=30 MaximumDeletePercent:int=30 MaximumUpdatePercent:int=30 ConnectionId",
        [
            one("SourceEntityType", "EntityType"),
            one("TargetEntityType", "EntityType"),
            one("Policy", "Policy"),
            one("Category", "Category"),
            one("Connection", "Connection"),
            one("DependsOn", "ResourceType"),
            many("ResourceTypeRules", "ResourceTypeRule", "ResourceTypeId"),
            many("ResourceNavigationRules", "ResourceNavigationRule", "ResourceTypeId"),
            many("ResourceQueryRules", "ResourceQueryRule", "ResourceTypeId"),
            many("ResourceCorrelationRules", "ResourceCorrelationRule", "ResourceTypeId"),
            many("ResourceClassificationRules", "ResourceClassificationRule", "ResourceTypeId"),
            many("AutomationRules", "AutomationRule", "ResourceTypeId"),
            many("AssignedResourceTypes", "AssignedResourceType", "RoleId"),
        ],
        endpoint="ProvisioningPolicy/ResourceType",
        historized=True,
    ),
    _role("SingleRole", "AssignedSingleRole", "SingleRoleRule"),
    _role("CompositeRole", "AssignedCompositeRole", "CompositeRoleRule"),
    entity(
        "Category",
        "Id Identifier DisplayName FullName Description IsCollapsed:bool=0 ParentId PolicyId SingleRoleCounter:int=0 "
        "CompositeRoleCounter:int=0 ResourceTypeCounter:int=0",
        [one("Parent", "Category"), one("Policy", "Policy")],
        endpoint="ProvisioningPolicy/Category",
        historized=True,
    ),
    entity(
        "Policy",
        "Id Identifier DisplayName PolicySimulationId PolicyProvisioningId CommentActivationOnApproveInReview:int=0 "
        "CommentActivationOnDeclineInReview:int=0 CommentActivationOnDeleteGapInReconciliation:int=0 "
        "CommentActivationOnKeepGapInReconciliation:int=0 IsProvisioningEnabled:bool=1 IsSimulationEnabled:bool=0",
        [
            one("SimulationPolicy", "Policy", "PolicySimulationId"),
            one("ProvisioningPolicy", "Policy", "PolicyProvisioningId"),
        ],
        endpoint="ProvisioningPolicy/Policy",
        historized=True,
    ),
    entity(
        "AutomationRule",
        "Id PolicyId EntityTypeId CategoryId ResourceTypeId SingleRoleId CompositeRoleId Type:int=0 WorkflowState:int "
        "Decision:int HoursToWait:int",
        [
            one("Policy", "Policy"),
            one("ResourceType", "ResourceType"),
            one("SingleRole", "SingleRole"),
            one("CompositeRole", "CompositeRole"),
            one("Category", "Category"),
        ],
        endpoint="ProvisioningPolicy/AutomationRule",
        indexes=["ResourceTypeId"],
    ),
    entity(
        "Risk",
        "Id Identifier DisplayName Description PolicyId EntityTypeId Level:int=0 Score:int=0",
        [one("Policy", "Policy"), one("EntityType", "EntityType")],
        endpoint="ProvisioningPolicy/Risk",
        historized=True,
    ),
    entity("ParametersContext", "Id Identifier DisplayName OwnerType:ref OwnerId"),
)
