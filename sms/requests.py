"""What a person can ask for, by text or from a screen."""

from dataclasses import dataclass

HOME = "KZ"
"""Named alone, it does not say where a mission is needed."""


@dataclass(frozen=True, slots=True)
class Stop:
    language: str


@dataclass(frozen=True, slots=True)
class NodeRequest:
    """The words of one node."""

    language: str
    node: str


@dataclass(frozen=True, slots=True)
class Embassy:
    """Missions.  One of `codes` is sure, several must be asked about, none is unknown.

    `words_given`: there were words that could have been a country's.
    """

    language: str
    codes: tuple[str, ...]
    words_given: bool


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
    """Words that mean nothing; their language is a guess."""

    language: str


DialableRequest = NodeRequest | Embassy | Digest | Series
"""The wishes that a dialled screen can offer."""


Request = DialableRequest | Stop | Confirm | Unknown
