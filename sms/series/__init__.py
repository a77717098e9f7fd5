"""Tips one by one: who subscribed, when a tip is due, the run that queues it."""

from sms.series.calendar import Calendar
from sms.series.progress import Progress, read_progress
from sms.series.run import Run, run_due, run_on_schedule
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions

__all__ = [
    "STOPPED",
    "Calendar",
    "Progress",
    "Run",
    "Subscriptions",
    "read_progress",
    "run_due",
    "run_on_schedule",
]
