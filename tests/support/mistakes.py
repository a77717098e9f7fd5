"""The mistakes that an operator can make in the data files, and what is said to each."""

from dataclasses import dataclass

MARK = "→"
"""In an edit: the fault is named at what follows.  It is not written."""

OFFERED = "languages: [kk, ru, en]"
"""As the tree.yaml of `copied_menus` lists the languages."""

NEW_LABEL = "  escaped:\n    label: "


@dataclass(frozen=True)
class Mistake:
    """One edit of one file, and the fault that it must bring: no more, no fewer.

    The fault stands at the mark in `new`, or in `at`, a file and words in it.
    `also` names what the same edit breaks besides.
    """

    file: str
    old: str
    new: str
    screen: str
    says: str
    at: tuple[str, str] | None = None
    also: tuple[str, ...] = ()


def label(file: str, new: str, says: str) -> Mistake:
    """A mistake in the label of one node."""
    return Mistake(file, NEW_LABEL, NEW_LABEL + new, "escaped", says)


# Compact, so that one mistake is one thing to read.
# fmt: off

SHAPE = {
    "a choice of a menu is misspelt": Mistake(
        "tree.yaml", "[danger, signs,", f"[danger, {MARK}sings,", "main",
        "leads to 'sings', which is no node: add or correct it", also=("signs: is an orphan",),
    ),
    "a choice is added that no node stands for": Mistake(
        "tree.yaml", "[danger, ", f"[danger, {MARK}weather, ", "main",
        "leads to 'weather', which is no node",
    ),
    "screen 0 leads to no node": Mistake(
        "tree.yaml", "leads_to: main", f"leads_to: {MARK}mane", "start",
        "leads to 'mane', which is no node",
    ),
    "a menu has no choices": Mistake(
        "tree.yaml", "    choices: [embassy_abroad, escaped]\n", "", "danger",
        "is a dead end: a menu without choices", at=("tree.yaml", f"  {MARK}danger:\n"),
        also=("escaped: is an orphan",),
    ),
    "no menu lists a node": Mistake(
        "tree.yaml", ", money]", "]", "money", "is an orphan: no choice leads here",
        at=("tree.yaml", f"  {MARK}money:\n"),
    ),
    "a menu lists the menu above it": Mistake(
        "tree.yaml", ", escaped]", f", escaped, {MARK}main]", "danger",
        "leads to 'main', which leads here again: there is no way back",
        also=(
            "main: leads to 'danger', which leads here again", *("main: has no words in",) * 3,
        ),
    ),
    "a menu lists itself": Mistake(
        "tree.yaml", ", escaped]", f", {MARK}danger, escaped]", "danger",
        "leads to 'danger', which leads here again",
    ),
    "a menu has nine choices": Mistake(
        "tree.yaml", "documents, home]", "documents, home, abroad]", "leaving",
        "has 9 choices: at most 8 have a key", at=("tree.yaml", f"  {MARK}leaving:\n"),
    ),
    "a menu lists a choice twice": Mistake(
        "tree.yaml", ", escaped]", f", escaped, {MARK}escaped]", "danger",
        "lists 'escaped' twice: keep one",
    ),
    "a page has choices": Mistake(
        "tree.yaml", "  escaped:\n", f"  escaped:\n    {MARK}choices: [money]\n", "escaped",
        "'choices' is not a key that is known here",
    ),
    "a node has a kind that is unknown": Mistake(
        "tree.yaml", "  escaped:\n    kind: page", f"  escaped:\n    {MARK}kind: pge", "escaped",
        "no such kind of node: write menu, page, lookup, action or checklist",
    ),
    "the main menu has a kind that is unknown": Mistake(
        "tree.yaml", "  main:\n    kind: menu", f"  main:\n    {MARK}kind: men", "main",
        "no such kind of node",
    ),
    "a node has no kind": Mistake(
        "tree.yaml", "  escaped:\n    kind: page\n    facts", f"  escaped:\n    {MARK}facts",
        "escaped", "'kind' is missing: add `kind: menu`, page, lookup, action or checklist",
    ),
    "a look-up finds what it cannot": Mistake(
        "tree.yaml", "finds: abroad", f"finds: {MARK}everywhere", "embassy_abroad",
        "'everywhere' is not known here: write abroad or here",
    ),
    "an action does what it cannot": Mistake(
        "tree.yaml", "does: digest", f"does: {MARK}shout", "tips_by_sms",
        "'shout' is not known here: write send, digest or series",
    ),
    "a menu lists what screens offer by themselves": Mistake(
        "tree.yaml", "[who, free, private]", f"[who, free, {MARK}by_sms, private]", "service",
        "lists 'by_sms', which screens offer by themselves: remove it",
    ),
    "two nodes send what the screen before them says": Mistake(
        "tree.yaml", "    does: series\n", "    does: send\n", "by_sms",
        "sends what the screen before it says, as 'series' does: keep one",
        at=("tree.yaml", f"  {MARK}by_sms:\n"),
        # whose longer offer leaves less room on the first screen of a checklist
        also=("helpers: lists 'series'", *("checklist: 'to_do' of",) * 10),
    ),
    "choices are no list": Mistake(
        "tree.yaml", "choices: [embassy_abroad, escaped]", f"choices: {MARK}escaped", "danger",
        "'choices' must be a list: [one, two]", also=("escaped: is an orphan",),
    ),
    "a node's name has capitals": Mistake(
        "tree.yaml", "  escaped:\n", f"  {MARK}Escaped:\n", "Escaped",
        "does not have the right form: write small Latin letters",
        also=(
            "leads to 'escaped'", *("escaped: is no node of tree.yaml",) * 3,
            "E12: is carried by no node",
        ),
    ),
    "no node carries a fact": Mistake(
        "tree.yaml", "facts: [R5]", "facts: []", "R5", "is carried by no node",
        at=("facts.yaml", f"\n{MARK}R5:"),
    ),
    "a node carries an unknown fact": Mistake(
        "tree.yaml", "facts: [R5]", f"facts: [R5, {MARK}R99]", "money",
        "'R99' is no fact of facts.yaml",
    ),
    "a language of screen 0 has no file": Mistake(
        "tree.yaml", OFFERED, OFFERED.replace("]", f", {MARK}tr]"), "start", "there is no tr.yaml",
    ),
    "a language stands twice on screen 0": Mistake(
        "tree.yaml", OFFERED, OFFERED.replace("]", f", {MARK}ru]"), "start", "lists 'ru' twice",
    ),
    "a file's language is not on screen 0": Mistake(
        "tree.yaml", OFFERED, OFFERED.replace("ru, ", ""), "file",
        "'ru' is not among the languages of tree.yaml", at=("ru.yaml", f"{MARK}language: ru"),
    ),
    "screen 0 has more languages than keys": Mistake(
        "tree.yaml", OFFERED, MARK + OFFERED.replace("]", ", en" * 6 + "]"),
        "start", "has 9 languages: at most 8 have a key", also=("lists 'en' twice",) * 6,
    ),
    "screen 0 has no language": Mistake(
        "tree.yaml", OFFERED, f"languages: {MARK}[]", "start",
        "is an empty list: name at least one",
    ),
}

LANGUAGES = {
    "a node has no words in one language": Mistake(
        "kk.yaml", "  escaped:\n", "  escpaed:\n", "escaped",
        "has no words in 'kk': add them under nodes", at=("kk.yaml", f"\n{MARK}nodes:\n"),
        also=("escpaed: is no node of tree.yaml",),
    ),
    "a node has words and is not in the tree": Mistake(
        "en.yaml", "nodes:\n", f"nodes:\n  {MARK}weather:\n    label: Weather\n    text: Fine\n",
        "weather", "is no node of tree.yaml: add it there or remove these words",
    ),
    "a label is misspelt": Mistake(
        "ru.yaml", NEW_LABEL, f"  escaped:\n    {MARK}lable: ", "escaped",
        "'lable' is not a key that is known here", also=("escaped: 'label' is missing: add how",),
    ),
    "a label is missing": Mistake(
        "ru.yaml", NEW_LABEL, f"  {MARK}escaped:\n    lable: ", "escaped",
        "'label' is missing: add how the menu above lists this node", also=("'lable' is not",),
    ),
    "a label stands where nobody sees it": Mistake(
        "en.yaml", "\nnodes:\n", f"\nnodes:\n  main:\n    {MARK}label: Main\n", "main",
        "'label' is never shown, as no menu lists this node",
    ),
    "an action does not say what is done": Mistake(
        "ru.yaml", "    done: 'Советы", f"    dune: {MARK}'Советы", "series",
        "'done' is missing: add what is said once it is done", also=("'dune' is not a key",),
        at=("ru.yaml", f"\n  {MARK}series:\n    label: Советы"),
    ),
    "what is no action says what is done": Mistake(
        "ru.yaml", NEW_LABEL, f"  escaped:\n    {MARK}done: Да\n    label: ", "escaped",
        "'done' is never shown, as this is no action and no checklist: remove it",
    ),
    "a look-up has keywords": Mistake(
        "ru.yaml", "    label: Я за рубежом\n",
        f"    label: Я за рубежом\n    {MARK}keywords: [ГРАНИЦА]\n", "embassy_abroad",
        "has keywords, but is a question and no answer: remove them",
    ),
    "a text is missing": Mistake(
        "en.yaml", "    text: Tips come one", "    txt: Tips come one", "series",
        "'text' is missing: add it", at=("en.yaml", f"\n  {MARK}series:\n    label:"),
        also=("series: 'txt' is not a key",),
    ),
    "a text is empty": Mistake(
        "en.yaml", "    text: Tips come one", f"    text: {MARK}' ' # ", "series",
        "'text' has no words: write some",
    ),
    "a phrase is missing": Mistake(
        "ru.yaml", "  next: ", "  nxt: ", "phrases", "'next' is missing: add it",
        at=("ru.yaml", f"\n{MARK}phrases:"), also=("phrases: 'nxt' is not a key",),
    ),
    "a key is not known": Mistake(
        "kk.yaml", "  escaped:\n", f"  escaped:\n    {MARK}colour: red\n", "escaped",
        "'colour' is not a key that is known here: correct or remove it",
    ),
    "a label is a list": label("en.yaml", f"{MARK}[I, got] # ", "must be words, not a list"),
    "a label is empty": label("en.yaml", f"{MARK}'' # ", "'label' has no words: write some"),
    "a label has two lines": label("en.yaml", f'{MARK}"I\\ngot" # ', "write words, on one line"),
    "a home is no country": Mistake(
        "ru.yaml", "\nphrases:", f"\nhome: {MARK}XX\n\nphrases:", "home",
        "'XX' is no country's code",
    ),
    "a text names missions in a language without a home": Mistake(
        "en.yaml", "    text: Tips come one", f"    text: '{MARK}{{home_missions}}' # ", "series",
        "'{home_missions}' is for the text of a language with a home",
    ),
    "a file says another language": Mistake(
        "kk.yaml", "language: kk", f"language: {MARK}kz", "language",
        "says 'kz', but the file is kk.yaml",
    ),
    "two languages have one name": Mistake(
        "kk.yaml", "\nname: ", "\nname: Russkiy # ", "name", "'Russkiy' is also the name of 'kk'",
        at=("ru.yaml", f"\nname: {MARK}Russkiy"),
    ),
    "a node stands twice": Mistake(
        "en.yaml", "  motive:\n", f"  main:\n    text: x\n  {MARK}main:\n    text: y\n  motive:\n",
        "main", "stands here twice (first in line",
    ),
    "a key is a list": Mistake(
        "en.yaml", "\nnodes:", f"\n? {MARK}[a, b]\n: c\nnodes:", "file", "a key must be one word",
    ),
}

NUMBERS = {
    "a number is too short": Mistake(
        "numbers.yaml", "number: +7 7172 720111", f"number: {MARK}+7 7172 7201", "duty_diplomat",
        "'+7 7172 7201' is no valid number of KZ: check its source",
    ),
    "a letter stands behind a number": Mistake(
        "numbers.yaml", "+7 7172 720111", f"{MARK}+7 7172 720111O", "duty_diplomat",
        "is no valid number of KZ",
    ),
    "a number belongs to another country": Mistake(
        "numbers.yaml", "+7 7172 720111", f"{MARK}+44 20 7946 0958", "duty_diplomat",
        "is no valid number of KZ",
    ),
    "a short number has a letter": Mistake(
        "numbers.yaml", '"102"', f"{MARK}1O2", "police", "'1O2' is no valid number of KZ",
    ),
    "a short number has digits of another script": Mistake(
        "numbers.yaml", '"102"', f"{MARK}١٠٢", "police", "is no valid number of KZ",
    ),
    "a country is no code": Mistake(
        "numbers.yaml", 'police:\n  number: "102"\n  country: KZ',
        f'police:\n  number: "102"\n  country: {MARK}Kazakhstan', "police",
        "write two capital Latin letters, such as KZ",
    ),
    "a number has no source": Mistake(
        "numbers.yaml", "  what: Police\n  source:", "  what: Police\n  from:", "police",
        "'source' is missing: add it", at=("numbers.yaml", f"\n{MARK}police:"),
        also=("police: 'from' is not a key",),
    ),
    "a text names a number that is none": Mistake(
        "en.yaml", "goodbye: |\n", f"goodbye: |\n    {MARK}{{polise}}\n", "phrases",
        "'{polise}' has no number: add 'polise' to numbers.yaml or correct it",
    ),
    "screen 0 does not name the police": Mistake(
        "tree.yaml", "Politsiya {police}, ", "Politsiya ", "start",
        "'text' must name {police}: who reads it may have no other help",
        at=("tree.yaml", f"start:\n  text: {MARK}|"),
    ),
    "the last screen names nobody to call": Mistake(
        "en.yaml", "  goodbye: |\n    If you need help, call:\n    {hotline}\n",
        f"  goodbye: {MARK}|\n    If you need help, call:\n", "phrases",
        "'goodbye' must name {hotline}: who reads it may have no other help",
    ),
    "a brace stands alone": Mistake(
        "en.yaml", "goodbye: |\n", f"goodbye: |\n    police{MARK}}}\n", "phrases",
        "'}' stands alone: a number is {name}",
    ),
}

CHECKLISTS = {
    "a checklist has more than ten statements": Mistake(
        "tree.yaml", "    statements: [", f"    {MARK}statements: [more, ", "checklist",
        "has 11 statements: at most 10, as each is asked",
        also=("'more' has no words in 'kk'", *("checklist: 'more' has no words in",) * 2),
    ),
    "a checklist lists a statement twice": Mistake(
        "tree.yaml", "embassy, insurance]", f"embassy, {MARK}visa]", "checklist",
        "lists 'visa' twice: keep one", also=("'insurance' is no statement of it",) * 3,
    ),
    "a checklist has no statement": Mistake(
        "tree.yaml", "    statements: [advice,", f"    statements: {MARK}[] # ", "checklist",
        "'statements' is an empty list: name at least one",
    ),
    "a statement has no words in one language": Mistake(
        "ru.yaml", "      visa:\n        says:", "      vsa:\n        says:", "checklist",
        "'visa' has no words in 'ru': add what it `says` and the `to_do`",
        at=("ru.yaml", f"  checklist:\n    label: Всё ли готово?\n    keywords: [СПИСОК, ЧЕКЛИСТ]\n"
            f"    text: 'До отъезда:'\n    done: |\n      Всё готово. Вопросы:\n      {{hotline}}\n"
            f"      Из-за рубежа {{duty_diplomat}}\n    {MARK}statements:"),
        also=("'vsa' is no statement of it in tree.yaml",),
    ),
    "a statement does not say what to do": Mistake(
        "en.yaml", "        to_do: Get a work visa", "        todo: Get a work visa", "checklist",
        "'to_do' is missing: add it", at=("en.yaml", f"      {MARK}visa:\n        says:"),
        also=("'todo' is not a key that is known here",),
    ),
    "what to do has no words": Mistake(
        "kk.yaml", "to_do: Жұмыс визасын алыңыз", f"to_do: {MARK}''", "checklist",
        "'to_do' has no words: write some",
    ),
    "a node that is no checklist has statements": Mistake(
        "en.yaml", NEW_LABEL, "  escaped:\n    statements:\n      "
        f"{MARK}visa: {{says: I have it, to_do: Get it}}\n    label: ", "escaped",
        "'visa' is no statement of it in tree.yaml: add it there or remove it",
    ),
    "a checklist does not say that all is done": Mistake(
        "ru.yaml", "    done: |\n      Всё готово.", "    dne: |\n      Всё готово.", "checklist",
        "'done' is missing: add what is said once it is done",
        at=("ru.yaml", f"  {MARK}checklist:\n"), also=("'dne' is not a key",),
    ),
    "nobody is named to call when all is done": Mistake(
        "ru.yaml", "    done: |\n      Всё готово. Вопросы:\n      {hotline}\n",
        f"    done: {MARK}|\n      Всё готово.\n", "checklist",
        "'done' must name {hotline}: who reads it may have no other help",
    ),
}

YAML = {
    "a bracket is not closed": Mistake(
        "en.yaml", "  escaped:\n", f"  escaped: [\n    {MARK}}}\n", "file",
        "is not YAML: did not find",
    ),
    "a colon is missing": Mistake(
        "en.yaml", "\nlanguage: en\nname: ", f"\nlanguage en\nname{MARK}: ", "file",
        "is not YAML: mapping values are not allowed",
    ),
    "a tab indents": Mistake(
        "en.yaml", "  escaped:\n", f"{MARK}\tescaped:\n", "file",
        "is not YAML: a tab indents this line: use spaces",
    ),
    "an alias stands for words": Mistake(
        "en.yaml", NEW_LABEL, f"  escaped:\n    label: {MARK}*words # ", "file",
        "an alias (*) stands here: write the words themselves",
    ),
    "a key is a list": Mistake(
        "en.yaml", NEW_LABEL, f"  escaped:\n    ? {MARK}[label, text]\n    : One\n    label: ",
        "escaped", "a key must be one word",
    ),
    "a second document": Mistake(
        "en.yaml", "\nphrases:", f"\n{MARK}---\nphrases:", "file",
        "is not YAML: but found another document",
    ),
    "brackets without end": Mistake(
        "en.yaml", "  escaped:\n", f"  escaped: {'[' * 8}{MARK}{'[' * 40_000}\n", "file",
        "is nested more than 10 levels deep",
    ),
    "a control character": Mistake(
        "en.yaml", NEW_LABEL, f"{NEW_LABEL}{MARK}\x00", "file",
        "control characters are not allowed",
    ),
}

# fmt: on

MISTAKES = {**SHAPE, **LANGUAGES, **CHECKLISTS, **NUMBERS, **YAML}
"""Each mistake by a sentence that says what is wrong."""
