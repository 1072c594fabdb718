"""Symptom 5: provisioning orders that ended in an error."""

from bot.diagnosis.symptoms.errored_orders.evidence import Evidence, gather
from bot.diagnosis.symptoms.errored_orders.finding import diagnose

__all__ = ["Evidence", "diagnose", "gather"]
