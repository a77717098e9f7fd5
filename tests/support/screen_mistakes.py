"""The mistakes that a screen cannot show: letters, and words too long for their room."""

from tests.support.mistakes import MARK, NEW_LABEL, Mistake, label

MANY = "words without end " * 6

# Compact, so that one mistake is one thing to read.
# fmt: off

LETTERS = {
    "a Latin o stands in a Cyrillic word": label(
        "ru.yaml", f"{MARK}Пoсле ", "'Пoсле' mixes alphabets (look at 'o'): retype it in one",
    ),
    "a Cyrillic o stands in a Latin word": label(
        "kk.yaml", f"{MARK}Wоrd ", "'Wоrd' mixes alphabets (look at 'о')",
    ),
    "a Latin c is a word in a Russian text": label(
        "ru.yaml", f"{MARK}c ", "'c' mixes alphabets (look at 'c')",
    ),
    "a Greek letter stands in a Cyrillic word": label(
        "ru.yaml", f"{MARK}Πолиция ", "'Πолиция' mixes alphabets (look at 'Π')",
    ),
    "the same slip stands a second time, after a number's name": Mistake(
        "ru.yaml", "    text: Советы останутся, ",
        f"    text: В {{police}}, a {{police}} {MARK}a дома ", "series",
        "'a' mixes alphabets", also=("series: 'a' mixes alphabets",),
    ),
    "a Cyrillic word stands in English": label(
        "en.yaml", f"{MARK}со ", "not in the GSM-7 alphabet: 'с' (U+0441), 'о' (U+043E)",
    ),
    "a curly quote stands in English": label(
        "en.yaml", f"It{MARK}’s ", "not in the GSM-7 alphabet: '’' (U+2019); it would halve",
    ),
    "a long dash stands in English": label(
        "en.yaml", f"So {MARK}— ", "not in the GSM-7 alphabet: '—' (U+2014)",
    ),
    "a language is named in Cyrillic on screen 0": Mistake(
        "ru.yaml", "\nname: ", f"\nname: {MARK}Ж # ", "name",
        "screen 0 must be readable on every phone", also=("start: with its notice",),
    ),
    "screen 0 has a Cyrillic letter": Mistake(
        "tree.yaml", "start:\n  text: |\n", f"start:\n  text: |\n    {MARK}Ж\n", "start",
        "not in the GSM-7 alphabet: 'Ж' (U+0416)", also=("start: with its notice",),
    ),
    "a letter is in two pieces": label(
        "ru.yaml", f"{MARK}Мои\u0306 ", "has letters in two pieces (not NFC): retype the word",
    ),
    "a no-break space": label("ru.yaml", f"Вот{MARK}\u00a0", "(U+00A0, no-break space)"),
    "a tab": label("ru.yaml", f"Вот{MARK}\t", "an invisible character (U+0009"),
    "a space of no width": label("ru.yaml", f"Вот{MARK}\u200b", "(U+200B, zero width space)"),
    "a soft hyphen": label("ru.yaml", f"В{MARK}\u00adот", "(U+00AD, soft hyphen)"),
}

ROOM = {
    "a label is longer than a screen": Mistake(
        "ru.yaml", NEW_LABEL,
        f"  escaped:\n    {MARK}label: Очень, очень, очень, очень длинно, длиннее ", "escaped",
        "units (UCS-2): shorten it",
    ),
    "screen 0 is too long": Mistake(
        "tree.yaml", "start:\n  text: |", f"start:\n  {MARK}text: |\n    {MANY}", "start",
        "of 160 units (GSM-7): shorten it",
    ),
    "the goodbye is too long": Mistake(
        "en.yaml", "  goodbye: |", f"  {MARK}goodbye: |\n    {MANY}", "phrases",
        "of 160 units (GSM-7): shorten it",
    ),
    "what is said when nothing is sent takes two screens": Mistake(
        "ru.yaml", "  not_sent: |", f"  {MARK}not_sent: |\n    {'длинно ' * 5}", "phrases",
        "'not_sent' needs",
    ),
    "a line of a country's screen is longer than it": Mistake(
        "kk.yaml", "    duty_phone: ", f"    duty_phone: {MARK}{'ұзын ' * 6}", "sms",
        "of 70 units (UCS-2): shorten it",
    ),
    "a country to choose has too long a name": Mistake(
        "countries.yaml", "    US: АҚШ", f"    US: {'Америка ' * 8}", "commonest",
        "the line '8 ", at=("countries.yaml", f"CN, {MARK}US, DE"),
    ),
    "a statement leaves no room for its keys after a wrong one": Mistake(
        "ru.yaml", "says: Виза рабочая, не туристическая",
        f"says: {MARK}Виза рабочая, а вовсе не туристическая", "checklist",
        "'says' of 'visa' needs 75 of 70 units (UCS-2): shorten it",
    ),
    "what is to do is longer than a screen": Mistake(
        "en.yaml", "to_do: Get a work visa", f"to_do: {MARK}Get a visa {'of some kind ' * 12}",
        "checklist", "'to_do' of 'visa' needs",
    ),
    "the lines for the keys leave no room": Mistake(
        "ru.yaml", "  next: ", "  next: Дальше, дальше, ещё дальше ", "phrases",
        "units for text, at least 20 are needed", at=("ru.yaml", f"\n{MARK}phrases:"),
    ),
}

LATIN = {
    "a letter has no row in the table of Latin letters": label(
        "ru.yaml", f"{MARK}ѓ ", "'ѓ' has no row under letters of 'ru' in latin.yaml: add it",
    ),
    "a sign would halve the room in Latin letters": label(
        "kk.yaml", f"{MARK}— ", "'—' (U+2014) would halve the room in Latin letters",
    ),
    "a row has a letter beyond a to z": Mistake(
        "latin.yaml", "    щ: shch\n", f"    щ: {MARK}šč\n", "ru",
        "'šč' does not have the right form: write letters from a to z",
    ),
    "a row of Latin letters is of a Latin letter": Mistake(
        "latin.yaml", "    сх: skh\n", f"    {MARK}sx: skh\n", "ru",
        "'sx' does not have the right form: write small Cyrillic letters",
    ),
    "Latin letters are not offered": Mistake(
        "latin.yaml", "  offer: Latinitsa\n", "", "ru", "'offer' is missing: add it",
        at=("latin.yaml", f"\n{MARK}ru:\n"),
    ),
    "a table of Latin letters is of no language": Mistake(
        "latin.yaml", "\nkk:\n", f"\n{MARK}xx:\n", "xx", "there is no xx.yaml: correct or remove",
    ),
    "a keyword reads otherwise in Latin letters": Mistake(
        "latin.yaml", "    сеть: set'\n", "    договор: soglashenie\n", "contract",
        "'ДОГОВОР' is 'SOGLASHENIE' in Latin letters, which is not heard",
        at=("ru.yaml", f"[{MARK}ДОГОВОР, КОНТРАКТ]"),
    ),
    "the first menu leaves no key for Latin letters": Mistake(
        "tree.yaml", "helpers, trafficking]", "helpers, trafficking, embassy, service, home]",
        "main", "has 8 choices: at most 7, key 8 is for letters",
        at=("tree.yaml", f"  {MARK}main:\n"),
    ),
}

# fmt: on

SCREEN_MISTAKES = {**LETTERS, **ROOM, **LATIN}
"""Each mistake by a sentence that says what is wrong."""
