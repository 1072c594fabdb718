"""Jobs, steps, tasks and their executions (nim-api 4.3 to 4.7)."""

from __future__ import annotations

from sandbox.identity_manager.schema import entity, many, one, to_resource

_COUNTERS = " ".join(f"C{n}:int=0" for n in range(8))

DECLARED = (
    entity(
        "Job",
        "Id Identifier DisplayName Agent_Id:ref LastJobInstance_Id:ref CronTabExpression CronTimeZone:int=0 "
        "UserStartDenied:bool=0 LogLevel:int=6 IsIncremental:bool=0 IsConnectorJob:bool=0 IsInitializationJob:bool=0 "
        "HasHighFrequencyCrontab:bool=0 HasHighFrequencyExecution:bool=0 IsInQuotaWhitelist:bool=0 "
        "RepairLevel:int@ LaunchOrder:int@ TotalLaunchStep:int@ ContinueOnError:bool@",
        [
            one("Agent", "Agent", "Agent_Id"),
            one("LastJobInstance", "JobInstance", "LastJobInstance_Id"),
            many("JobSteps", "JobStep", "JobId"),
        ],
        endpoint="Job/Job",
        permission="/Jobs/Job/Query",
    ),
    entity(
        "JobStep",
        "Id JobId TaskId LaunchOrder:int=0 Level:int=-1",
        [one("Job", "Job"), one("Task", "Task")],
        endpoint="Job/JobStep",
        permission="/Jobs/JobStep/Query",
        indexes=["JobId", "TaskId"],
    ),
    entity(
        "JobInstance",
        "Id JobId! StartDate:date! EndDate:date! LastProgressUpdate:date! State:int=0! CurrentLaunch:int=0! TotalLaunch:int=0! "
        "UserId! CancelRequested:bool=0! Retry:bool=0! JobDefinition",
        [one("Job", "Job"), many("TaskInstances", "TaskInstance", "JobInstanceId"), to_resource("User")],
        endpoint="Job/JobInstance",
        permission="/Jobs/JobInstance/Query",
        indexes=["JobId", "StartDate Id", "EndDate Id", "State"],
    ),
    entity(
        "Task",
        "Id Identifier DisplayName TaskType:int AgentId ConnectorId ConnectionId ConnectionIdentifier OpenIdClientId State:int=0 "
        "IsDesactivated:bool=0 ContinueOnError:bool=0 IgnoreCookieFile:bool=0 Mode:int Dirty:bool=0 BlockProvisioning:bool=0 "
        "IgnoreHistorization:bool=0 DoNotDeleteChanges:bool=0 SynchronizationJobIdentifier ProvisioningJobIdentifier InputPath "
        "OutputPath BatchSize:int SplitSize:int ApiUrl AllEntityTypes:bool=0 LogLevel:int=6 Level:int=-1 LaunchOrder:int=0",
        [
            one("Agent", "Agent"),
            one("Connector", "Connector"),
            one("Connection", "Connection"),
            many("EntityTypeList", "TaskEntityType", "TaskId"),
            many("ResourceTypeList", "TaskResourceType", "TaskId"),
            many("ParentTask", "TaskDependOnTask", "ChildTask_Id"),
            many("Children", "TaskDependOnTask", "ParentTask_Id"),
        ],
        endpoint="Job/Task",
        permission="/Jobs/Task/Query",
        indexes=["ConnectorId"],
    ),
    entity(
        "TaskDependOnTask",
        "Id ChildTask_Id:ref ParentTask_Id:ref",
        [one("ChildTask", "Task", "ChildTask_Id"), one("ParentTask", "Task", "ParentTask_Id")],
        endpoint="Job/TaskDependOnTask",
        permission="/Jobs/Task/Query",
        indexes=["ChildTask_Id", "ParentTask_Id"],
    ),
    entity(
        "TaskEntityType",
        "Id TaskId EntityTypeId",
        [one("Task", "Task"), one("EntityType", "EntityType")],
        endpoint="Job/TaskEntityType",
        permission="/Jobs/Task/Query",
        indexes=["TaskId"],
    ),
    entity(
        "TaskResourceType",
        "Id TaskId ResourceTypeId",
        [one("Task", "Task"), one("ResourceType", "ResourceType")],
        endpoint="Job/TaskResourceType",
        permission="/Jobs/Task/Query",
        indexes=["TaskId"],
    ),
    entity(
        "TaskDimension",
        "Id TaskId DimensionId",
        [one("Task", "Task"), one("Dimension", "Dimension")],
        endpoint="Job/TaskDimension",
        permission="/Jobs/Task/Query",
        indexes=["TaskId"],
    ),
    entity(
        "TaskInstance",
        "Id JobInstanceId TaskId! AgentId State:int=0! StartDate:date! EndDate:date! LastProgressUpdate:date! DisplayName "
        f"{_COUNTERS} WrappedProgress IsChild:bool=0! IsValidation:bool=0!",
        [
            one("Task", "Task"),
            one("JobInstance", "JobInstance", since=2),
            one("Agent", "Agent", since=2),
        ],
        endpoint="Job/TaskInstance",
        permission="/Jobs/TaskInstance/Query",
        indexes=["JobInstanceId", "TaskId"],
    ),
)
