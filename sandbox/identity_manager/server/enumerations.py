"""The numbers of the sandbox and their names (nim-api 5.1, 9.2-E, 9.4)."""

from __future__ import annotations

INSTANCE_STATE = {
    0: "NotStarted",
    1: "InProgress",
    2: "Completed",
    3: "Errored",
    4: "Cancelled",
    5: "BlockedSynchronization",
    6: "BlockedProvisioning",
    7: "Warning",
    10: "Warning",
}

CHANGE_OPERATION = {1: "Insert", 2: "Update", 3: "Delete"}

TASK_TYPE = {
    1: "ComputeRoleModel",
    9: "SetInternalUserProfiles",
    101: "Export",
    102: "PrepareSynchronization",
    103: "Synchronize",
    104: "UpdateEntityPropertyExpressions",
    105: "ComputeCorrelationKeys",
    106: "GenerateProvisioningOrders",
    107: "Fulfill",
    108: "UpdateClassification",
}

PROVISIONING_STATE = {
    0: "None",
    1: "Pending",
    2: "Transmitted",
    3: "Errored",
    4: "Verified",
    5: "Awaiting Approval",
    6: "Inactive",
    7: "Error",
    8: "Executed",
}

ALL = {
    "InstanceState": {str(n): name for n, name in INSTANCE_STATE.items()},
    "ChangeOperation": {str(n): name for n, name in CHANGE_OPERATION.items()},
    "TaskType": {str(n): name for n, name in TASK_TYPE.items()},
}
