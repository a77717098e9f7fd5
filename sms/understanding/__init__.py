"""A texted message in, what it asks for out."""

from sms.understanding.country_search import MOST_ASKED, Countries, countries_of, name_of
from sms.understanding.matching import understand
from sms.understanding.normalize import words_of
from sms.understanding.vocabulary import Kind, Vocabulary, vocabulary_of

__all__ = [
    "MOST_ASKED",
    "Countries",
    "Kind",
    "Vocabulary",
    "countries_of",
    "name_of",
    "understand",
    "vocabulary_of",
    "words_of",
]
