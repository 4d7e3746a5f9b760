"""The addon's nodes in a real Godot, against a real service."""

from __future__ import annotations

import datetime
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import soundfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clients.cases.peers import TOKEN
from godot.project import ROOT, command, complaints, run
from godot.test_connection import TLS_COMPLAINTS
from processes import comes_to_its_end, is_running
from segue.cli.main import main
from segue_sdk.limits import FADE, SAMPLE_RATE
from service.process import ServiceProcess, free_port

pytestmark = pytest.mark.heavy

RULES: Final = ROOT / "tests/service/calm.yaml"
# Samples of the capture, more than a second before its end.
DUCK_AFTER: Final = 4 * SAMPLE_RATE
EXAMPLES: Final = ROOT / "godot_client/examples"
# A recording is rendered as PCM of 24 bits.
QUANTUM: Final = 2.0**-23 + 1e-6
PROGRAM: Final = Path(sys.executable).parent / "segue"
PAUSE, DUCK, KEEP = range(3)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path_factory.mktemp("service"), str(RULES), "--no-reload") as started:
        yield started


def play(folder: Path, script: str, name: str, *, allowed: str = "", **case: Any) -> Any:
    return run(f"probe_{script}.gd", {"run": name, **case}, folder, allowed=allowed)


def told(result: Any, kind: str) -> list[Any]:
    return [what for told_kind, what in result["told"] if told_kind == kind]


def test_the_bus_gets_the_services_samples_while_the_main_thread_stalls(tmp_path: Path) -> None:
    recordings, heard = tmp_path / "recordings", tmp_path / "heard"
    with ServiceProcess(tmp_path, str(RULES), "--record", str(recordings), "--no-reload") as started:
        case: dict[str, Any] = {"heard": str(heard), "seconds": 6, "duck_after": DUCK_AFTER}
        result = play(tmp_path, "sound", "captured", address=started.address, **case)
        started.terminate()
    (recording,) = recordings.iterdir()
    again = tmp_path / "again.wav"
    assert main(["preview", str(RULES), "--recording", str(recording), "-o", str(again)]) == 0
    expected, _ = soundfile.read(again, dtype="float32")
    samples = np.fromfile(heard, dtype="<f4").reshape(-1, 2)
    assert result["has_stalled"]
    assert (result["discarded"], result["underruns"], result["skips"]) == (0, 0, 0)
    # Where the music begins in what was captured: at the best match of a piece after the first fade.
    piece = expected[FADE : FADE + 4_800, 0].astype(float)
    match = np.correlate(samples[: 3 * SAMPLE_RATE, 0].astype(float), piece, mode="valid")
    energy = np.convolve(samples[: 3 * SAMPLE_RATE, 0].astype(float) ** 2, np.ones(len(piece)), mode="valid")
    start = int(np.argmax(match - energy / 2))
    music, sent = samples[start : result["ducked"]], expected[FADE:]
    assert len(music) > 2 * SAMPLE_RATE
    assert np.abs(music).max() > 0.02
    assert np.abs(music - sent[: len(music)]).max() <= QUANTUM
    # The last half second is lowered by 12 dB.
    lowered = samples[-SAMPLE_RATE // 2 :]
    sent = sent[len(samples) - len(lowered) - start : len(samples) - start]
    assert np.abs(sent).max() > 0.02
    assert np.abs(lowered - sent * 10 ** (-12 / 20)).max() <= QUANTUM


@pytest.mark.parametrize("policy", [PAUSE, DUCK, KEEP])
def test_a_paused_tree_stops_lowers_or_keeps_the_music(tmp_path: Path, service: ServiceProcess, policy: int) -> None:
    result = play(tmp_path, "sound", "interruptions", address=service.address, policy=policy)
    meanwhile = result["meanwhile"]
    assert (meanwhile["moved"] == 0) == (policy == PAUSE)
    assert (meanwhile["peak_db"] < -100.0) == (policy == PAUSE)
    assert meanwhile["is_standing"] == (policy == PAUSE)
    assert meanwhile["gain_db"] == (-12.0 if policy == DUCK else 0.0)
    assert not result["after"]["is_standing"]
    assert result["after"]["gain_db"] == 0.0
    assert result["after"]["underruns"] == 0
    assert not result["always"]["is_paused"]
    assert result["unfocused"]["gain_db"] == -12.0


def test_a_game_uses_every_node(tmp_path: Path, service: ServiceProcess) -> None:
    provoked = "segue: (the rules declare no input 'levle'|input 'deep' is a flag)"
    result = play(tmp_path, "nodes", "game", address=service.address, allowed=provoked)
    assert result["zones"] == [0.25, 0.75, 0.75, 0.5, 0.125, 0.5, 0.125, 0.125]
    assert result["warnings"] == {
        "SegueBinding": "Set the input that the binding sets.\nSet the property that the binding reads.",
        "SegueDuck": "",
        "SeguePlayer": "Set the rule file that the service plays.",
        "SegueTrigger": "Set the trigger that is fired.",
        "SegueZone2D": "Set the input that the zone sets.",
        "SegueZone3D": "Set the input that the zone sets.",
    }
    bindings = result["bindings"]
    assert bindings["one"] == bindings["sent"] == pytest.approx(0.6)
    assert bindings["curve"] == pytest.approx(1.0)
    assert [bindings[how] for how in ("MIN", "MAX", "SUM", "MEAN", "COUNT")] == [20.0, 90.0, 150.0, 50.0, 3]
    assert bindings["nobody"] is None
    # Two a second for ten seconds.
    assert 19 <= bindings["limited"] <= 20
    assert bindings["unchanged"] <= 1
    assert result["ducks"] == [-13.0, -13.0, -23.0, -23.0, -13.0, -3.0, -3.0, -23.0, -3.0, -96.0]
    assert told(result, "fired") == [""]
    assert "heard" in told(result, "decided")
    assert "[music: heard]" in told(result, "captions")
    assert len(told(result, "bar")) > 0
    beats = result["beats"]
    assert 0 <= beats["seconds"] < 2
    assert 0 < beats["bar_s"] < 8
    assert result["saved"] > 100
    assert (result["restored"], result["restored_nonsense"]) == (True, False)
    assert result["refused"] == [False, False]
    assert told(result, "refused") == ["levle", "deep"]
    statistics = result["statistics"]
    assert statistics["state"] == "LIVE"
    assert set(statistics["states"]) == {"water", "answer"}
    assert min(statistics["event_ms"], statistics["receipt_ms"], statistics["buffer_s"]) > 0
    assert any("calm water" in line for line in result["lines"])
    assert any("ping" in line for line in result["lines"])


def test_an_animation_uses_one_of_two_players(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, "nodes", "animated", address=service.address)
    # What had been received when the first samples were heard: the pre-roll of two seconds.
    assert round((result["committed_s"] + result["buffered_s"]) * SAMPLE_RATE) >= 2 * SAMPLE_RATE
    assert result["buses"] == ["Master", "Music"]
    assert result["moved"] == "Master"
    assert result["gains"] == [0.0, 0.0]
    assert result["values"] == [0.75, 0.0]
    assert sorted(result["receipts"]) == [[number + 1, True] for number in range(len(result["receipts"]))]


def test_the_default_player_outlives_scenes_and_pauses_in_the_debugger(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, "sound", "autoload", address=service.address)
    assert result["gains"] == [-12.0, 0.0] * 3
    assert result["connected"] == 1
    assert result["stalled"]
    assert result["underruns"] == 0


def test_the_bed_plays_while_there_is_no_music(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, "sound", "bed", address=service.address, free_port=free_port())
    assert not result["stopped"]["is_bed"]
    assert result["without"]["is_bed"]
    assert result["without"]["is_standing"]
    assert not result["with"]["is_bed"]
    assert not result["with"]["is_standing"]


def write_signed_by_itself(certificate: Path, key_file: Path) -> None:
    """Write a certificate of "localhost" that has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


def test_the_bed_plays_where_a_certificate_is_wrong(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.crt" for name in ("own", "other")}
    for name, file in files.items():
        write_signed_by_itself(file, tmp_path / f"{name}.key")
    port = free_port()
    tls = ("--tls-bind", f"127.0.0.1:{port}", "--tls-cert", str(files["own"]), "--tls-key", str(tmp_path / "own.key"))
    with ServiceProcess(tmp_path, str(RULES), "--no-reload", "--token", TOKEN, *tls) as started:
        named, numbered = f"tls://localhost:{port}", f"tls://127.0.0.1:{port}"
        plain = started.address.replace("tcp://", "tls://")
        asked = [
            (named, "other", f"the certificate of what answers at {named} is not trusted"),
            (numbered, "own", f"the certificate of what answers at {numbered} is not trusted"),
            (plain, "own", f"what answers at {plain} does not speak TLS"),
            (named, "own", ""),
        ]
        case = [
            {"address": address, "certificate": str(files[name]), "is_good": not failure}
            for address, name, failure in asked
        ]
        result = play(
            tmp_path,
            "sound",
            "certificates",
            address=started.address,
            token=TOKEN,
            asked=case,
            allowed=TLS_COMPLAINTS,
        )
    failures, played = result["failures"][::2], result["failures"][1::2]
    assert played == [0, 0, 0]
    for (*_, expected), text in zip(asked[:3], failures, strict=True):
        assert text.startswith(expected)
    assert result["connected"] == 1


def test_a_game_starts_its_service_again_and_ends_it(tmp_path: Path) -> None:
    rules = ROOT / "rules/library/emberwood/emberwood.yaml"
    result = play(tmp_path, "lifetime", "own_service", command=str(PROGRAM), rules=str(rules))
    assert len({result["pid"], result["again"]}) == 2
    assert "[music: victory]" in told(result, "captions")
    assert result["ended"]["state"] == "STOPPED"
    kind, text = result["missing"]
    assert kind == "failed"
    assert "/no/such/program" in text


def test_an_outage_is_told_and_the_music_comes_back(tmp_path: Path) -> None:
    case, answered = tmp_path / "case.json", tmp_path / "result.json"
    with ServiceProcess(tmp_path, str(RULES), "--no-reload") as service:
        case.write_text(json.dumps({"run": "outage", "address": service.address}))
        words = command("probe_lifetime.gd", str(case), str(answered))
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as game:
            assert game.stdout is not None
            output = []
            for line in game.stdout:
                output.append(line)
                if line.startswith("playing"):
                    service.kill()
                elif line.startswith("silent"):
                    service.start()
    assert complaints("".join(output)) == []
    assert game.returncode == 0, output
    result = json.loads(answered.read_text())
    assert told(result, "underrun")[0] == 1
    assert result["during"]["is_standing"]
    assert result["during"]["state"] == "CONNECTING"
    assert len(told(result, "disconnected")) >= 1
    assert result["after"]["states"]["water"] == "depth"


def test_a_killed_game_leaves_no_service(tmp_path: Path) -> None:
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"run": "own_service", "is_killed": True, "command": str(PROGRAM), "rules": str(RULES)}))
    words = command("probe_lifetime.gd", str(case), str(tmp_path / "result.json"))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as game:
        assert game.stdout is not None
        pid = next(int(line.split()[1]) for line in game.stdout if line.startswith("serving "))
        assert is_running(pid)
        game.send_signal(signal.SIGKILL)
        game.wait()
    assert comes_to_its_end(pid)


def test_many_starts_and_scenes_leave_nothing(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, "lifetime", "many", address=service.address, command=str(PROGRAM), rules=str(RULES))
    assert result["after"] == result["before"]


def test_every_example_scene_plays(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path, str(EXAMPLES / "meadow.yaml")) as started:
        # Nothing is at the port of the scene with a bed.
        result = play(tmp_path, "lifetime", "examples", address=started.address)
    scenes = {file.name for file in EXAMPLES.glob("*.tscn")}
    assert set(result) - {"told"} == scenes
    assert {name for name in scenes if result[name]["is_bed"]} == {"bed.tscn"}
