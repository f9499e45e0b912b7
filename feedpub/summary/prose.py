"""From an article's text to the sentences that may stand in a summary.

Owns what is left out before anything is chosen: headings and list crumbs, the title, bylines, datelines. It neither
scores nor chooses.
"""

import re
from dataclasses import dataclass

from feedpub.summary.sentences import join, paragraphs, sentences

ENDS = re.compile(r"[.!?…。！？｡．؟۔।॥։።](?:[\"'”’»›」』）)\]]|\s?»|\[\d+\])*$")  # a sentence is finished
_CJK_LETTER = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")
_LETTERS = re.compile(r"[^\W\d_]+")

HEADING_CHARS = 140  # an unfinished line up to this long is a heading or a list's crumb, not prose

_DASH = r"(?:\s*[-–—―‒:]{1,2}\s+|\s*[—―–]\s*|\s+\|\s+)"
_CAPITALS = r"[^\W\d_a-zß-öø-ÿ][^\sa-zß-öø-ÿ]+(?:\s[^\W\d_a-zß-öø-ÿ]?[^\sa-zß-öø-ÿ]+){0,4}"
_NAME = r"[^\W\d_a-zß-öø-ÿ][\w.’'-]+(?:[\s/][^\W\d_a-zß-öø-ÿ][\w.’'-]+){0,2}"
_DATE = r"(?:,?\s\(?(?:\d{1,2}\.?\s[^\W\d_]{3,10}\.?|[^\W\d_]{3,10}\.?\s\d{1,2})(?:,?\s\d{4})?\)?)"
_AGENCY = r"[(\[/][^()\[\]]{2,40}[)\]/]"
DATELINES = tuple(
    re.compile(pattern)
    for pattern in (
        # Berlin (dpa) – …   MADRID, 5 Ene. (EUROPA PRESS) - …   PARIS, Jan 5 (Reuters) — …   МОСКВА, 5 янв. /ТАСС/. …
        rf"^(?:{_CAPITALS}|{_NAME})(?:,\s{_NAME})?{_DATE}?[.,]?\s*{_AGENCY}(?:{_DASH}|\.\s+|\s+)(?=\S)",
        # PARIS, Jan 5 — …   KYIV, Ukraine -- …   BERLIN – …
        rf"^{_CAPITALS}(?:,\s{_NAME})?{_DATE}?\.?{_DASH}(?=\S)",
        # (Reuters) - …   [AFP] …
        rf"^{_AGENCY}{_DASH}(?=\S)",
        rf"^[(\[]\s?(?:Reuters|AP|AFP|dpa|APA|ANSA|EFE|Xinhua|CNN|UPI|TASS|Lusa|Belga|ANP|PAP)\s?[)\]]\s*(?=\S)",
        # 新华社北京1月5日电（记者李明） …   【東京＝佐藤】 …
        r"^[^。，,]{2,20}\d{1,2}月\d{1,2}日[电電讯訊](?:[（(][^）)]{2,20}[）)])?[:：]?\s*",
        r"^[【（(][^】）)]{2,20}[＝=电電讯訊报報][^】）)]{0,20}[】）)]\s*",
    )
)
# London — The …: a name of one to three words before the sentence's only dash, and a capital behind it.
_PLAIN_DATELINE = re.compile(rf"^{_NAME}(?:,\s{_NAME})?\s+[–—]\s+(?=[\"“„«]?[^\W\d_a-zß-öø-ÿ])(?!.*\s[–—]\s)")
BYLINE = re.compile(
    r"^(?:by|von|par|por|de|di|da|door|av|af|text|autor|author|words|written by|posted by|reported by|texte|testo)"
    r"[:\s]\s*(?:[^\W\d_][\w.’'-]*[\s,]*(?:and|und|et|y|e|en|och|og|&)?\s*){1,8}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands: `paragraph` and `place` in it count from 0."""

    text: str
    paragraph: int
    place: int


def prose(text: str, title: str = "", language: str | None = None) -> list[Sentence]:
    """The finished sentences of an article in order; where it has none, its lines, so that a note is not lost."""
    kept = [line for line in paragraphs(text) if not _is_title(line, title) and not BYLINE.match(line)]
    lines = [line for line in kept if is_prose(line)] or kept
    found: list[Sentence] = []
    for number, line in enumerate(lines):
        line = without_dateline(line) if number < 3 else line
        parts = sentences(line, language)
        if len(parts) > 1 and not ENDS.search(parts[-1]):
            parts.pop()
        found += [
            Sentence(part, number, place) for place, part in enumerate(parts) if not _is_title(part, title)
        ]
    return found


def is_prose(line: str) -> bool:
    """Whether a line is running text: a finished sentence of some length, or a long line."""
    return (ENDS.search(line) is not None and size(line) >= 25) or size(line) > HEADING_CHARS


def size(text: str) -> int:
    """Characters, those of Chinese and Japanese counted three times: they say as much."""
    return len(text) + 2 * len(_CJK_LETTER.findall(text))


def without_dateline(line: str) -> str:
    """A paragraph without the place, date and agency that open it."""
    for pattern in (*DATELINES, _PLAIN_DATELINE):
        if (match := pattern.match(line)) and match.end() < len(line) / 2:
            return line[match.end() :]
    return line


def squash(text: str) -> str:
    """Letters and digits alone, case folded: what is left to compare when typography is gone."""
    return "".join(c for c in text.casefold() if c.isalnum())


def cut(text: str, max_chars: int) -> str:
    """At most `max_chars` characters of a text, cut behind a clause or else a word, with "…"."""
    if len(text) <= max_chars:
        return text
    head = text[: max_chars - 1]
    clause = max(
        (m.end() for m in re.finditer(r"[,;:，；、：](?=\s|[\u3001-\u9fff])|\s[–—-](?=\s)", head)), default=0
    )
    word = head.rfind(" ") if " " in head else len(head)
    end = clause if clause > 0.6 * max_chars else word if word > 0 else len(head)
    return head[:end].rstrip(" ,;:，；、：–—-") + "…"


def fill(found: list[Sentence], max_chars: int) -> str:
    """As many of the first sentences as fit; a first one that is longer than all the room is cut."""
    chosen: list[str] = []
    for sentence in found:
        if len(join([*chosen, sentence.text])) > max_chars:
            break
        chosen.append(sentence.text)
    return join(chosen) or (cut(found[0].text, max_chars) if found else "")


def _is_title(line: str, title: str) -> bool:
    return bool(title) and squash(line) == squash(title)
