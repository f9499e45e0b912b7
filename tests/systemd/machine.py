"""A system with a real systemd, booted in a container over the files of this one.

Its changes are temporary. It needs root, Linux with overlayfs and cgroups, and systemd-nspawn
(Debian: systemd-container).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.service import TIMEOUT_SECONDS, eventually
from tests.systemd import world

BOOT = 60.0  # seconds
_TOOLS = ("unshare", "nsenter", "systemd-nspawn")
_CHECKOUT = "/usr/src/feedpub"
_ENVIRON = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "UNIFIED_CGROUP_HIERARCHY": "1",
    "SYSTEMD_NSPAWN_LOCK": "0",
}
# The machine gets none of this system's services, and only a loopback network.
_MAKE = """
set -eu
mount -t overlay overlay -o "$4" "$1/root"
cd "$1/root"
rm -rf etc/systemd/system/*.wants etc/resolv.conf
cp -L /etc/resolv.conf etc/resolv.conf
mount --rbind /dev dev
mount -t proc proc proc
chroot . sh -euc "cd $2; $3"
umount proc
umount -l dev
echo "nameserver $5" > etc/resolv.conf
exec systemd-nspawn -q -D "$1/root" --register=no --keep-unit --boot --private-network \\
    --link-journal=no --resolv-conf=off --timezone=off --capability=all \\
    --system-call-filter="bpf @privileged" --console=pipe systemd.unit=basic.target
"""


class NoMachineError(Exception):
    """No system can be booted here. The message has the reason."""


def _demand() -> None:
    """Raise NoMachineError if a requirement is missing."""
    if absent := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise NoMachineError(
            f"{', '.join(absent)} not installed (Debian: util-linux, systemd-container)"
        )
    if os.geteuid() != 0:
        raise NoMachineError("only root may boot a system")
    with _folders() as name:
        command = [
            "unshare",
            "--mount",
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            _overlay(name),
            f"{name}/root",
        ]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed words
    if tried.returncode:
        raise NoMachineError(f"no overlay can be mounted here: {tried.stderr.strip()}")


@contextmanager
def _folders() -> Iterator[str]:
    """Create a temporary folder for an overlay."""
    with tempfile.TemporaryDirectory(prefix="feedpub-machine-", ignore_cleanup_errors=True) as name:
        for folder in ("upper", "work", "root"):
            Path(name, folder).mkdir()
        yield name


def _overlay(name: str) -> str:
    return f"lowerdir=/,upperdir={name}/upper,workdir={name}/work"


class Machine:
    """A booted system.

    Args:
        leader: The pid of its systemd in this system.
        written: The folder with everything that it writes to its disk.
    """

    def __init__(self, leader: int, written: Path) -> None:
        self.leader = leader
        self._inside = ["nsenter", "-t", str(leader), "-m", "-u", "-i", "-n", "-p", "-C"]
        self._network = ["nsenter", "-t", str(leader), "-n"]
        self.written = written

    def run(self, *command: str, say: str = "", check: bool = True) -> str:
        """Run a command and return its output. Raise AssertionError if a checked one fails."""
        done = subprocess.run(  # noqa: S603 -- our own machine
            [*self._inside, *command],
            input=say,
            capture_output=True,
            text=True,
            check=False,
            env=_ENVIRON,
            timeout=180,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return f"{done.stdout}{done.stderr}"

    def sh(self, script: str) -> str:
        """Run lines of shell, as written in the manual, and return their output."""
        return self.run("sh", "-euc", script)

    def online(self, script: str) -> None:
        """Run lines of shell in the machine's checkout, with the network of this system."""
        names = self.run("cat", "/etc/resolv.conf")
        self.write("/etc/resolv.conf", Path("/etc/resolv.conf").read_text())
        inside = [word for word in self._inside if word != "-n"]
        command = [*inside, "sh", "-euc", f"cd {_CHECKOUT}\n{script}"]
        done = subprocess.run(  # noqa: S603 -- our own
            command, capture_output=True, text=True, check=False, env=_environ(), timeout=600
        )
        self.write("/etc/resolv.conf", names)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"

    def write(self, path: str, text: str) -> None:
        """Write a file and create its folders."""
        self.run("install", "-D", "-m", "644", "/dev/stdin", path, say=text)

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).strip()

    def mark(self) -> str:
        """Return the end of the journal."""
        return (
            self.run("journalctl", "-n", "0", "--show-cursor", "--quiet")
            .strip()
            .removeprefix("-- cursor: ")
        )

    def journal(self, unit: str, since: str = "") -> str:
        """Return what a unit has logged, or what was logged about it, since a mark or ever."""
        start = [f"--after-cursor={since}"] if since else []
        return self.run("journalctl", "--no-pager", "--quiet", "-o", "cat", "-u", unit, *start)

    def hears(
        self, unit: str, *words: str, since: str = "", seconds: float = TIMEOUT_SECONDS
    ) -> bool:
        """Wait until a unit logs a line with all these words. Return False if it does not."""

        def heard() -> bool:
            return any(
                all(word in line for word in words)
                for line in self.journal(unit, since).splitlines()
            )

        return eventually(heard, seconds)

    def get(self, url: str) -> bytes:
        """Return the response to a client in the machine."""
        fetch = (
            "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], "
            "timeout=20).read())"
        )
        command = [*self._network, sys.executable, "-c", fetch, url]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout  # noqa: S603 -- our own

    def start_beside(self, module: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a module of the tests in the network of the machine, connected by pipes."""
        return subprocess.Popen(  # noqa: S603 -- our own
            [*self._network, sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def beside(self, module: str) -> Iterator[None]:
        """Run a module of the tests in the network of the machine until the block ends.

        It prints a line when it is ready.
        """
        with self.start_beside(module) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()
                yield
            finally:
                process.terminate()


@contextmanager
def booted_machine(source: Path, install: str) -> Iterator[Machine]:
    """Boot a machine with feedpub installed, and shut it down at the end.

    Args:
        source: The folder of the checkout.
        install: The commands that install it from there. They can use the network, the booted
            machine cannot.

    Raises:
        NoMachineError: No machine can be booted here.
    """
    _demand()
    with _folders() as name:
        hidden_and_tests = shutil.ignore_patterns(".*", "tests", "feeds", "__pycache__")
        shutil.copytree(source, f"{name}/upper{_CHECKOUT}", ignore=hidden_and_tests)
        arguments = (name, _CHECKOUT, install, _overlay(name), world.RESOLVER)
        log = Path(name, "console")
        with log.open("wb") as console:
            container = subprocess.Popen(  # noqa: S603 -- our own script
                ["unshare", "--mount", "sh", "-c", _MAKE, "sh", *arguments],  # noqa: S607 -- as PATH has it
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=_environ(),
            )
        try:
            yield _up(container, Path(name, "upper"), log)
        finally:
            container.terminate()  # an orderly shutdown
            with suppress(subprocess.TimeoutExpired):
                container.wait(BOOT)
            container.kill()
            container.wait()


def _environ() -> dict[str, str]:
    """Return the machine's environment, with pip's settings of this system."""
    return _ENVIRON | {
        key: value
        for key, value in os.environ.items()
        if key.startswith(("PIP_", "SSL_", "REQUESTS_"))
    }


def _up(container: "subprocess.Popen[bytes]", written: Path, log: Path) -> Machine:
    children = Path(f"/proc/{container.pid}/task/{container.pid}/children")

    def running() -> bool:
        return container.poll() is not None or _name(container.pid) == "systemd-nspawn"

    def leader() -> str:
        found = children.read_text().split() if container.poll() is None else []
        return next((pid for pid in found if _name(int(pid)) == "systemd"), "")

    assert eventually(running, 600), log.read_text()
    installed = _name(container.pid) == "systemd-nspawn"
    if (
        not eventually(lambda: container.poll() is not None or leader(), BOOT)
        or container.poll() is not None
    ):
        assert installed, log.read_text()
        raise NoMachineError(f"systemd-nspawn: {log.read_text().strip()}")
    machine = Machine(int(leader()), written)
    state = ("systemctl", "is-system-running")
    assert eventually(
        lambda: machine.run(*state, check=False).strip() in ("running", "degraded"), BOOT
    ), machine.run(*state, check=False) + machine.run("systemctl", "list-jobs", check=False)
    for address in (world.SITE, world.RESOLVER):
        machine.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    return machine


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
