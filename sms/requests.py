"""What a person can ask for, by text or from a screen."""

from dataclasses import dataclass

from menus.file_models import Finds

HOME = "KZ"
"""Named alone, it does not say where a mission is needed."""


@dataclass(frozen=True, slots=True)
class Stop:
    """No more messages.  `plea`: the words could be one ("enough!"), so the reply names a
    number to call.
    """

    language: str
    plea: bool = False


@dataclass(frozen=True, slots=True)
class NodeRequest:
    """The words of one node.  `answers`: those to a checklist, of which only what is still to
    do is wanted.
    """

    language: str
    node: str
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Embassy:
    """Missions.  One of `codes` is sure, several must be asked about, none is unknown.

    `words_given`: there were words that could have been a country's.  `finds`: the half
    of the answer that is meant; both, where the words do not say.  `danger`: somebody is
    in need there; `for_another`: it is not the sender, or not the sender alone.
    """

    language: str
    codes: tuple[str, ...]
    words_given: bool
    finds: Finds | None = None
    danger: bool = False
    for_another: bool = False


@dataclass(frozen=True, slots=True)
class Digest:
    language: str


@dataclass(frozen=True, slots=True)
class Series:
    language: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Consent; to what, the sender's last request says."""

    language: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Words that mean nothing; their language is a guess.  `also`: one more language to
    answer in, where not even that can be guessed.
    """

    language: str
    also: str | None = None


DialableRequest = NodeRequest | Embassy | Digest | Series
"""What a dialled screen can offer."""

Request = DialableRequest | Stop | Confirm | Unknown
