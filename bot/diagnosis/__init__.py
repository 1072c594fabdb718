"""Diagnosing: evidence and a time in, a finding out.

A symptom's module gathers its evidence through `bot.ports` and judges it purely; it knows no other symptom. The modules
beside `symptoms` compose them: one order, lists of orders, one run of a job, a person, whatever was named.
"""

from typing import Any, Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms import (
    blocked_orders,
    entitlements,
    errored_orders,
    exports,
    missing_data,
    provisioning_threshold,
    sync_threshold,
    wrong_values,
)

SYMPTOMS: Final[tuple[Symptom[Any], ...]] = (
    exports.SYMPTOM,
    missing_data.SYMPTOM,
    sync_threshold.SYMPTOM,
    blocked_orders.SYMPTOM,
    errored_orders.SYMPTOM,
    wrong_values.SYMPTOM,
    provisioning_threshold.SYMPTOM,
    entitlements.SYMPTOM,
)
"""In the order of the vendor's page."""
