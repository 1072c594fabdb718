"""Symptom 7: a generation of orders that stopped at a threshold (troubleshooting 2.7)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.provisioning_threshold.evidence import Evidence, gather
from bot.diagnosis.symptoms.provisioning_threshold.finding import diagnose

SYMPTOM: Final = Symptom(7, "provisioning threshold exceeded", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
