"""What a texted message asks for: a pure function from its words to a request.

The whole message is weighed, not the first keyword.  Keywords say what it may be about, each
with its weight; of those that share words, the one that says most counts.  Then, in this
order, the first rule that holds decides:

    keyword    it is a word that a screen names, and nothing else
    stop       it says STOP and nothing else, or plainly asks for no more messages
    confirm    it says YES and nothing else
    help       somebody is in need, and nothing else is surer
    embassy    missions are asked for
    about      what weighs most of all else
    country    a country is named
    unknown    nothing of it is known

Whoever is in need in another country, or texts from one, is answered for that country.
Nothing that a person writes is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from menus.file_models import Finds
from sms.requests import (
    HOME,
    Confirm,
    Digest,
    Embassy,
    NodeRequest,
    Request,
    Series,
    Stop,
    Unknown,
)
from sms.understanding.country_search import Role
from sms.understanding.keyword import Weight
from sms.understanding.reading import (
    Reading,
    abroad,
    is_in_no_language,
    is_written_so,
    language_of,
    likeness_to,
    may_be_written,
    place_of,
    read_message,
)
from sms.understanding.vocabulary import Vocabulary

MOST_BESIDE_STOP = 1
"""Unknown words that the word STOP may stand beside, and still be one."""
MESSAGES = ("stop", "digest", "series")
"""What is said of the messages themselves."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was read, and what else decides: the sender's country, if it is not
    home.
    """

    reading: Reading
    vocabulary: Vocabulary
    language: str
    place: str | None
    sender_country: str | None

    def need(self) -> int:
        """How much it says that somebody is in need."""
        return self.reading.score(self.vocabulary.help)

    def others(self) -> dict[str, int]:
        """What else it may be about, with its weights."""
        scores = self.reading.scores
        return {
            meaning: score
            for meaning, score in scores.items()
            if meaning not in self.vocabulary.help and meaning not in ("stop", "yes")
        }

    def names_another(self) -> bool:
        """Whether it speaks of a relative or a friend."""
        return any(word.forms & self.vocabulary.others for word in self.reading.words)

    def is_enough(self, score: int) -> bool:
        """Whether so much is enough: an everyday word is not, among others."""
        return score > Weight.HINT or len(self.reading.content()) <= 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a message was understood as, by which rule, and what was read in it."""

    request: Request
    rule: str
    message: Message


def understand(text: str, vocabulary: Vocabulary, sender_country: str | None = None) -> Request:
    """What the message asks for.  Never raises."""
    return explain(text, vocabulary, sender_country).request


def explain(text: str, vocabulary: Vocabulary, sender_country: str | None = None) -> Explanation:
    """As `understand`, with the reasons."""
    reading = read_message(text, vocabulary)
    sent_from = sender_country if sender_country != HOME else None
    place = place_of(reading) or sent_from
    message = Message(reading, vocabulary, language_of(reading, vocabulary), place, sent_from)
    for rule, decide in RULES.items():
        if request := decide(message):
            return Explanation(_in_its_letters(request, message), rule, message)
    return Explanation(_in_its_letters(_unknown(message), message), "unknown", message)


def _in_its_letters(request: Request, message: Message) -> Request:
    """Words in Latin letters are answered in them: the phone may show no others, and who
    writes so reads so.
    """
    if not message.reading.is_in_latin():
        return request
    latin = message.vocabulary.in_latin
    if isinstance(request, Unknown) and request.also:
        request = replace(request, also=latin.get(request.also, request.also))
    return replace(request, language=latin.get(request.language, request.language))


# --- The rules ------------------------------------------------------------------


def _keyword(message: Message) -> Request | None:
    """What a screen names is what it says there, in the language of that screen."""
    reading, vocabulary = message.reading, message.vocabulary
    named = vocabulary.named.get(" ".join(word.skeleton for word in reading.words), ())
    fitting = [each for each in named if may_be_written(each, reading)]
    if not fitting or not all(word.forms for word in reading.words):
        return None
    if message.place and fitting[0].meaning in vocabulary.help:
        return None
    keyword = max(
        fitting,
        key=lambda each: (
            is_written_so(each, reading),
            likeness_to(each.language, reading, vocabulary),
        ),
    )
    if keyword.meaning == "embassy":
        return _missions(replace(message, language=keyword.language))
    return _asked_by(keyword.meaning, keyword.language)


def _asked_by(meaning: str, language: str) -> Request:
    """The request of a meaning that needs no more than a language."""
    made: dict[str, Callable[[str], Request]] = {
        "stop": Stop,
        "yes": Confirm,
        "digest": Digest,
        "series": Series,
    }
    return made[meaning](language) if meaning in made else NodeRequest(language, meaning)


def _stop(message: Message) -> Stop | None:
    """STOP alone, also one that could be a plea ("enough!"); or a plain request for it."""
    reading = message.reading
    stops = [each for each in reading.matches if each.keyword.meaning == "stop"]
    if not stops or message.need():
        return None
    weight = max(each.keyword.weight for each in stops)
    if reading.is_only(*MESSAGES):
        return Stop(message.language, plea=weight is Weight.HINT)
    others = [score for meaning, score in message.others().items() if meaning not in MESSAGES]
    if weight is Weight.HINT or reading.mentions or max(others, default=0) > Weight.HINT:
        return None
    unexplained = len(_unexplained(message))
    if weight is not Weight.SURE and unexplained > MOST_BESIDE_STOP:
        return None
    return Stop(message.language, plea=bool(unexplained) and weight is not Weight.SURE)


def _confirm(message: Message) -> Confirm | None:
    """Consent is a yes and nothing else but a courtesy."""
    polite = all(
        word.written.casefold() in message.vocabulary.courtesies
        for word in message.reading.rest("yes")
    )
    return Confirm(message.language) if polite and message.reading.is_only("yes") else None


def _help(message: Message) -> NodeRequest | Embassy | None:
    need, rival = message.need(), max(message.others().values(), default=0)
    outweighed = need < Weight.SURE and need < rival
    if not need or outweighed or not message.is_enough(need):
        return None
    if message.place and message.place != HOME:
        another = not message.sender_country and message.names_another()
        return Embassy(message.language, (message.place,), True, "abroad", True, another)
    if message.others().get("embassy") and need <= Weight.LIKELY:
        return None
    return NodeRequest(message.language, _nearest_node(message))


def _nearest_node(message: Message) -> str:
    """What they are in need of; danger, where it is one of several."""
    scores = {each: message.reading.scores.get(each, 0) for each in message.vocabulary.help}
    first = "danger" if scores.get("danger", 0) >= Weight.LIKELY else ""
    return max(scores, key=lambda each: (each == first, scores[each], each == "danger"))


def _embassy(message: Message) -> Embassy | None:
    """Missions are asked for by name, of the country that is named."""
    if not message.others().get("embassy"):
        return None
    rival = max(score for score in message.others().values())
    if message.others()["embassy"] < rival:
        return None
    return _missions(message)


def _missions(message: Message) -> Embassy:
    named = _countries_named(message)
    codes = abroad(named) or ((message.sender_country,) if message.sender_country else ())
    given = bool(message.reading.mentions or _unexplained(message)) and named != (HOME,)
    own = message.vocabulary.homes.get(message.language)
    if own and not codes and not given:
        codes = (own,)
    return Embassy(message.language, codes, given, _half(message, codes))


def _countries_named(message: Message) -> tuple[str, ...]:
    """Each country once; else those that misspelt words may mean."""
    codes = dict.fromkeys(each.codes[0] for each in message.reading.mentions)
    return tuple(codes) or message.vocabulary.countries.find(" ".join(_unexplained(message)))


def _unexplained(message: Message) -> list[str]:
    """The words that no keyword has, as they are written."""
    reading = message.reading
    known = {n for each in reading.matches for n in each.words}
    return [reading.words[n].written for n in sorted(reading.content() - known)]


def _half(message: Message, codes: tuple[str, ...]) -> Finds | None:
    """Which half of the answer is meant, where the words say it.  Whoever asks here for
    missions of the country that their language is of is a citizen of it.
    """
    roles = {(each.codes[0] == HOME, each.role) for each in message.reading.mentions}
    if (False, Role.IN) in roles:
        return "abroad"
    own = codes == (message.vocabulary.homes.get(message.language),)
    if own and not message.sender_country:
        return "here"
    return "here" if (True, Role.IN) in roles or (False, Role.FROM) in roles else None


def _about(message: Message) -> Request | None:
    """What weighs most; of several alike, what stands first."""
    others = message.others()
    best = max(others, key=lambda each: others[each], default=None)
    if best is None or not message.is_enough(others[best]):
        return None
    return _missions(message) if best == "embassy" else _asked_by(best, message.language)


def _country(message: Message) -> Embassy | None:
    """A country is a request by itself."""
    named = _countries_named(message)
    if not named:
        return None
    codes = abroad(named)
    return Embassy(message.language, codes, named != (HOME,), _half(message, codes))


def _unknown(message: Message) -> Unknown:
    if is_in_no_language(message.reading) and len(message.vocabulary.offered) > 1:
        first, second = message.vocabulary.offered[:2]
        return Unknown(first, second)
    return Unknown(message.language)


RULES: dict[str, Callable[[Message], Request | None]] = {
    "keyword": _keyword,
    "stop": _stop,
    "confirm": _confirm,
    "help": _help,
    "embassy": _embassy,
    "about": _about,
    "country": _country,
}
