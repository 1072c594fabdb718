"""A local Slack workspace: the Web API, Socket Mode and a page, strict as the real one."""

from sandbox.workspace.config import WorkspaceConfig, load_config, with_manifest
from sandbox.workspace.server import RunningWorkspace, start_workspace

__all__ = ["RunningWorkspace", "WorkspaceConfig", "load_config", "start_workspace", "with_manifest"]
