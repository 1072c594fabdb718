"""Symptom 4: provisioning orders that wait for a review (troubleshooting 2.4)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.blocked_orders.evidence import Evidence, gather
from bot.diagnosis.symptoms.blocked_orders.finding import diagnose

SYMPTOM: Final = Symptom(4, "blocked provisioning orders", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
