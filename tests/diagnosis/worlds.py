"""The worlds of the symptoms' tests by name, each with its question: what must hold for all of them is tested on all."""

import importlib.util
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from bot.model.finding import Finding
from tests.diagnosis.fakes import FakeNim

Ask = Callable[[FakeNim], Awaitable[Finding]]


def _tests_of(name: str) -> ModuleType:
    """A test module as a module: under pytest's importlib mode it has no name of its own to import."""
    full = f"tests_diagnosis_worlds_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"test_{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


@dataclass(frozen=True)
class World:
    build: Callable[[], FakeNim]
    ask: Ask


def worlds() -> dict[str, World]:
    errored, exports, runs = _tests_of("errored_orders"), _tests_of("exports"), _tests_of("job_run")
    blocked, sync, provisioning = (
        _tests_of("blocked_orders"),
        _tests_of("sync_threshold"),
        _tests_of("provisioning_threshold"),
    )
    missing, values, access = _tests_of("missing_data"), _tests_of("wrong_values"), _tests_of("entitlements")
    people = _tests_of("person")
    return {
        "5 leavers": World(errored.leavers, errored.ask),
        "5 sites": World(errored.sites, errored.ask),
        "5 unconfirmed": World(errored.unconfirmed, errored.ask),
        "5 run": World(runs.leavers, runs.ask),
        "1 expired": World(lambda: exports.world(exports.EXPIRED), exports.ask),
        "1 no host": World(lambda: exports.world(exports.NO_HOST), exports.ask),
        "4 computed": World(lambda: blocked.computed(option=True), lambda nim: blocked.ask(nim, "5003")),
        "4 required": World(lambda: blocked.world(blocked.waiting(), review=True), blocked.ask),
        "3 blank": World(sync.blank, sync.ask),
        "7 identities": World(provisioning.world, provisioning.ask),
        "2 overdue": World(lambda: missing.world(complete=31, rows=4829), missing.ask),
        "2 stopped": World(lambda: missing.world(incremental=3.75), missing.ask),
        "6 conflict": World(lambda: values.world(identity="Sales ES"), values.ask),
        "6 as computed": World(values.world, values.ask),
        "8 rule": World(
            lambda: access.world(access.held(), rules=[access.FINANCE], organization="Finance"), access.ask
        ),
        "8 inferred": World(
            lambda: access.world(access.held(inferred=True), access.TITAN, rules=[access.rule(parent="r2")]), access.ask
        ),
        "person": World(people.world, people.ask),
    }


WORLDS = worlds()
