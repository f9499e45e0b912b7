"""Object storage on loopback.

One server stores objects as S3 does, another one refuses every request.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

from feedpub.config import Bucket, Storage
from feedpub.publisher import S3Client, S3Output

KEY, SECRET = "AKIAEXAMPLE", "hunter2hunter2"


@dataclass(frozen=True)
class EmptyBucket:
    """An empty bucket of a running server, accessed with a library that feedpub does not use."""

    endpoint: str
    bucket: Bucket

    @property
    def storage(self) -> Storage:
        """Return the settings that publish to this bucket."""
        return Storage.model_validate(
            {"endpoint": self.endpoint, "region": "us-east-1", "key": KEY, "secret": SECRET}
        )

    @property
    def toml(self) -> str:
        """Return these settings in TOML, without [feedpub]."""
        return (
            f'[s3]\nendpoint = "{self.endpoint}"\nregion = "us-east-1"\nkey = "{KEY}"\n'
            f'secret = "{SECRET}"\n'
        )

    def s3_client(self) -> S3Client:
        return S3Client(self.bucket, self.storage)

    def output(self, *, gzip: bool = True) -> S3Output:
        return S3Output(self.s3_client(), gzip=gzip)

    def put(self, name: str, body: bytes, **headers: str) -> None:
        """Store an object without feedpub."""
        self._client.put_object(Bucket=self.bucket.name, Key=self._key(name), Body=body, **headers)

    def remove(self, name: str) -> None:
        """Delete an object without feedpub."""
        self._client.delete_object(Bucket=self.bucket.name, Key=self._key(name))

    def remove_bucket(self) -> None:
        """Delete the bucket with its objects."""
        for key in self.versions():
            self._client.delete_object(Bucket=self.bucket.name, Key=key)
        self._client.delete_bucket(Bucket=self.bucket.name)

    def make_bucket(self) -> None:
        """Create the bucket again, empty."""
        self._client.create_bucket(Bucket=self.bucket.name)

    def get(self, name: str) -> dict[str, Any]:
        """Return an S3 object, with its bytes as "Body"."""
        found: dict[str, Any] = self._client.get_object(
            Bucket=self.bucket.name, Key=self._key(name)
        )
        return found | {"Body": found["Body"].read()}

    def versions(self) -> dict[str, tuple[object, ...]]:
        """Return the ETag and the time of each object, by key."""
        found = self._client.list_objects_v2(Bucket=self.bucket.name).get("Contents", [])
        return {each["Key"]: (each["ETag"], each["LastModified"]) for each in found}

    @property
    def _client(self) -> Any:
        return client(self.endpoint)

    def _key(self, name: str) -> str:
        return f"{self.bucket.prefix}/{name}" if self.bucket.prefix else name


@cache
def client(endpoint: str) -> Any:
    """Return a client of another library than feedpub uses."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


@contextmanager
def object_storage() -> Iterator[str]:
    """Run a server that stores objects and honours conditions. Yield its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def create_bucket(endpoint: str, prefix: str = "public/feeds") -> EmptyBucket:
    """Create an empty bucket."""
    name = f"feeds-{uuid4().hex[:12]}"
    client(endpoint).create_bucket(Bucket=name)
    return EmptyBucket(endpoint, Bucket(name, prefix))


@contextmanager
def refusing_storage(
    status: int, code: str, headers: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server that answers every request with an S3 error. Yield its address."""

    class Refusal(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # S3 clients send "Expect: 100-continue" before a body

        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = (
                f"<Error><Code>{code}</Code><Message>about {KEY} and {SECRET}</Message></Error>"
            ).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/xml", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = _refuse  # noqa: N815 -- the library's names

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
