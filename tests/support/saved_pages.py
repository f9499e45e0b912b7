"""Saved pages for tests: MHTML files and web archives, and the pictures in them."""

import gzip
import struct
import zlib
from collections.abc import Iterable, Mapping
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from uuid import uuid4

SAVED = "2025-10-12T11:20:03Z"


def make_png(shade: int, width: int = 64, height: int = 40) -> bytes:
    """Make a grey picture."""
    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def make_mhtml(url: str, html: str, pictures: Mapping[str, bytes], *, title: str = "") -> bytes:
    """Make the file that Chrome saves a page as."""
    message = MIMEMultipart("related", type="text/html")
    message["Snapshot-Content-Location"] = url
    message["Subject"] = title
    message["Date"] = "Sun, 5 Oct 2025 15:02:10 -0000"
    page = MIMEText(html, "html", "utf-8")
    page["Content-Location"] = url
    message.attach(page)
    for address, content in pictures.items():
        picture = MIMEImage(content, "png")
        picture["Content-Location"] = address
        message.attach(picture)
    return message.as_bytes()


def write_warc(path: Path, responses: Iterable[tuple[str, str, str, bytes]]) -> None:
    """Write a web archive of responses: URL, status line, content type and body."""
    with path.open("wb") as file:
        for url, status, content_type, body in responses:
            head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n\r\n"
            payload = head.encode() + body
            record = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
                f"WARC-Date: {SAVED}\r\nWARC-Record-ID: <urn:uuid:{uuid4()}>\r\n"
                "Content-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(payload)}\r\n\r\n"
            )
            whole = record.encode() + payload + b"\r\n\r\n"
            file.write(gzip.compress(whole) if path.suffix == ".gz" else whole)
