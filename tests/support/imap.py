"""A real Dovecot on loopback, with a mailbox of one user.

It runs as one process group below a temporary folder, and ends by its id. Tests that need it are
skipped with a message if it is not installed.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.support.service import free_port

USER, PASSWORD = "reader", "correct horse £5"
SERVER = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_dovecot = pytest.mark.skipif(SERVER is None, reason="needs Debian's dovecot-imapd")

_CONFIG = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
log_path = {folder}/log
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_driver = maildir
mail_path = {folder}/Maildir
mail_home = {folder}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
ssl = {ssl}
ssl_server_cert_file = {folder}/cert.pem
ssl_server_key_file = {folder}/key.pem
auth_mechanisms = plain login
passdb static {{
  password = {{PLAIN}}{password}
  fields {{
    username_format = %{{user}}
  }}
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """A running server and its mailbox.

    Attributes:
        folder: its files.
        port: of the port for STARTTLS.
        tls_port: of the port for TLS.
        ca_file: the authority that signed its certificate.
    """

    folder: Path
    port: int
    tls_port: int
    ca_file: Path

    @property
    def maildir(self) -> Path:
        """Return the folder of INBOX."""
        return self.folder / "Maildir"

    def url(self, mailbox: str = "INBOX") -> str:
        return f"imaps://127.0.0.1:{self.tls_port}/{mailbox}"

    def starttls_url(self, mailbox: str = "INBOX") -> str:
        return f"imap://127.0.0.1:{self.port}/{mailbox}"

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")


@contextmanager
def running_imap(
    ca: trustme.CA, certificate: trustme.LeafCert | None = None, *, tls: str = "required"
) -> Iterator[ImapServer]:
    """Run a server.

    Args:
        ca: the authority of its certificate.
        certificate: the certificate; by default a valid one for 127.0.0.1.
        tls: Dovecot's setting `ssl`: "required", or "no" for a server without encryption.
    """
    assert SERVER is not None
    with tempfile.TemporaryDirectory(prefix="feedpub-imap-") as name:
        folder = Path(name)
        server = ImapServer(folder, free_port(), free_port(), folder / "ca.pem")
        _write_files(server, ca, certificate or ca.issue_cert("127.0.0.1"), tls)
        with (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603
                [SERVER, "-F", "-c", str(folder / "dovecot.conf")],
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        try:
            _wait(server, process)
            yield server
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _write_files(
    server: ImapServer, ca: trustme.CA, certificate: trustme.LeafCert, tls: str
) -> None:
    folder = server.folder
    ca.cert_pem.write_to_path(server.ca_file)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    user, group = ("nobody", "nogroup") if os.getuid() == 0 else (os.getlogin(), "")
    for part in ("cur", "new", "tmp"):
        (server.maildir / part).mkdir(parents=True)
    if os.getuid() == 0:
        folder.chmod(0o755)
        for path in [server.maildir, *server.maildir.iterdir()]:
            shutil.chown(path, user, group)
    config = _CONFIG.format(
        folder=folder,
        user=user,
        group=group,
        password=PASSWORD,
        port=server.port,
        tls_port=server.tls_port,
        ssl=tls,
    )
    (folder / "dovecot.conf").write_text(config, "utf-8")


def _wait(server: ImapServer, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1) as plain:
            if plain.recv(100).startswith(b"* OK"):
                return
        time.sleep(0.1)
    log = (server.folder / "log").read_text() if (server.folder / "log").exists() else ""
    raise RuntimeError((server.folder / "stderr").read_text() + log)
