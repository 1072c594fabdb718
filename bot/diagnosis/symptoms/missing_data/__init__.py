"""Symptom 2: data that are missing or old after an incremental synchronization (troubleshooting 2.2)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.missing_data.evidence import Evidence, gather
from bot.diagnosis.symptoms.missing_data.finding import diagnose

SYMPTOM: Final = Symptom(2, "data missing after an incremental synchronization", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
