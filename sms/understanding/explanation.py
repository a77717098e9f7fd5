"""Why a message was understood as it was, in lines for whoever writes keywords."""

from collections.abc import Iterator

from sms.requests import Embassy, NodeRequest, Request
from sms.understanding.keyword import KeywordMatch
from sms.understanding.matching import Explanation
from sms.understanding.reading import Reading


def lines_of(explanation: Explanation) -> list[str]:
    """The request and its rule; each keyword with its weight; places; languages."""
    reading = explanation.message.reading
    return [
        f"{_asked(explanation.request)}, by the rule '{explanation.rule}'",
        *_keywords(reading),
        *_places(explanation),
        *_languages(reading),
    ]


def _asked(request: Request) -> str:
    kind, language = type(request).__name__, request.language
    if isinstance(request, NodeRequest):
        return f"{kind}: {request.node} in {language}"
    if isinstance(request, Embassy):
        danger = ", danger" if request.danger else ""
        return f"{kind}: {' '.join(request.codes) or 'no country'}{danger} in {language}"
    return f"{kind} in {language}"


def _keywords(reading: Reading) -> Iterator[str]:
    for match in reading.counted:
        yield f"  {match.keyword.weight}  {_keyword(match, reading)}"
    for match in reading.matches:
        if match not in reading.counted:
            yield f"  -  {_keyword(match, reading)}, its words count above"


def _keyword(match: KeywordMatch, reading: Reading) -> str:
    said = " ".join(reading.words[n].written for n in sorted(match.words))
    keyword = match.keyword
    return f"{keyword.meaning}: {said}  ({keyword.language}: {keyword.written})"


def _places(explanation: Explanation) -> Iterator[str]:
    message = explanation.message
    for each in message.reading.mentions:
        said = " ".join(word.written for word in message.reading.words[each.start : each.end])
        yield f"  country: {said}  ({'/'.join(each.codes)}, {each.role})"
    if message.place:
        by = "the sender's number" if message.place == message.sender_country else "the words"
        yield f"  where: {message.place}, by {by}"


def _languages(reading: Reading) -> Iterator[str]:
    ranked = sorted(reading.likeness.items(), key=lambda each: -each[1])
    yield "  languages: " + ", ".join(f"{code} {like:.0f}" for code, like in ranked)
