"""The language of a text, by its script and its commonest words.

Detection libraries were tried: py3langid 0.4 costs 105 MB and 0.6 s to load and
calls one in ten Chinese questions Wu, lingua takes 96 MB of disk. Splitting
needs to tell languages apart only roughly, on texts of article length, where
script and stopwords are as good and cost nothing.
"""

from __future__ import annotations

import re
from collections import Counter

from rag.text.scripts import BY_LANGUAGE

_OTHER = re.compile("|".join(f"(?P<{name}>[{span}]+)" for name, span in BY_LANGUAGE))
_LATIN = re.compile("[a-zà-öø-ÿā-ſș-ț]+")
_STOPWORDS = {
    "en": "the of and to in a is that for on was with as by at from it be are has have he she his her who what which "
    "were not this but they had said when how did where why does",
    "tr": "ve bir bu da de için ile olarak olan gibi daha çok en sonra kadar ne ise var oldu olduğu tarafından hangi "
    "nedir kim dedi değil ama yıl göre mi mı nerede nasıl zaman kaç hangisi",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er "
    "hat dass sie nach wird bei einer um am sind noch wie war was wer",
    "fr": "de la le et les des en un une du dans est que pour qui au par plus pas sur se ne ce il sont avec cette ou "
    "aux ont été son sa à quel quelle",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya fue este ha sí "
    "porque esta son entre cuando qué quién cuál",
    "it": "di e il la che in a per un è del non una si con i da le della nel al più anche gli ha come sono dei alla "
    "ma delle era chi quale",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu "
    "sua ou ser quando muito são também",
    "nl": "de van een het en in is dat op te zijn met voor niet aan er die om als ook dan maar bij wordt uit door naar "
    "heeft nog werd over wie wat",
    "sv": "och i att det som en på är av för med den till inte har de ett om var han från så men vid när sig kan",
    "da": "og i at det er en til af på for den med der de ikke som har et om var han fra men sig ved blev også",
    "no": "og i det er på som en for til å av med at den har de ikke et om var han fra men seg ble også etter",
    "fi": "ja on ei se että oli hän mutta ovat kun niin myös joka sen ole mukaan tai kuin jo vuoden ollut",
    "pl": "w i na z się do nie że jest to o jak po za od przez ale co dla oraz jego był są które który ze",
    "cs": "a v se na je že o s z do to i ve k pro za by ale jako po jsou které který bylo jeho při však",
    "hu": "a az és hogy nem is egy ez volt meg de csak már mint el van még ki be szerint azt után lesz",
    "ro": "de și în la a cu pe din că o un care nu este pentru mai sau se au fost al ale prin după dar",
    "id": "yang dan di untuk dengan dari ini pada dalam itu tidak akan oleh juga ke adalah telah bahwa sebagai",
    "vi": "và của là có trong được cho một không các người đã với này những để đến khi từ",
}
_OWNERS: dict[str, tuple[str, ...]] = {}
for _language, _list in _STOPWORDS.items():
    for _word in _list.split():
        _OWNERS[_word] = (*_OWNERS.get(_word, ()), _language)
# Letters hardly any other of these languages has.
_LETTERS = {
    "tr": "ğışİ", "de": "ßäöü", "fr": "çèêœ", "es": "ñ¿¡", "pt": "ãõ", "pl": "łąężśćń", "cs": "řěůčžš",
    "hu": "őű", "ro": "țșăâ", "vi": "đươ", "sv": "åäö", "da": "æøå", "no": "æøå",
}  # fmt: skip
_CYRILLIC = (("uk", "іїєґ"), ("be", "ў"), ("sr", "ђјљњћџ"), ("mk", "ѓќѕ"))
_ARABIC = (("ur", "ٹڈڑںےھ"), ("fa", "پچژگک"))
_SAMPLE = 4_000
_SURE = 0.06
"""Share of a text's words that are a language's stopwords, at least, to name that language."""


def detect_language(text: str) -> str:
    """Guess the language from a text's first 4,000 characters.

    Returns:
        ISO 639-1; "en" when unsure.
    """
    sample = text[:_SAMPLE]
    if not sample.isascii():
        language = _by_script(sample)
        if language is not None:
            return language
    scores, number = _scores(sample)
    best = max(scores, key=lambda language: (scores[language], language == "en"), default="en")
    return best if number and scores[best] >= max(1, _SURE * number) else "en"


def certain_language(text: str) -> str | None:
    """The language of a text in Latin letters, where a sentence's words leave hardly a doubt; else None."""
    scores, number = _scores(text[:_SAMPLE])
    best = max(scores, key=lambda language: scores[language], default="en")
    return best if scores[best] >= max(3, 0.2 * number) and scores[best] >= 2 * scores["en"] * (best != "en") else None


def _scores(sample: str) -> tuple[Counter[str], int]:
    """What speaks for each language in a sample's words and letters; and how many words it has."""
    found = _LATIN.findall(sample.replace("İ", "i").lower())
    scores: Counter[str] = Counter()
    for word, times in Counter(found).items():
        owners = _OWNERS.get(word, ())
        for language in owners:
            scores[language] += times * (2 if len(owners) == 1 else 1)
    for language, letters in _LETTERS.items():
        scores[language] += min(sum(sample.count(letter) for letter in letters), len(found) // 3)
    return scores, len(found)


def _by_script(sample: str) -> str | None:
    """The language of a script other than Latin that a third of the letters are in."""
    found: Counter[str] = Counter()
    for match in _OTHER.finditer(sample):
        found[str(match.lastgroup)] += len(match[0])
    if not found:
        return None
    latin = sum(map(len, _LATIN.findall(sample.lower())))
    total = sum(found.values())
    # A Chinese character says as much as two Latin letters.
    if total * (2 if found["zh"] + found["ja"] > total / 2 else 1) < (latin + total) / 3:
        return None
    best = found.most_common(1)[0][0]
    if best in ("zh", "ja"):
        return "ja" if found["ja"] > found["zh"] / 20 else "zh"
    for name, hints in (("ru", _CYRILLIC), ("ar", _ARABIC)):
        if best == name:
            return (
                max(
                    hints,
                    key=lambda hint: sum(map(sample.count, hint[1])),
                    default=(name, ""),
                )[0]
                if any(c in sample for _, letters in hints for c in letters)
                else name
            )
    return best
