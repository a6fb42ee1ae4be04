"""Brings what people type into one shape, so that every later step sees the same words however they were written.

`loeschen`, `löschen`, `LÖSCHEN` and `loschen` become the same token; so do `grüßen` and the Swiss `grüssen`. The folded
tokens are for matching only: what the visitor reads back is always the original text.
"""

import functools
import re
import unicodedata

_QUOTES = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "`": "'",
        "´": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "\u00a0": " ",
    }
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"\bhttps?://\S+|\bwww\.\S+")
# What the guard puts in a number's place; its words are the assistant's and say nothing of what the visitor wants.
_MASKED = re.compile(r"\[[^\[\]]{1,60} (?:entfernt|removed)\]")
_REFERENCE = re.compile(r"\bpr[- ]?[0-9a-z]{4}[- ]?[0-9a-z]{4,5}\b(?=.*)")
_LONG_NUMBER = re.compile(r"\b\d[\d./-]{3,}\b")
_CASE_NUMBER = re.compile(r"\b(?!aes|iso|sha|rsa|tls|art|soc|en)[a-z]{2,4}-\d{3,}\b")
_VOWEL_RUN = re.compile(r"([aeiouyäöü])\1{2,}")
_LETTER_RUN = re.compile(r"([^\W\d_])\1{2,}")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_TOKEN = re.compile(r"[^\W_]+|[?]")
_FOLDED = (("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "ss"), ("ae", "a"), ("oe", "o"))
_UE = re.compile(r"(?<![qaeiou])ue(?!s?t)")
_MARKS = re.compile("[\u0300-\u036f]")


def clean(text: str) -> str:
    """Lower the text's case and even out quotes, dashes, invisible characters and drawn-out letters; keep umlauts."""
    lowered = unicodedata.normalize("NFKC", text).translate(_QUOTES).lower()
    lowered = _INVISIBLE.sub("", lowered)
    lowered = _VOWEL_RUN.sub(r"\1", lowered)
    return _LETTER_RUN.sub(r"\1\1", lowered)


@functools.lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Map the ways to write a word without its umlauts, accents or ß onto one."""
    for written, folded in _FOLDED:
        word = word.replace(written, folded)
    word = _UE.sub("u", word)
    return _MARKS.sub("", unicodedata.normalize("NFD", word))


def words(text: str) -> list[str]:
    """Split cleaned text into words and question marks, with addresses, links and references as one token each."""
    text = _ADDRESS.sub(" xmail ", _MASKED.sub(" xnumber ", clean(text)))
    text = _LINK.sub(" xlink ", text)
    text = _REFERENCE.sub(_reference_token, text)
    text = _CASE_NUMBER.sub(" xreference ", text)
    text = _LONG_NUMBER.sub(_number_token, text)
    return _TOKEN.findall(_APOSTROPHE.sub("", text))


def tokens(text: str) -> list[str]:
    """Split text into folded words."""
    return [fold(word) for word in words(text)]


def _reference_token(match: re.Match[str]) -> str:
    found = match.group()
    has_digit = any(character.isdigit() for character in found)
    return " xreference " if has_digit or found.count("-") == 2 else found


def _number_token(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return f" {digits} " if (len(digits) == 4 and digits[:2] in {"19", "20"}) or digits == "27001" else " xnumber "


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+|;\s+")
_ABBREVIATION = re.compile(
    r"\b(?:[a-z]|bzw|z\.?\s?b|d\.?\s?h|u\.?\s?a|art|abs|nr|dr|hr|fr|mr|mrs|ms|st|str|e\.g|i\.e|etc|ca|lt|ggf|evtl|usw|inkl|d\.?\s?m|no|tel|\d+)\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Split text at the ends of sentences, not at abbreviations."""
    found: list[str] = []
    for part in _SENTENCE_END.split(text):
        part = part.strip()
        if not part:
            continue
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + part
            continue
        found.append(part)
    return found


_OPENING = re.compile(
    r"""^\W*(?:
    sehr\ geehrte[rs]?(?:\ (?:damen\ und\ herren|herr|frau)(?:\ [\w-]+)?)?
    | dear\ (?:sir\ or\ madam|sirs?|madam|team|all)
    | guten\ (?:tag|morgen|abend) | good\ (?:morning|afternoon|evening)
    | grüß\ gott | gruess\ gott | grüezi(?:\ mitenand)? | liebes\ [\w-]+ | hallo(?:\ zusammen)?
    | hello | hallöchen | hey | hi(?:\ there)? | moin | servus
    )\b[\s,.!:-]+""",
    re.IGNORECASE | re.VERBOSE,
)
_CLOSING = re.compile(
    r"""[\s,.!?-]+(?:
    (?:vielen\ |besten\ |herzlichen\ |schon\ mal\ |im\ voraus\ )*
    (?:danke?|dank)(?:\ im\ voraus|\ schon\ mal|\ euch|\ dir)?
    | mfg | lg | vg | bg
    | (?:mit\ )?(?:freundlichen|besten|herzlichen|lieben|viele|beste|liebe|schöne)\ grüße?n?.*
    | thanks(?:\ a\ lot|\ in\ advance|\ so\ much)? | thank\ you(?:\ very\ much|\ in\ advance)? | thx | cheers
    | (?:kind\ |best\ )?regards.* | yours\ (?:sincerely|faithfully).* | sincerely.*
    )[\s.!]*$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_SHORTEST_CORE = 3


def core(text: str) -> str:
    """Leave out greeting and closing where something is said besides."""
    left = _CLOSING.sub("", _OPENING.sub("", text.strip()))
    return left if len(left.split()) >= _SHORTEST_CORE else text


_JOINT = re.compile(
    r"""\s*(?:,|\s-\s|\s/\s)?\s+(?:
    und\ außerdem | und\ ausserdem | und\ noch\ was | und\ auch | ach\ und | und | außerdem | ausserdem | sowie
    | übrigens | uebrigens | zweitens | and\ also | oh\ and | and | also | plus | by\ the\ way | btw | secondly
    )\s+""",
    re.IGNORECASE | re.VERBOSE,
)


def clauses(sentence: str) -> list[str]:
    """Cut a sentence where another wish or question may begin; whether the cut makes sense is judged by the caller."""
    found = [part.strip(" ,;-") for part in _JOINT.split(sentence)]
    return [part for part in found if part]


_ASKING = re.compile(
    r"""\?
    | ^\W*(?:was|wat|wos|wer|wem|wen|wessen|wie|wo|woher|wohin|wann|warum|wieso|weshalb|wozu|wofür|welche[rsn]?|gibts?
      |kann|kannst|können|könnt|darf|dürfen|muss|müssen|müsst|ist|sind|bist|seid|hat|habt|haben|werden|wird|wurde
      |verkauft|speichert|gebt|nutzt|whats?|whos?|whom|whose|how|where|when|why|which|is|are|am|do|does|did|can|could
      |will|would|should|may|must|has|have|was|were)\b
    | \bfrage?\ (?:ich\ )?mich\b | \b(?:möchte|will|würde|wüsste)\ (?:ich\ )?(?:gerne?\ )?(?:wissen|erfahren)\b
    | \bsag(?:t|en\ sie)\ mir\b | \bwonder | \b(?:like|want)\ to\ know\b | \btell\ me\b""",
    re.IGNORECASE | re.VERBOSE,
)


def asks(part: str) -> bool:
    """Tell whether a part of a message has the form of a question."""
    return bool(_ASKING.search(clean(part)))
