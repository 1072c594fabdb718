"""The outside world's switches. Most come from what every installation has; a scenario adds what its people may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.identity_manager.interface import Lever, NotFound
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.acts import Happening
from sandbox.identity_manager.world.acts_inside import RoleRuleChange, Rule
from sandbox.identity_manager.world.acts_outside import FileBreaks, Right
from sandbox.identity_manager.world.acts_systems import AdContainer, dn_of
from sandbox.identity_manager.world.engine import SERVICE_ACCOUNT, Engine
from sandbox.identity_manager.world.scenario import LeverDefinition
from sandbox.identity_manager.world.systems.access import NETWORK_FAULTS, Access, Host
from sandbox.identity_manager.world.systems.directory import OPERATIONS
from sandbox.identity_manager.world.systems.errors import TargetError

Value = bool | int | str

_WORDS = {"read": "Read", "create": "Create", "modify": "Write", "delete": "Delete"}
_CREDENTIALS = ("valid", "expired", "wrong", "locked", "disabled")


@dataclass(frozen=True, slots=True)
class _Switch:
    name: str
    group: str
    label: str
    read: Callable[[], Value]
    write: Callable[[Value], None]
    choices: tuple[str, ...] = ()
    description: str = ""


class Levers:
    """What can be moved, and its present position."""

    def __init__(self, engine: Engine, definitions: Sequence[LeverDefinition], acts: Sequence[Happening]) -> None:
        self.engine = engine
        self._switches: dict[str, _Switch] = {}
        self._positions: dict[str, bool] = {}
        for definition in definitions:
            self._add_defined(definition)
        self._add_rights(acts)
        self._add_network()
        self._add_files(acts)
        self._add_settings()
        self._add_rules(acts)

    def all(self) -> list[Lever]:
        return [Lever(s.name, s.group, s.label, s.read(), s.choices, s.description) for s in self._switches.values()]

    def pull(self, name: str, value: Value) -> None:
        """Raises NotFound, ValueError (text for people)."""
        switch = self._switches.get(name)
        if switch is None:
            raise NotFound(f"there is no lever {name!r}")
        if switch.choices and value not in switch.choices:
            raise ValueError(f"{switch.label}: one of {', '.join(switch.choices)}")
        if not switch.choices and not isinstance(value, bool):
            raise ValueError(f"{switch.label}: on or off")
        switch.write(value)
        self.engine.database.flush(self.engine.clock.now)

    def _add(self, switch: _Switch) -> None:
        self._switches.setdefault(switch.name, switch)

    def _add_defined(self, definition: LeverDefinition) -> None:
        self._positions[definition.name] = definition.begins_on

        def write(value: Value) -> None:
            if value == self._positions[definition.name]:
                return
            acts = definition.on if value else definition.off
            if not value and not definition.off:
                raise ValueError(f"{definition.label}: what was done cannot be undone")
            try:
                for act in acts:
                    act.run(self.engine)
            except (TargetError, KeyError) as error:
                raise ValueError(f"{definition.label}: {error}") from error
            self._positions[definition.name] = bool(value)

        self._add(
            _Switch(
                definition.name,
                definition.group,
                definition.label,
                lambda: self._positions[definition.name],
                write,
                description=definition.description,
            )
        )

    def _add_rights(self, acts: Sequence[Happening]) -> None:
        places = [("delete", "OU=Leavers"), ("modify", "OU=Leavers"), ("create", "OU=Leavers")]
        places += [(operation, "OU=Sites") for operation in ("create", "modify", "delete")]
        places += [("modify", "OU=Groups")]
        mine = [(a.operation, a.container) for a in acts if isinstance(a, Right) and a.connector == "AD"]
        for operation, container in dict.fromkeys([*mine, *places]):
            self._add_directory_right(operation, container)
        for connector in ("ENTRA", "SAP", "SQLAPP"):
            for operation in OPERATIONS:
                self._add_system_right(connector, operation)

    def _add_directory_right(self, operation: str, container: str) -> None:
        dn = dn_of(container)
        self._add(
            _Switch(
                f"right:{operation}:{container}",
                "rights",
                f"{_WORDS[operation]} on {container or 'the whole directory'} granted to {SERVICE_ACCOUNT}",
                lambda: self.engine.directory.may(operation, dn),
                lambda value: self.engine.directory.rule(operation, dn, allowed=bool(value)),
            )
        )

    def _add_system_right(self, connector: str, operation: str) -> None:
        denied = self.engine.systems.systems[connector].access.denied
        self._add(
            _Switch(
                f"right:{operation}:{connector}",
                "rights",
                f"{_WORDS[operation]} accounts in {connector}",
                lambda: operation not in denied,
                lambda value: (denied.discard if value else denied.add)(operation),
            )
        )

    def _add_network(self) -> None:
        for connector, system in self.engine.systems.systems.items():
            self._add_reachability(
                f"network:{connector}", f"Way to {connector} ({system.access.address})", system.access
            )
            self._add_credential(connector)
        self._add_reachability("network:agent", "Network of the agent's host", self.engine.host)

    def _add_reachability(self, name: str, label: str, holder: Access | Host) -> None:
        self._add(
            _Switch(
                name,
                "network",
                label,
                lambda: holder.network_fault or "up",
                lambda value: setattr(holder, "network_fault", "" if value == "up" else value),
                ("up", *NETWORK_FAULTS),
            )
        )

    def _add_credential(self, connector: str) -> None:
        credential = self.engine.systems.systems[connector].access.credential

        def write(value: Value) -> None:
            credential.state, credential.expires = str(value), None

        self._add(
            _Switch(
                f"credential:{connector}",
                "rights",
                f"Password or secret of {credential.account} ({connector})",
                lambda: credential.condition(self.engine.clock.now),
                write,
                _CREDENTIALS,
            )
        )

    def _add_files(self, acts: Sequence[Happening]) -> None:
        host = self.engine.host
        self._add(
            _Switch(
                "disk",
                "files",
                "Free space on the agent's disk",
                lambda: host.disk_free,
                lambda value: setattr(host, "disk_free", bool(value)),
            )
        )
        tables = dict.fromkeys(["hr_people", *(a.table for a in acts if isinstance(a, FileBreaks))])
        for table in tables:
            self._add_table(table)

    def _add_table(self, table: str) -> None:
        systems = self.engine.systems
        kept = [f for f in systems.file_faults if f.table == table]

        def write(value: Value) -> None:
            kept.extend(f for f in systems.file_faults if f.table == table and f not in kept)
            systems.file_faults = [f for f in systems.file_faults if f.table != table]
            if not value:
                systems.file_faults += kept

        self._add(
            _Switch(
                f"files:{table}",
                "files",
                f"{table} is delivered as agreed",
                lambda: not any(f.table == table for f in systems.file_faults),
                write,
            )
        )

    def _add_settings(self) -> None:
        for name, host in self.engine.hosts.items():
            self._add_agent(name, host)
        for connector in catalogue.CONNECTORS:
            self._add_activation(connector)

    def _add_agent(self, name: str, host: Host) -> None:
        self._add(
            _Switch(
                f"agent:{name}",
                "settings",
                f"Service of agent {name} runs",
                lambda: bool(host.running),
                lambda value: setattr(host, "running", bool(value)),
            )
        )

    def _add_activation(self, connector: str) -> None:
        configuration = self.engine.configuration
        row = configuration.connectors[connector]
        self._add(
            _Switch(
                f"connector:{connector}",
                "settings",
                f"Connector {connector} is active",
                lambda: not row["IsDeactivated"],
                lambda value: configuration.set("Connector", row, {"IsDeactivated": not value}),
            )
        )

    def _add_rules(self, acts: Sequence[Happening]) -> None:
        """A deployed rule can be taken back; a missing container can be created."""
        for act in acts:
            if isinstance(act, Rule):
                self._add_rule(act)
            elif isinstance(act, RoleRuleChange):
                self._add_role_rule(act)
        for container in dict.fromkeys(a.container for a in acts if isinstance(a, AdContainer)):
            self._add_container(container)

    def _add_rule(self, act: Rule) -> None:
        engine = self.engine
        present = engine.rule_text(act.of, act.property)
        original = engine.original_rules.get((act.of, act.property), present)

        def write(value: Value) -> None:
            engine.change_rule(act.of, act.property, original if value else act.text)

        self._add(
            _Switch(
                f"rule:{act.of}:{act.property}",
                "rules",
                f"{act.of} {act.property} is computed as before",
                lambda: engine.rule_text(act.of, act.property) == original,
                write,
            )
        )

    def _add_role_rule(self, act: RoleRuleChange) -> None:
        engine = self.engine
        rule = next((r for r in engine.configuration.role_rule_of(act.role) if r.dimensions == act.dimensions), None)
        if rule is None:
            return
        before = engine.original_dimensions.get(rule.id, act.dimensions)

        def write(value: Value) -> None:
            engine.change_dimensions(rule, before if value else act.dimensions)

        self._add(
            _Switch(
                f"rule:{act.role}",
                "rules",
                f"Role {act.role} is given as before",
                lambda: rule.dimensions == before,
                write,
            )
        )

    def _add_container(self, container: str) -> None:
        engine = self.engine

        def write(value: Value) -> None:
            if not value:
                raise ValueError("a container with accounts in it cannot be removed here")
            engine.add_container(dn_of(container))

        self._add(
            _Switch(
                f"container:{container}",
                "settings",
                f"{container} exists in the directory",
                lambda: engine.directory.find(dn_of(container)) is not None,
                write,
            )
        )
