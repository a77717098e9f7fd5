"""A texted message in, what it asks for out."""

from sms.understanding.country_search import MOST_ASKED, Countries, countries_of, name_of
from sms.understanding.explanation import lines_of
from sms.understanding.keyword import LIST, REQUESTS, KeywordMatch, heard_as
from sms.understanding.matching import Explanation, explain, understand
from sms.understanding.normalize import words_of
from sms.understanding.vocabulary import KeywordList, Vocabulary, vocabulary_of

__all__ = [
    "LIST",
    "MOST_ASKED",
    "REQUESTS",
    "Countries",
    "Explanation",
    "KeywordList",
    "KeywordMatch",
    "Vocabulary",
    "countries_of",
    "explain",
    "heard_as",
    "lines_of",
    "name_of",
    "understand",
    "vocabulary_of",
    "words_of",
]
