"""Symptom 8: entitlements that nobody expected, and how they came about (troubleshooting 2.8)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.entitlements.evidence import Evidence, gather
from bot.diagnosis.symptoms.entitlements.finding import diagnose

SYMPTOM: Final = Symptom(8, "unexpected entitlements", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
