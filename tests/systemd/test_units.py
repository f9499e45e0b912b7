"""The units: what systemd thinks of them, what they can reach, and that they agree with each other."""

import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from feedpub.config import Http
from feedpub.fetch.address import AddressPolicy
from tests.systemd.units import DROP_INS, FOLDER, INSTALLED, SERVICES, analyzer, settings, values

EXPOSURE = 9  # tenths; systemd's own best-guarded services have 10
OF_THE_RUN = {"Type", "ExecStart", "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec"}


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [analyzer(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- systemd's own tool


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A copy of all units, with a program that is installed here."""
    for unit in FOLDER.glob("feedpub*"):
        text = unit.read_text("utf-8").replace(f"ExecStart={INSTALLED}", f"ExecStart={shutil.which('true')}")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def verified(units: Path) -> str:
    """What `systemd-analyze verify` has to say: its exit status is 0 even where a key is unknown."""
    done = analyze("verify", "--man=no", *(path for path in units.iterdir() if path.is_file()))
    return f"{done.stdout}{done.stderr}" or (f"status {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("unit", SERVICES)
def test_exposure(unit: str) -> None:
    """At most 0.9: what is left is that it speaks to the internet."""
    judged = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", FOLDER / unit)
    assert judged.returncode == 0, judged.stdout
    assert analyze("security", "--offline=true", "--threshold=8", FOLDER / unit).returncode != 0


def test_systemd_finds_nothing_to_say(units: Path) -> None:
    """About any of the units."""
    assert verified(units) == ""


def test_systemd_would_say_what_is_wrong(units: Path) -> None:
    """A key that it does not know is named."""
    service = units / "feedpub.service"
    service.write_text(service.read_text().replace("WatchdogSec", "WatchdogsSec"))
    assert "WatchdogsSec" in verified(units)


def test_systemd_would_say_what_is_wrong_in_a_drop_in(units: Path) -> None:
    """Because it reads them along with the unit."""
    folder = units / "feedpub.service.d"
    folder.mkdir()
    (folder / "x.conf").write_text("[Service]\nIPAddressesAllow=192.168.1.1\n")
    assert "IPAddressesAllow" in verified(units)


@pytest.mark.parametrize("name", DROP_INS)
@pytest.mark.parametrize("unit", SERVICES)
def test_drop_ins(units: Path, unit: str, name: str) -> None:
    """Each is in order with each service."""
    folder = units / f"{unit}.d"
    folder.mkdir()
    shutil.copy(FOLDER / "drop-ins" / name, folder)
    assert verified(units) == ""


def test_both_ways_have_one_sandbox() -> None:
    """The one look sees, may and reaches exactly what the service does; only how they run differs."""
    service, look = (
        [(key, value) for key, value in settings(unit) if key not in OF_THE_RUN and not key.startswith("Restart")]
        for unit in SERVICES
    )
    assert service == look


@pytest.mark.parametrize("unit", SERVICES)
def test_what_is_started(unit: str) -> None:
    """The unit runs the command that the manual's installation creates."""
    ((_, command),) = [setting for setting in settings(unit) if setting[0] == "ExecStart"]
    assert command.startswith(f"{INSTALLED} ")


def test_the_socket_listens_where_the_config_would() -> None:
    """Whoever turns socket activation on finds the feeds where they were."""
    assert values("feedpub.socket", "ListenStream", "Socket") == [Http().listen]


ADDRESSES = [
    *("1.0.0.1", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "93.184.215.14", "0.0.0.0", "0.1.2.3"),  # noqa: S104
    *("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "255.0.0.1"),
    *("169.253.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "169.255.0.0", "223.255.255.255"),
    *("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "192.167.255.255", "192.168.0.0", "224.0.0.1"),
    *("192.168.255.255", "192.169.0.0", "239.255.255.255", "255.255.255.255"),
    *("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2000::1", "3ffe::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1"),
    *("ff02::1", "::", "::ffff:10.0.0.1", "64:ff9b::a00:1", "4000::1"),
]


@pytest.mark.parametrize("written", ADDRESSES)
def test_reach(written: str) -> None:
    """The public internet, as feedpub itself understands it, and no private, link-local or multicast address."""
    allowed = [ip_network(word) for word in values("feedpub.service", "IPAddressAllow") if word != "localhost"]
    public = AddressPolicy().refusal(written, 443) is None
    assert any(ip_address(written) in network for network in allowed) == public


def test_loopback_is_in_reach() -> None:
    """For a proxy or clients on this machine; all that is not named is not."""
    assert "localhost" in values("feedpub.service", "IPAddressAllow")
    assert values("feedpub.service", "IPAddressDeny") == ["any"]
