"""The units: the verdict of systemd, the reachable addresses, and their agreement."""

import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from feedpub.config import Http
from feedpub.fetch.ssrf import AddressPolicy
from tests.systemd.units import DROP_INS, FOLDER, INSTALLED, SERVICES, analyzer, settings, values

EXPOSURE = 9  # tenths; systemd's own most restricted services have 10
OF_THE_RUN = {"Type", "ExecStart", "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec"}


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [analyzer(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- systemd's own tool


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copy all units, and let them start an installed program."""
    for unit in FOLDER.glob("feedpub*"):
        text = unit.read_text("utf-8").replace(
            f"ExecStart={INSTALLED}", f"ExecStart={shutil.which('true')}"
        )
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def verify_units(units: Path) -> str:
    """Return the output of `systemd-analyze verify`.

    Its exit status is 0 even if a key is unknown.
    """
    done = analyze("verify", "--man=no", *(path for path in units.iterdir() if path.is_file()))
    return f"{done.stdout}{done.stderr}" or (f"status {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("unit", SERVICES)
def test_exposure_is_at_most_0_9(unit: str) -> None:
    """The rest is access to the internet."""
    judged = analyze(
        "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", FOLDER / unit
    )
    assert judged.returncode == 0, judged.stdout
    assert analyze("security", "--offline=true", "--threshold=8", FOLDER / unit).returncode != 0


def test_systemd_reports_nothing_about_the_units(units: Path) -> None:
    assert verify_units(units) == ""


def test_systemd_reports_an_unknown_key_in_a_unit(units: Path) -> None:
    service = units / "feedpub.service"
    service.write_text(service.read_text().replace("WatchdogSec", "WatchdogsSec"))
    assert "WatchdogsSec" in verify_units(units)


def test_systemd_reports_an_unknown_key_in_a_drop_in(units: Path) -> None:
    folder = units / "feedpub.service.d"
    folder.mkdir()
    (folder / "x.conf").write_text("[Service]\nIPAddressesAllow=192.168.1.1\n")
    assert "IPAddressesAllow" in verify_units(units)


@pytest.mark.parametrize("name", DROP_INS)
@pytest.mark.parametrize("unit", SERVICES)
def test_drop_ins_are_valid_for_each_service(units: Path, unit: str, name: str) -> None:
    folder = units / f"{unit}.d"
    folder.mkdir()
    shutil.copy(FOLDER / "drop-ins" / name, folder)
    assert verify_units(units) == ""


def test_service_and_one_shot_service_have_the_same_sandbox() -> None:
    service, look = (
        [
            (key, value)
            for key, value in settings(unit)
            if key not in OF_THE_RUN and not key.startswith("Restart")
        ]
        for unit in SERVICES
    )
    assert service == look


@pytest.mark.parametrize("unit", SERVICES)
def test_units_start_the_command_that_the_manual_installs(unit: str) -> None:
    ((_, command),) = [setting for setting in settings(unit) if setting[0] == "ExecStart"]
    assert command.startswith(f"{INSTALLED} ")


def test_socket_listens_on_the_default_address() -> None:
    """Feeds keep their address when socket activation is enabled."""
    assert values("feedpub.socket", "ListenStream", "Socket") == [Http().listen]


ADDRESSES = [
    *(
        "1.0.0.1",
        "9.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "11.0.0.0",
        "93.184.215.14",
        "0.0.0.0",  # noqa: S104
        "0.1.2.3",
    ),
    *(
        "100.63.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "255.0.0.1",
    ),
    *(
        "169.253.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "169.255.0.0",
        "223.255.255.255",
    ),
    *(
        "172.15.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.168.0.0",
        "224.0.0.1",
    ),
    *("192.168.255.255", "192.169.0.0", "239.255.255.255", "255.255.255.255"),
    *(
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "2000::1",
        "3ffe::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
    ),
    *("ff02::1", "::", "::ffff:10.0.0.1", "64:ff9b::a00:1", "4000::1"),
]


@pytest.mark.parametrize("written", ADDRESSES)
def test_only_the_public_internet_is_reachable(written: str) -> None:
    """Private, link-local and multicast addresses are not."""
    allowed = [
        ip_network(word)
        for word in values("feedpub.service", "IPAddressAllow")
        if word != "localhost"
    ]
    public = AddressPolicy().reason_against(written, 443) is None
    assert any(ip_address(written) in network for network in allowed) == public


def test_loopback_is_reachable_and_other_addresses_are_not() -> None:
    assert "localhost" in values("feedpub.service", "IPAddressAllow")
    assert values("feedpub.service", "IPAddressDeny") == ["any"]
