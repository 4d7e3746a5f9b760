"""The files of `middleware/deploy`: their settings are those of the service, and they agree with each other."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from segue.generators import PLAYABLE
from segue.service.settings.configuration import ServiceConfig, add_arguments, configure
from segue.service.settings.table import Settings, variable_of

FOLDER: Final = Path(__file__).parents[2] / "middleware" / "deploy"
VARIABLES: Final = {variable_of(setting) for setting in Settings.fields.values()}


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((FOLDER / name).read_text("utf-8")))


def kubernetes(kind: str) -> Any:
    (found,) = (one for one in documents("kubernetes.yaml") if one["kind"] == kind)
    return found


def container() -> Any:
    (one,) = kubernetes("Deployment")["spec"]["template"]["spec"]["containers"]
    return one


def settings_of(text: str, folder: Path) -> ServiceConfig:
    (folder / "rules").mkdir()
    (folder / "rules" / "calm.yaml").write_text("segue: 1\n", "utf-8")
    (folder / "token").write_text("a-token-of-the-tests", "ascii")
    (folder / "service.yaml").write_text(text, "utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    arguments = parser.parse_args(["--config", str(folder / "service.yaml")])
    config, _ = configure(arguments, {"SEGUE_TOKEN_FILE": str(folder / "token")}, PLAYABLE)
    return config


SETTINGS: Final = {
    "service.yaml": (FOLDER / "service.yaml").read_text("utf-8"),
    "kubernetes.yaml": kubernetes("ConfigMap")["data"]["service.yaml"],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_can_be_used_and_have_the_ports_of_all_files(name: str, tmp_path: Path) -> None:
    config = settings_of(SETTINGS[name], tmp_path)
    assert config.workers > 0
    ports = {int(config.bind[0].rsplit(":", 1)[1]), config.http_bind.port if config.http_bind else 0}
    exposed = re.search(r"^EXPOSE (.+)$", (FOLDER / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert exposed is not None
    assert set(map(int, exposed[1].split())) == ports
    assert {port["containerPort"] for port in container()["ports"]} == ports
    service = documents("compose.yaml")[0]["services"]["segue"]
    assert {int(port.rsplit(":", 1)[1]) for port in service["ports"]} == ports


@pytest.mark.parametrize("name", ["compose.yaml", "segue.service", "kubernetes.yaml", "Dockerfile"])
def test_variables_are_settings(name: str) -> None:
    named = set(re.findall(r"\bSEGUE_\w+", (FOLDER / name).read_text("utf-8")))
    assert named <= VARIABLES
    assert named == (set() if name == "Dockerfile" else {"SEGUE_TOKEN_FILE"})


def test_the_service_has_more_time_to_end_than_it_takes(tmp_path: Path) -> None:
    config = settings_of(SETTINGS["service.yaml"], tmp_path)
    # The workers end some five seconds after the drain at the latest, the connections a second later.
    needed_s = config.drain_ms / 1000 + 7
    unit = re.search(r"^TimeoutStopSec=(\d+)s$", (FOLDER / "segue.service").read_text("utf-8"), re.MULTILINE)
    assert unit is not None
    assert int(unit[1]) > needed_s
    assert int(documents("compose.yaml")[0]["services"]["segue"]["stop_grace_period"].removesuffix("s")) > needed_s
    assert kubernetes("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed_s


def test_mounted_files_are_where_the_settings_look_for_them() -> None:
    mounts = {mount["mountPath"] for mount in container()["volumeMounts"]}
    command = (FOLDER / "Dockerfile").read_text("utf-8")
    assert '"/etc/segue/service.yaml"' in command
    assert {"/etc/segue/service.yaml", "/etc/segue/rules"} <= mounts
    assert Path(container()["env"][0]["value"]).parent.as_posix() in mounts
    volumes = {volume["name"] for volume in kubernetes("Deployment")["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes
    compose = documents("compose.yaml")[0]["services"]["segue"]
    assert {volume.split(":")[1] for volume in compose["volumes"]} == {"/etc/segue/service.yaml", "/etc/segue/rules"}
