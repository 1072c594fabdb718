"""What stands between the agent and a managed system:

network, credentials, certificates, rights. All of it can fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.identity_manager.world.systems.errors import TargetError

NETWORK_FAULTS = ("dns", "refused", "timeout", "reset", "unreachable")


@dataclass(slots=True)
class Host:
    """The agent's own machine, shared by all connectors of the agent."""

    network_fault: str = ""
    disk_free: bool = True
    running: bool = True
    clock_skew: float = 0.0


@dataclass(slots=True)
class Credential:
    """The account with which the agent logs in. `expires` is the instant at which its password or secret ends."""

    account: str
    state: str = "valid"
    expires: float | None = None

    def condition(self, now: float) -> str:
        """valid, expired, wrong, locked, disabled or missing."""
        if self.state == "valid" and self.expires is not None and now >= self.expires:
            return "expired"
        return self.state


@dataclass(slots=True)
class Access:
    """The way from the agent to one system."""

    address: str
    host: Host
    credential: Credential
    network_fault: str = ""
    certificate_expires: float | None = None
    address_wrong: bool = False
    throttled_until: float = 0.0
    retry_after: int = 120
    denied: set[str] = field(default_factory=set)
    """Operations that the account may not do at all: read, create, modify, delete."""


_NETWORK_TEXTS = {
    "dns": "System.Net.Http.HttpRequestException: No such host is known. ({address})",
    "refused": "No connection could be made because the target machine actively refused it. ({address})",
    "timeout": "A connection attempt failed because the connected party did not properly respond after a period of "
    "time, or established connection failed because connected host has failed to respond. ({address})",
    "reset": "Unable to read data from the transport connection: An existing connection was forcibly closed by the "
    "remote host.",
    "unreachable": "The network path was not found. : '{address}'",
}

SECONDS_TO_FAIL = {"dns": 1.0, "refused": 2.0, "timeout": 21.0, "reset": 9.0, "unreachable": 12.0}


def check_network(access: Access) -> None:
    """Raises TargetError when packets do not arrive."""
    fault = access.host.network_fault or access.network_fault
    if fault:
        raise TargetError(_NETWORK_TEXTS[fault].format(address=access.address))


def check_certificate(access: Access, now: float) -> None:
    if access.certificate_expires is not None and now >= access.certificate_expires:
        raise TargetError(
            "System.Security.Authentication.AuthenticationException: The remote certificate is "
            "invalid because of errors in "
            "the certificate chain: NotTimeValid"
        )
