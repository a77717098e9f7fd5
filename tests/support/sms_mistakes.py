"""The mistakes that an operator can make in what only messages need."""

from tests.support.mistakes import MARK, Mistake

# Compact, so that one mistake is one thing to read.
# fmt: off

SMS_MISTAKES = {
    "a tip is longer than two segments": Mistake(
        "ru.yaml", "  tips:\n    - |\n", f"  tips:\n    - {MARK}|\n      {'длинно ' * 12}\n", "sms",
        "'tips' 1 needs 3 segments",
    ),
    "a tip does not end with the help number": Mistake(
        "en.yaml", "  tips:\n", f"  tips:\n    - {MARK}Take care.\n", "sms",
        "'tips' 1 does not end with {hotline}",
    ),
    "the digest is longer than four segments": Mistake(
        "kk.yaml", "  digest: |\n", f"  digest: {MARK}|\n    {'ұзын ' * 9}\n", "sms",
        "'digest' needs 5 segments",
    ),
    "an answer to EMBASSY is longer than three segments": Mistake(
        "ru.yaml", "    abroad: ", f"    {MARK}abroad: {'Это для вас, ' * 5}", "sms",
        "needs 4 segments (",
    ),
    "STOP is answered with more than one segment": Mistake(
        "ru.yaml", "  stopped: ", f"  stopped: {MARK}{'Хорошо. ' * 6}", "sms",
        "'stopped' needs 2 segments",
    ),
    "a screen with keywords is too long for a message": Mistake(
        "ru.yaml", "    text: |\n      Паспорт только ваш\n",
        f"    text: {MARK}|\n      Паспорт только ваш\n\n      {'Он ваш. ' * 5}\n\n", "documents",
        "as an SMS needs 6 segments",
    ),
    "the first line of a message tells what it is about": Mistake(
        "en.yaml", "  unknown: |\n", f"  unknown: {MARK}|\n    Are you a victim?\n", "sms",
        "'unknown' has a first line that tells what it is about",
    ),
    "the heading over telling words tells it too": Mistake(
        "ru.yaml", "  heading: ", f"  heading: {MARK}Торговля людьми. ", "sms",
        "'heading' has a first line that tells", also=("as an SMS has a first line",) * 5,
    ),
    "two screens have one keyword": Mistake(
        "ru.yaml", "[ДОЛГ, ", f"[ДОЛГ, {MARK}пасспорт, ", "debt",
        "'пасспорт' reads like 'ПАСПОРТ' of 'documents' (ru): keep one",
    ),
    "a keyword has no letters": Mistake(
        "ru.yaml", "[ДОГОВОР, ", f"[ДОГОВОР, {MARK}'!!', ", "contract",
        "'!!' has no letters: correct or remove it",
    ),
    "a keyword is a word that is passed over": Mistake(
        "ru.yaml", "[ДОГОВОР, ", f"[ДОГОВОР, {MARK}НУЖНО, ", "contract",
        "'НУЖНО' is also among the filler_words",
    ),
    "a keyword of one language means another thing in the next": Mistake(
        "en.yaml", "[CONTRACT]", f"[CONTRACT, {MARK}TOKTA]", "contract",
        "'TOKTA' reads like 'ТОҚТА' of 'stop_keywords' (kk): keep one",
    ),
    "a word to send is no keyword": Mistake(
        "ru.yaml", "    Отправьте: ПОМОЩЬ,", f"    Отправьте: {MARK}ПОДМОГА,", "sms",
        "'ПОДМОГА' is written as a word to send, but is no keyword",
    ),
    "a text to be completed has no place for it": Mistake(
        "en.yaml", "  choose: ", f"  choose: {MARK}Send a word # ", "sms",
        "'choose' has no '{words}': write where it belongs",
    ),
    "a text has a place that nothing is put into": Mistake(
        "en.yaml", "  stopped: ", f"  stopped: To {MARK}{{phone}}. ", "sms",
        "'{phone}' has no number",
    ),
    "the line of help names no number": Mistake(
        "ru.yaml", "  help: Помощь {hotline}", f"  help: {MARK}Помощь близко", "sms",
        "'help' must name {hotline}: who reads it may have no other help",
    ),
    "the line of the duty diplomat names another number": Mistake(
        "kk.yaml", "    duty_diplomat: кезекші дипломат {duty_diplomat}",
        f"    duty_diplomat: {MARK}кезекші дипломат {{police}}", "sms",
        "'duty_diplomat' must name {duty_diplomat}",
    ),
    "a list of keywords is missing": Mistake(
        "en.yaml", "  yes_keywords: ", f"  {MARK}yes_words: ", "sms",
        "'yes_words' is not a key that is known here", also=("'yes_keywords' is missing",),
    ),
}

# fmt: on
