"""What the product needs from outside, named by the asker. Adapters fulfil these; tests write their own."""

from bot.ports.actions import Actions, Audit, DrivingLock
from bot.ports.catalogue import Catalogue
from bot.ports.environment import Clock, Environment, NimWrites
from bot.ports.incidents import Incidents, Transactions, Work
from bot.ports.messages import DeliveryQueue, Inbox, Outbox
from bot.ports.people import Preferences, Reminders, Requests
from bot.ports.reads import AccessReads, ChangeReads, Files, JobReads, NimReads, OrderReads, PeopleReads, ValueReads

__all__ = [
    "AccessReads",
    "Actions",
    "Audit",
    "Catalogue",
    "ChangeReads",
    "Clock",
    "DeliveryQueue",
    "DrivingLock",
    "Environment",
    "Files",
    "Inbox",
    "Incidents",
    "JobReads",
    "NimReads",
    "NimWrites",
    "OrderReads",
    "Outbox",
    "PeopleReads",
    "Preferences",
    "Reminders",
    "Requests",
    "Transactions",
    "ValueReads",
    "Work",
]
