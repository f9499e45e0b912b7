"""Characters that no document can hold (XML 1.0, section 2.2): taken out of what is read, before anything looks at it.

Beyond the controls these are halves of surrogate pairs, which are no characters, and U+FFFE and U+FFFF.
"""

import re

_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\f\r"})  # HTML takes a form feed for a blank
_BLANKS = bytes.maketrans(b"\f", b" ")
_UNSOUND = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def sound(text: str) -> str:
    """The text without them, and with a space for each form feed."""
    return _UNSOUND.sub("", text).replace("\f", " ")


def sound_utf8(text: str) -> bytes:
    """The same in UTF-8, for parsers; half of a surrogate pair becomes a question mark."""
    encoded = text.encode("utf-8", "replace").translate(_BLANKS, _CONTROLS)
    return encoded.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
