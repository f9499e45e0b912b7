"""feedpub on a real systemd: install it as in the manual, boot, and check what the units promise.

`python -m tests.systemd.boot` prints one line for each check. It exits with 0, with 1 if a check
fails, or with 77 and the reason if no system can be booted.
"""

import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.support.service import eventually
from tests.systemd import world
from tests.systemd.machine import Machine, NoMachineError, booted_machine

SKIPPED = 77
ROOT = Path(__file__).parents[2]
# As in feedpub/manual/howto-systemd.md.
INSTALL = """
python3 -m venv /opt/feedpub
/opt/feedpub/bin/pip install --quiet .
install -d /opt/feedpub/root /etc/feedpub
cp -r config/. /etc/feedpub
cp systemd/feedpub* /etc/systemd/system
"""
UPGRADE = """
systemctl stop feedpub
/opt/feedpub/bin/pip install --quiet .
cp systemd/feedpub* /etc/systemd/system
systemctl daemon-reload
systemctl restart feedpub
"""
STATUS = """
systemd-run --quiet --pipe --wait -p DynamicUser=yes -p User=feedpub \\
    -p StateDirectory=feedpub -p StateDirectoryMode=0700 -p ConfigurationDirectory=feedpub \\
    /opt/feedpub/bin/feedpub status
"""
BACK_UP = """
systemctl stop feedpub
tar -czf /root/feedpub.tar.gz /etc/feedpub /var/lib/private/feedpub
systemctl start feedpub
"""
RESTORE = """
systemctl stop feedpub
tar -xzf /root/feedpub.tar.gz -C /
systemctl start feedpub
"""
REMOVE = """
systemctl disable --now feedpub.socket feedpub
systemctl clean --what=configuration,state feedpub
rm -rf /opt/feedpub /etc/systemd/system/feedpub* /var/lib/systemd/timers/stamp-feedpub*
systemctl daemon-reload
"""
SERVICE = "feedpub.service"
LOOK = "feedpub-build@quay.service"
TIMER = "feedpub-build@quay.timer"
FEEDS = "/var/lib/feedpub/feeds"
CONFIG = "/etc/feedpub/feedpub.toml"
URL = "http://127.0.0.1:8080"
QUAY = (
    '[[feed]]\nname = "quay"\ntitle = "The Quay"\n[[feed.source]]\ntype = "folder"\n'
    'path = "articles/en"\n'
)
WORLD = (
    '[[feed]]\nname = "world"\ntitle = "The world"\n[[feed.source]]\ntype = "page"\n'
    'url = "http://news.test/news"\n'
)
SLOW = WORLD.replace("world", "slow").replace("/news", "/slow")
MEMBERS = (
    WORLD.replace("world", "members").replace("/news", "/members")
    + 'headers = { X-Token = { credential = "token" } }\n'
)


def configure(machine: Machine, *feeds: str) -> None:
    """Write the config."""
    machine.write(
        CONFIG, '[feedpub]\noutput = "../feeds"\nrequest_delay = "0s"\n' + "\n".join(feeds)
    )


def drop_in(machine: Machine, unit: str, name: str, text: str) -> None:
    """Install a drop-in for a unit."""
    machine.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
    machine.run("systemctl", "daemon-reload")


def sample(name: str) -> str:
    """Return a drop-in that is shipped."""
    return (ROOT / "systemd" / "drop-ins" / f"{name}.conf").read_text("utf-8")


def run_once(machine: Machine) -> None:
    """Start the one-shot service: the feed is published in the state folder, world-readable."""
    configure(machine, QUAY)
    machine.run("systemctl", "start", LOOK)
    assert machine.show(LOOK, "Result") == "success"
    assert machine.run("stat", "-Lc", "%a", f"{FEEDS}/quay.rss").strip() == "644"
    assert machine.run("stat", "-Lc", "%a", "/var/lib/feedpub/feedpub.sqlite").strip() == "600"


def timer(machine: Machine) -> None:
    """Wait for the timer: a removed feed is published again."""
    drop_in(
        machine,
        TIMER,
        "now",
        "[Timer]\nOnCalendar=\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n",
    )
    machine.run("rm", f"{FEEDS}/quay.rss")
    since = machine.mark()
    machine.run("systemctl", "start", TIMER)
    assert machine.hears(LOOK, "Finished", since=since), machine.journal(LOOK, since)
    machine.run("test", "-s", f"{FEEDS}/quay.rss")
    machine.run("systemctl", "stop", TIMER)


def start(machine: Machine) -> None:
    """Start the service: when it is ready, it responds to clients on loopback."""
    machine.run("systemctl", "enable", "--now", SERVICE)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "StatusText").startswith("1 feed")
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def sandbox(machine: Machine) -> None:
    """List what the running service can write to: its state and its temporary files."""
    pid, user = machine.show(SERVICE, "MainPID"), machine.run("stat", "-Lc", "%u", FEEDS).strip()
    look = (
        "find / /tmp /var/tmp /dev/shm /var/lib/feedpub -xdev -writable '(' -type d -o -type "
        "f ')' -print"
    )
    inside = ("nsenter", "-t", pid, "-m", "-r", "-w", "-S", user, "-G", user)
    writable = [
        line
        for line in machine.run(*inside, "sh", "-c", look, check=False).split("\n")
        if line[:1] == "/"
    ]
    assert FEEDS in writable, writable
    own = ("/var/lib/feedpub", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- the service's own
    assert [path for path in writable if not path.startswith(own)] == []


def private_resolver(machine: Machine) -> None:
    """Check that a resolver on a private address needs the drop-in."""
    since = machine.mark()
    configure(machine, QUAY, WORLD.replace('"world"', '"early"'))
    machine.run("systemctl", "reload", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=early", "outcome=failed", since=since)
    drop_in(
        machine,
        SERVICE,
        "private",
        sample("private-network").replace("192.168.1.1", world.RESOLVER),
    )
    since = machine.mark()
    configure(machine, QUAY, WORLD)
    machine.run("systemctl", "restart", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=world", "outcome=updated", since=since)
    assert machine.get(f"{URL}/world.rss").count(b"<item>") == 3


def credential(machine: Machine) -> None:
    """Check that a secret that only root can read reaches its site."""
    machine.write("/etc/feedpub/secrets/token", world.TOKEN)
    machine.run("chmod", "-R", "go=", "/etc/feedpub/secrets")
    given = sample("credentials").replace("smtp", "token")
    for unit in (SERVICE, "feedpub-build@.service"):
        drop_in(machine, unit, "credentials", given)
    drop_in(
        machine,
        "feedpub-build@.service",
        "private",
        f"[Service]\nIPAddressAllow={world.RESOLVER}\n",
    )
    configure(machine, QUAY, WORLD, MEMBERS)
    since = machine.mark()
    machine.run("systemctl", "restart", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=members", "outcome=updated", since=since)
    machine.run("systemctl", "start", "feedpub-build@members.service")
    assert world.TOKEN not in machine.journal(SERVICE)


def reload(machine: Machine) -> None:
    """Check that a changed config is active when `systemctl reload` returns.

    An invalid config is refused, and the old one stays active.
    """
    since = machine.mark()
    configure(machine, QUAY.replace("The Quay", "All of the Quay"), WORLD)
    machine.run("systemctl", "reload", SERVICE)
    assert machine.show(SERVICE, "StatusText").startswith("2 feeds")
    assert machine.hears(SERVICE, "reload", "outcome=applied", since=since)
    assert eventually(lambda: b"All of the Quay" in machine.get(f"{URL}/quay.rss"))
    since = machine.mark()
    configure(machine, QUAY.replace("folder", "fodler"))
    machine.run("systemctl", "reload", SERVICE)
    assert "the changed config is not used" in machine.show(SERVICE, "StatusText")
    assert machine.hears(SERVICE, "reload", "outcome=refused", "fodler", since=since)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert b"All of the Quay" in machine.get(f"{URL}/quay.rss")
    assert machine.get(f"{URL}/world.rss").count(b"<item>") == 3


def watchdog(machine: Machine) -> None:
    """Check that an unresponsive service is killed and started again."""
    configure(machine, QUAY, WORLD)
    drop_in(machine, SERVICE, "impatient", "[Service]\nWatchdogSec=10s\n")
    machine.run("systemctl", "restart", SERVICE)
    since, pid = machine.mark(), machine.show(SERVICE, "MainPID")
    time.sleep(12)  # longer than the timeout of the watchdog; a healthy service survives
    assert machine.show(SERVICE, "MainPID") == pid
    machine.run("kill", "-STOP", pid)
    assert machine.hears(SERVICE, "Watchdog timeout", since=since, seconds=30)
    assert eventually(lambda: machine.show(SERVICE, "ActiveState") == "active", 40)
    assert machine.show(SERVICE, "MainPID") != pid
    assert machine.show(SERVICE, "NRestarts") == "1"
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def drain(machine: Machine) -> None:
    """Check that running feeds are cancelled in time and the service exits normally."""
    since = machine.mark()
    configure(machine, QUAY, WORLD, SLOW)
    machine.run("systemctl", "reload", SERVICE)
    assert eventually(lambda: b"/slow" in machine.get(f"http://{world.SITE}/asked"))
    began = time.monotonic()
    machine.run("systemctl", "stop", SERVICE)
    took = time.monotonic() - began
    assert took < 20, took
    assert machine.show(SERVICE, "Result") == "success"
    assert machine.show(SERVICE, "ExecMainStatus") == "0"
    assert machine.hears(SERVICE, "stopped", "status=0", since=since)


def socket_activation(machine: Machine) -> None:
    """Check that the first request starts the service, and that none fails during a restart."""
    configure(machine, QUAY, WORLD)
    machine.run("systemctl", "start", "feedpub.socket")
    assert machine.show(SERVICE, "ActiveState") == "inactive"
    assert b"<rss" in machine.get(f"{URL}/quay.rss")
    pid = machine.show(SERVICE, "MainPID")
    machine.run("systemctl", "restart", "--no-block", SERVICE)

    def answers_anew() -> bool:
        assert b"<rss" in machine.get(f"{URL}/quay.rss")
        return machine.show(SERVICE, "MainPID") not in (pid, "0")

    assert eventually(answers_anew)
    assert b"<rss" in machine.get(f"{URL}/quay.rss")
    machine.run("systemctl", "stop", "feedpub.socket", SERVICE)


def command_line(machine: Machine) -> None:
    """Check that commands work next to the service, with its user and folders."""
    assert "quay" in machine.sh(STATUS)
    assert machine.run("stat", "-Lc", "%U", f"{FEEDS}/../feedpub.sqlite") != "root"


def other_web_server(machine: Machine) -> None:
    """Check that a web server of another user can read the feeds, but not the state."""
    given = "-pBindReadOnlyPaths=/var/lib/private/feedpub/feeds:/srv/feeds"
    as_another = ("systemd-run", "--quiet", "--pipe", "--wait", "-pDynamicUser=yes", given, "cat")
    assert "<rss" in machine.run(*as_another, "/srv/feeds/quay.rss")
    assert "Permission denied" in machine.run(
        *as_another, "/var/lib/feedpub/feedpub.sqlite", check=False
    )


def upgrade(machine: Machine) -> None:
    """Install and start another version: the feeds are available before and after."""
    machine.run("systemctl", "start", SERVICE)
    pid = machine.show(SERVICE, "MainPID")
    machine.online(UPGRADE)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "MainPID") != pid
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def back_up(machine: Machine) -> None:
    """Restore a backup: lost files exist again and belong to the service."""
    machine.sh(BACK_UP)
    before = machine.get(f"{URL}/world.rss")
    machine.run("systemctl", "stop", SERVICE)
    machine.run("rm", "-r", "/var/lib/private/feedpub")
    machine.sh(RESTORE)
    assert machine.get(f"{URL}/world.rss") == before
    assert machine.show(SERVICE, "ActiveState") == "active"


def nothing_else_written(machine: Machine) -> None:
    """Check that the service's user owns no file outside of the state folder."""
    user = int(machine.run("stat", "-Lc", "%u", FEEDS))
    owned = [path for path in machine.written.rglob("*") if path.lstat().st_uid == user]
    assert owned
    state = machine.written / "var" / "lib" / "private" / "feedpub"
    assert [path for path in owned if not path.is_relative_to(state)] == []


def remove(machine: Machine) -> None:
    """Check that nothing of the installation remains."""
    machine.sh(REMOVE)
    left = machine.run("find", "/etc", "/opt", "/var/lib", "/run", "-xdev", "-name", "*feedpub*")
    assert left.split() == [], left


CHECKS: tuple[Callable[[Machine], None], ...] = (
    run_once,
    timer,
    start,
    sandbox,
    private_resolver,
    credential,
    reload,
    watchdog,
    drain,
    socket_activation,
    upgrade,
    command_line,
    other_web_server,
    back_up,
    nothing_else_written,
    remove,
)


def main() -> int:
    """Boot, check and print the results."""
    try:
        return _boot()
    except NoMachineError as error:
        print(f"no system booted: {error}")
        return SKIPPED


def _boot() -> int:
    began = time.monotonic()
    with booted_machine(ROOT, INSTALL.strip()) as machine, machine.beside("tests.systemd.world"):
        print(f"{time.monotonic() - began:6.1f} s  installed and booted", flush=True)
        return max([_run_check(check, machine) for check in CHECKS])


def _run_check(check: Callable[[Machine], None], machine: Machine) -> int:
    """Run a check. Return 0 if it holds."""
    began, since = time.monotonic(), machine.mark()
    try:
        check(machine)
    except (AssertionError, subprocess.SubprocessError):
        verdict = f"DOES NOT HOLD\n{traceback.format_exc()}\n{machine.journal('feedpub*', since)}"
    else:
        verdict = "holds"
    print(
        f"{time.monotonic() - began:6.1f} s  {check.__name__}: {check.__doc__}  {verdict}",
        flush=True,
    )
    return int(verdict != "holds")


if __name__ == "__main__":
    sys.exit(main())
