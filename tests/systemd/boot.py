"""feedpub on a real systemd: installs it as the manual says, boots, and shows what the units promise.

`python -m tests.systemd.boot` prints a line a check. Exit status: 0, or 1 where something does not hold, or 77 where
no system can be booted, with the reason.
"""

import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.support.service import eventually
from tests.systemd import world
from tests.systemd.machine import Machine, NoMachineError, booted

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
QUAY = '[[feed]]\nname = "quay"\ntitle = "The Quay"\n[[feed.source]]\ntype = "folder"\npath = "articles/en"\n'
WORLD = '[[feed]]\nname = "world"\ntitle = "The world"\n[[feed.source]]\ntype = "page"\nurl = "http://news.test/news"\n'
SLOW = WORLD.replace("world", "slow").replace("/news", "/slow")
MEMBERS = (
    WORLD.replace("world", "members").replace("/news", "/members")
    + 'headers = { X-Token = { credential = "token" } }\n'
)


def configure(machine: Machine, *feeds: str) -> None:
    """Write the config."""
    machine.write(CONFIG, '[feedpub]\noutput = "../feeds"\nrequest_delay = "0s"\n' + "\n".join(feeds))


def drop_in(machine: Machine, unit: str, name: str, text: str) -> None:
    """Lay a drop-in beside a unit."""
    machine.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
    machine.run("systemctl", "daemon-reload")


def sample(name: str) -> str:
    """A drop-in that is shipped."""
    return (ROOT / "systemd" / "drop-ins" / f"{name}.conf").read_text("utf-8")


def one_look(machine: Machine) -> None:
    """A look by hand: the feed is published in the state folder, for all to read."""
    configure(machine, QUAY)
    machine.run("systemctl", "start", LOOK)
    assert machine.show(LOOK, "Result") == "success"
    assert machine.run("stat", "-Lc", "%a", f"{FEEDS}/quay.rss").strip() == "644"
    assert machine.run("stat", "-Lc", "%a", "/var/lib/feedpub/feedpub.sqlite").strip() == "600"


def timer(machine: Machine) -> None:
    """The timer fires; a feed that was removed is there again."""
    drop_in(machine, TIMER, "now", "[Timer]\nOnCalendar=\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n")
    machine.run("rm", f"{FEEDS}/quay.rss")
    since = machine.mark()
    machine.run("systemctl", "start", TIMER)
    assert machine.hears(LOOK, "Finished", since=since), machine.journal(LOOK, since)
    machine.run("test", "-s", f"{FEEDS}/quay.rss")
    machine.run("systemctl", "stop", TIMER)


def start(machine: Machine) -> None:
    """Started is ready: what is asked from then on, by a client on loopback, is answered."""
    machine.run("systemctl", "enable", "--now", SERVICE)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "StatusText").startswith("1 feed")
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def sandbox(machine: Machine) -> None:
    """All that the running service may write to: its state, and what is its own and temporary."""
    pid, user = machine.show(SERVICE, "MainPID"), machine.run("stat", "-Lc", "%u", FEEDS).strip()
    look = "find / /tmp /var/tmp /dev/shm /var/lib/feedpub -xdev -writable '(' -type d -o -type f ')' -print"
    inside = ("nsenter", "-t", pid, "-m", "-r", "-w", "-S", user, "-G", user)
    writable = [line for line in machine.run(*inside, "sh", "-c", look, check=False).split("\n") if line[:1] == "/"]
    assert FEEDS in writable, writable
    own = ("/var/lib/feedpub", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- the service's own
    assert [path for path in writable if not path.startswith(own)] == []


def private_resolver(machine: Machine) -> None:
    """A resolver on a private address is out of reach, and in reach with the drop-in."""
    since = machine.mark()
    configure(machine, QUAY, WORLD.replace('"world"', '"early"'))
    machine.run("systemctl", "reload", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=early", "outcome=failed", since=since)
    drop_in(machine, SERVICE, "private", sample("private-network").replace("192.168.1.1", world.RESOLVER))
    since = machine.mark()
    configure(machine, QUAY, WORLD)
    machine.run("systemctl", "restart", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=world", "outcome=updated", since=since)
    assert machine.get(f"{URL}/world.rss").count(b"<item>") == 3


def credential(machine: Machine) -> None:
    """A secret that only root can read reaches the site it is meant for."""
    machine.write("/etc/feedpub/secrets/token", world.TOKEN)
    machine.run("chmod", "-R", "go=", "/etc/feedpub/secrets")
    given = sample("credentials").replace("smtp", "token")
    for unit in (SERVICE, "feedpub-build@.service"):
        drop_in(machine, unit, "credentials", given)
    drop_in(machine, "feedpub-build@.service", "private", f"[Service]\nIPAddressAllow={world.RESOLVER}\n")
    configure(machine, QUAY, WORLD, MEMBERS)
    since = machine.mark()
    machine.run("systemctl", "restart", SERVICE)
    assert machine.hears(SERVICE, "run_finished ", "feed=members", "outcome=updated", since=since)
    machine.run("systemctl", "start", "feedpub-build@members.service")
    assert world.TOKEN not in machine.journal(SERVICE)


def reload(machine: Machine) -> None:
    """A changed config is in force when `systemctl reload` is done; a bad one is refused, and the old one stays."""
    since = machine.mark()
    configure(machine, QUAY.replace("The Quay", "All of the Quay"), WORLD)
    machine.run("systemctl", "reload", SERVICE)
    assert machine.show(SERVICE, "StatusText").startswith("2 feeds")
    assert machine.hears(SERVICE, "reload", "outcome=applied", since=since)
    assert eventually(lambda: b"All of the Quay" in machine.get(f"{URL}/quay.rss"))
    since = machine.mark()
    configure(machine, QUAY.replace("folder", "fodler"))
    machine.run("systemctl", "reload", SERVICE)
    assert "not in force" in machine.show(SERVICE, "StatusText")
    assert machine.hears(SERVICE, "reload", "outcome=refused", "fodler", since=since)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert b"All of the Quay" in machine.get(f"{URL}/quay.rss")
    assert machine.get(f"{URL}/world.rss").count(b"<item>") == 3


def watchdog(machine: Machine) -> None:
    """A service that gives no sign of life is ended and started anew."""
    configure(machine, QUAY, WORLD)
    drop_in(machine, SERVICE, "impatient", "[Service]\nWatchdogSec=10s\n")
    machine.run("systemctl", "restart", SERVICE)
    since, pid = machine.mark(), machine.show(SERVICE, "MainPID")
    time.sleep(12)  # longer than the watchdog waits: a sound service gets through
    assert machine.show(SERVICE, "MainPID") == pid
    machine.run("kill", "-STOP", pid)
    assert machine.hears(SERVICE, "Watchdog timeout", since=since, seconds=30)
    assert eventually(lambda: machine.show(SERVICE, "ActiveState") == "active", 40)
    assert machine.show(SERVICE, "MainPID") != pid
    assert machine.show(SERVICE, "NRestarts") == "1"
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def drain(machine: Machine) -> None:
    """What still runs is given up in time; the end is an orderly one."""
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
    """The first reader starts the service; none is refused while it starts again."""
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
    """The commands work beside the service, as its user and with its folders."""
    assert "quay" in machine.sh(STATUS)
    assert machine.run("stat", "-Lc", "%U", f"{FEEDS}/../feedpub.sqlite") != "root"


def other_web_server(machine: Machine) -> None:
    """A web server of another user reads the feeds where a drop-in of its own puts them, and the state nowhere."""
    given = "-pBindReadOnlyPaths=/var/lib/private/feedpub/feeds:/srv/feeds"
    as_another = ("systemd-run", "--quiet", "--pipe", "--wait", "-pDynamicUser=yes", given, "cat")
    assert "<rss" in machine.run(*as_another, "/srv/feeds/quay.rss")
    assert "Permission denied" in machine.run(*as_another, "/var/lib/feedpub/feedpub.sqlite", check=False)


def upgrade(machine: Machine) -> None:
    """Another feedpub is installed and started; the feeds are there before and after."""
    machine.run("systemctl", "start", SERVICE)
    pid = machine.show(SERVICE, "MainPID")
    machine.online(UPGRADE)
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "MainPID") != pid
    assert b"<rss" in machine.get(f"{URL}/quay.rss")


def back_up(machine: Machine) -> None:
    """What was lost is there again, and belongs to the service."""
    machine.sh(BACK_UP)
    before = machine.get(f"{URL}/world.rss")
    machine.run("systemctl", "stop", SERVICE)
    machine.run("rm", "-r", "/var/lib/private/feedpub")
    machine.sh(RESTORE)
    assert machine.get(f"{URL}/world.rss") == before
    assert machine.show(SERVICE, "ActiveState") == "active"


def nothing_else_written(machine: Machine) -> None:
    """On the whole disk, what the service's user owns lies in the state folder."""
    user = int(machine.run("stat", "-Lc", "%u", FEEDS))
    owned = [path for path in machine.written.rglob("*") if path.lstat().st_uid == user]
    assert owned
    state = machine.written / "var" / "lib" / "private" / "feedpub"
    assert [path for path in owned if not path.is_relative_to(state)] == []


def remove(machine: Machine) -> None:
    """Nothing of it is left."""
    machine.sh(REMOVE)
    left = machine.run("find", "/etc", "/opt", "/var/lib", "/run", "-xdev", "-name", "*feedpub*")
    assert left.split() == [], left


CHECKS: tuple[Callable[[Machine], None], ...] = (
    one_look,
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
    """Boot, check, tell."""
    try:
        return _boot()
    except NoMachineError as error:
        print(f"no system booted: {error}")
        return SKIPPED


def _boot() -> int:
    began = time.monotonic()
    with booted(ROOT, INSTALL.strip()) as machine, machine.beside("tests.systemd.world"):
        print(f"{time.monotonic() - began:6.1f} s  installed and booted", flush=True)
        return max([_checked(check, machine) for check in CHECKS])


def _checked(check: Callable[[Machine], None], machine: Machine) -> int:
    """0 where it holds."""
    began, since = time.monotonic(), machine.mark()
    try:
        check(machine)
    except (AssertionError, subprocess.SubprocessError):
        verdict = f"DOES NOT HOLD\n{traceback.format_exc()}\n{machine.journal('feedpub*', since)}"
    else:
        verdict = "holds"
    print(f"{time.monotonic() - began:6.1f} s  {check.__name__}: {check.__doc__}  {verdict}", flush=True)
    return int(verdict != "holds")


if __name__ == "__main__":
    sys.exit(main())
