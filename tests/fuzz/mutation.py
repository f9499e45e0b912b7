"""Make new inputs from others by their grammar.

Parts are left out, doubled, moved and repeated; words are inserted.
"""

import random

from tests.fuzz.target import Target

MOST_CHANGES = 4
MOST_TIMES = 200  # repetitions of a part


def mutate(target: Target, data: bytes, longest: int, seed: int) -> bytes:
    """Return a changed input, always the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 -- inputs, not secrets
    parts = [part for part in target.pieces.findall(data) if part]
    for _ in range(dice.randint(1, MOST_CHANGES)):
        _change(parts, target.words, dice)
    return b"".join(parts)[:longest]


def _change(parts: list[bytes], words: tuple[bytes, ...], dice: random.Random) -> None:
    at, other = (dice.randrange(len(parts) + 1) for _ in range(2))
    first, last = sorted((at, other))
    match dice.randrange(7):
        case 0:
            del parts[first : min(last, first + dice.randint(1, 8))]
        case 1:
            parts[at:at] = parts[first : min(last, first + dice.randint(1, 8))]
        case 2 if at < len(parts):
            parts[at : at + 1] = [parts[at]] * dice.randint(2, MOST_TIMES)
        case 3 if at < len(parts) and other < len(parts):
            parts[at], parts[other] = parts[other], parts[at]
        case 4 if at < len(parts):
            cut = dice.randint(0, len(parts[at]))
            parts[at] = (
                parts[at][:cut]
                + bytes([dice.randrange(256)]) * dice.randint(0, 1)
                + parts[at][cut + 1 :]
            )
        case 5:
            parts.insert(at, dice.choice(words))
        case 6:
            parts.insert(at, dice.choice(words) * dice.choice((1, 2, dice.randint(2, MOST_TIMES))))
