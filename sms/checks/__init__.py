"""What is checked of messages and keywords when the menu is loaded."""

from sms.checks.alphabet import latin_stays_gsm7, spelt_in_gsm7
from sms.checks.budget import longest_lines, messages, messages_fit
from sms.checks.keywords import capitals_are_keywords, keywords_clear, spelt_keywords_heard
from sms.checks.patterns import patterns_clear

__all__ = [
    "capitals_are_keywords",
    "keywords_clear",
    "latin_stays_gsm7",
    "longest_lines",
    "messages",
    "messages_fit",
    "patterns_clear",
    "spelt_in_gsm7",
    "spelt_keywords_heard",
]
