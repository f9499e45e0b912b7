"""Standard output and error of any encoding: what it lacks is replaced, so that no command fails over a title."""

import codecs
import io
import json
import sys

_ERRORS = "feedpub-replace"  # the name of our error handler
_ASCII = "feedpub-ascii"  # click would write UTF-8 to a stream whose encoding is called "ascii"
_SUBSTITUTES = str.maketrans(  # no double quotation mark among them: it would end a string of JSON
    {"…": "...", "—": "-", "–": "-", "·": "-", "→": "->", "“": "'", "”": "'", "‘": "'", "’": "'", "\xa0": " "}
)


def make_streams_lenient() -> None:
    """Let standard output and error write any text: our own signs as ASCII, other characters as JSON escapes."""
    codecs.register_error(_ERRORS, _replace)
    codecs.register(_find_codec)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where it is closed
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if is_ascii else None, errors=_ERRORS)


def output_encoding() -> str:
    """Return the encoding of standard output; UTF-8 if it is closed, or keeps text as it is."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def escape_json(document: str) -> str:
    """Return a JSON document in ASCII; all its characters beyond stand in strings, where JSON has escapes."""
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in document)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return escape_json(lacking), error.end


def _find_codec(name: str) -> codecs.CodecInfo | None:
    """Return the codec of ASCII under our name; Python asks with hyphens or underscores, as its version has it."""
    if name.replace("_", "-") != _ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(*known, known.incrementalencoder, known.incrementaldecoder, name=_ASCII)
