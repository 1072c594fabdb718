"""Symptom 3: a synchronization that stopped at a threshold (troubleshooting 2.3)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.sync_threshold.evidence import Evidence, gather
from bot.diagnosis.symptoms.sync_threshold.finding import diagnose

SYMPTOM: Final = Symptom(3, "synchronization threshold exceeded", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
