"""The mistakes that an operator can make in what only messages need."""

from tests.support.mistakes import MARK, Mistake

WHO_CAN_HELP = "    likely: [who can help,"

# Compact, so that one mistake is one thing to read.
# fmt: off

SMS_MISTAKES = {
    "a tip is longer than two segments": Mistake(
        "ru.yaml", "  series:\n    - |\n", f"  series:\n    - {MARK}|\n      {'длинно ' * 9}\n",
        "sms",
        "'series' 1 needs 3 segments",
    ),
    "a tip does not end with the help number": Mistake(
        "en.yaml", "  series:\n    -", f"  series:\n    - {MARK}Take care.\n    -", "sms",
        "'series' 1 does not end with {hotline}",
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
    "a checklist is too long for a message": Mistake(
        "ru.yaml", "text: 'До отъезда:'", f"text: {MARK}'До отъезда сделайте, прошу, вот это:'",
        "checklist", "as an SMS needs 6 segments",
        also=("checklist: 'to_do' of",) * 10,
    ),
    "the first line of a message tells what it is about": Mistake(
        "en.yaml", "  unknown: |\n", f"  unknown: {MARK}|\n    Are you a victim?\n", "sms",
        "'unknown' has a first line that tells what it is about",
    ),
    "the heading over telling words tells it too": Mistake(
        "ru.yaml", "  heading: ", f"  heading: {MARK}Торговля людьми. ", "sms",
        "'heading' has a first line that tells", also=("as an SMS has a first line",) * 9,
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
        "ru.yaml", "    Или отправьте: ПОМОЩЬ,", f"    Или отправьте: {MARK}ПОДМОГА,", "sms",
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
        "kk.yaml", "    duty_diplomat: дипломат {duty_diplomat}",
        f"    duty_diplomat: {MARK}дипломат {{police}}", "sms",
        "'duty_diplomat' must name {duty_diplomat}",
    ),
    "a list of keywords is missing": Mistake(
        "en.yaml", "  yes_keywords: ", f"  {MARK}yes_words: ", "sms",
        "'yes_words' is not a key that is known here", also=("'yes_keywords' is missing",),
    ),
    "a list of keywords has its former name": Mistake(
        "en.yaml", "  digest_keywords: ", f"  {MARK}tips_keywords: ", "sms",
        "'tips_keywords' is called 'digest_keywords' now: rename it",
        also=("'digest_keywords' is missing",),
    ),
    "a pattern asks for what there is not": Mistake(
        "ru.keywords.yaml", "\n  helpers:\n", f"\n  {MARK}helper:\n", "helper",
        "'helper' is neither a node nor one of stop, yes, embassy, digest, series",
    ),
    "a pattern names a list that there is not": Mistake(
        "en.keywords.yaml", WHO_CAN_HELP,
        f"    likely: [{MARK}help + <paper>, who can help,",
        "helpers", "'help + <paper>' names <paper>, which stands under no name in lists",
    ),
    "a pattern begins every other word": Mistake(
        "en.keywords.yaml", WHO_CAN_HELP,
        f"    likely: [{MARK}wh*, who can help,",
        "helpers", "'wh*' begins every other word: write more letters",
    ),
    "a pattern has a part without letters": Mistake(
        "en.keywords.yaml", WHO_CAN_HELP,
        f"    likely: [{MARK}help +, who can help,",
        "helpers", "'help +' has a part without letters",
    ),
    "a pattern has a sign that none has": Mistake(
        "en.keywords.yaml", WHO_CAN_HELP,
        f"    likely: [{MARK}who (can) help, who can help,",
        "helpers", "'who (can) help' has a sign that no pattern has",
    ),
    "a word of a pattern mixes alphabets": Mistake(
        "ru.keywords.yaml", "    likely: [кто поможет,",
        f"    likely: [{MARK}пoмогает, кто поможет,",
        "helpers", "'пoмогает' mixes alphabets in 'пoмогает': retype it in one",
    ),
    "a file of keywords answers in a language that there is not": Mistake(
        "uz.keywords.yaml", "otherwise: ru", f"otherwise: {MARK}xx", "otherwise",
        "there is no xx.yaml: answer in a language that has one",
    ),
    "a file of keywords is of another language": Mistake(
        "uz.keywords.yaml", "language: uz", f"language: {MARK}ky", "language",
        "says 'ky', but the file is uz.keywords.yaml",
    ),
}

# fmt: on
