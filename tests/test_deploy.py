"""The examples of deploy/: each can be read by what it is for, and names only commands, arguments and settings that exist."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from crawls import scrapy
from scrapy.settings import default_settings
from stores import missing

from newscrawl import settings
from newscrawl.spiders.news import ARGUMENTS

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
UNITS = [path for path in FILES if path.suffix in (".service", ".timer")]


def crawls(path: Path) -> Iterator[list[str]]:
    """The words of each ``scrapy crawl`` that a file runs or shows."""
    text = path.read_text(encoding="utf-8")
    for args in re.findall(r"^ *args: (\[.*\])$", text, re.M):
        yield ["scrapy", *json.loads(args)]
    for args in re.findall(r"^CMD (\[.*\])$", text, re.M):
        yield ["scrapy", *json.loads(args)]
    for found in re.findall(r"(?:scrapy|newscrawl) (crawl news [^;>\n]*)", text):
        yield ["scrapy", *shlex.split(found)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_a_file_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for words in crawls(path):
        assert words[1:3] == ["crawl", "news"]
        for option, value in pairwise(words):
            name = value.partition("=")[0]
            if option == "-a":
                assert name in ARGUMENTS, f"no argument {name}"
            elif option == "-s":
                assert hasattr(settings if name.startswith("NEWSCRAWL_") else default_settings, name), name
    for name in re.findall(r"NEWSCRAWL_[A-Z_]+[A-Z]", text):
        assert hasattr(settings, name), name


@pytest.mark.parametrize(
    "name", ["newscrawl@.service", "newscrawl-watch@.service", "crontab", "Containerfile", "cronjob.yaml"]
)
def test_every_way_to_run_it_runs_a_crawl(name: str) -> None:
    assert list(crawls(DEPLOY / name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_path_of_a_machine_and_no_package_index_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/root/|/home/|/tmp/[a-z]|--(?:extra-)?index-url|pypi|registry", text)


# systemd ------------------------------------------------------------------------------------------------


def unit(path: Path) -> dict[str, dict[str, str]]:
    """The sections of a unit; a key that stands twice is an error."""
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_one_that_systemd_takes(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed")
    program = tmp_path / "scrapy"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for other in UNITS:
        text = other.read_text(encoding="utf-8").replace("/opt/newscrawl/.venv/bin/scrapy", str(program))
        (tmp_path / other.name.replace("@.", "@example.")).write_text(text)
    target = tmp_path / path.name.replace("@.", "@example.")
    process = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(target)], capture_output=True, text=True, check=False
    )
    if "Failed to initialize manager" in process.stderr:
        missing("systemd-analyze cannot work here")
    complaints = [line for line in process.stderr.splitlines() if "newscrawl" in line]
    assert (process.returncode, complaints) == (0, []), process.stderr


def test_the_exit_codes_mean_to_systemd_what_the_docs_say() -> None:
    round_ = unit(DEPLOY / "newscrawl@.service")["Service"]
    assert round_["SuccessExitStatus"].split() == ["4", "75"]
    assert round_["RestartPreventExitStatus"].split() == ["2", "3", "4", "75"]
    assert (round_["Type"], round_["Restart"]) == ("oneshot", "on-failure")
    watch = unit(DEPLOY / "newscrawl-watch@.service")["Service"]
    assert watch["SuccessExitStatus"] == "4"
    assert "4" in watch["RestartPreventExitStatus"].split()


def test_both_services_are_hardened_alike() -> None:
    one, other = (unit(DEPLOY / f"{name}@.service")["Service"] for name in ("newscrawl", "newscrawl-watch"))
    differing = {"Type", "ExecStart", "SuccessExitStatus", "RestartPreventExitStatus", "TimeoutStartSec"}
    assert {key: one.get(key) for key in {*one, *other} - differing} == {
        key: other.get(key) for key in {*one, *other} - differing
    }
    assert one["NoNewPrivileges"] == "true"
    assert one["ProtectSystem"] == "strict"
    assert one["User"] == "newscrawl"


def test_the_timer_makes_up_for_a_missed_round_and_spreads_the_load() -> None:
    timer = unit(DEPLOY / "newscrawl@.timer")["Timer"]
    assert timer["Persistent"] == "true"
    assert timer["RandomizedDelaySec"]
    assert "Unit" not in timer


# cron ---------------------------------------------------------------------------------------------------

_FIELD = re.compile(r"(\*|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")


def test_the_crontab_has_five_fields_a_line_and_no_per_cent_sign() -> None:
    lines = [line for line in (DEPLOY / "crontab").read_text(encoding="utf-8").split("\n") if line]
    jobs = []
    for line in lines:
        if not line.startswith("#") and not re.fullmatch(r"[A-Z][A-Z0-9_]*=\S+", line):
            *when, command = line.split(None, 5)
            assert len(when) == 5
            assert all(_FIELD.fullmatch(field) for field in when), when
            # cron takes a per cent sign for the end of the command.
            assert "%" not in command
            jobs.append(command)
    (job,) = jobs
    assert subprocess.run(["/bin/sh", "-n", "-c", job], check=False).returncode == 0


@pytest.mark.parametrize(
    ("code", "said"), [(0, ""), (4, ""), (75, ""), (3, "newscrawl example ended with 3"), (5, "ended with 5")]
)
def test_the_line_of_the_crontab_mails_what_somebody_should_look_at(code: int, said: str, tmp_path: Path) -> None:
    job = (DEPLOY / "crontab").read_text(encoding="utf-8").rstrip().split("\n")[-1].split(None, 5)[5]
    program = tmp_path / "scrapy"
    program.write_text(f"#!/bin/sh\necho the log\nexit {code}\n")
    program.chmod(0o755)
    for path, here in (
        ("/opt/newscrawl/.venv/bin/scrapy", program),
        ("cd /var/lib/newscrawl", f"cd {tmp_path}"),
        ("/var/log/newscrawl/example.log", tmp_path / "log"),
    ):
        assert path in job
        job = job.replace(path, str(here))
    process = subprocess.run(["/bin/sh", "-c", job], capture_output=True, text=True, check=True)
    assert process.stderr == ""
    assert said in process.stdout
    assert bool(process.stdout) is bool(said)
    assert ("the log" in process.stdout) is bool(said)


# containers ---------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_built_from_files_that_exist_and_runs_as_nobody_in_particular() -> None:
    steps = instructions()
    assert steps[0] == ("FROM", "python:3.11-slim")
    copied = [source for name, rest in steps if name == "COPY" for source in rest.split()[:-1]]
    assert all((ROOT / source).exists() for source in copied)
    # What the build needs: the project's description names its readme and licence.
    assert {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "newscrawl"} == set(copied)
    names = [name for name, _ in steps]
    assert dict(steps)["USER"] == "10001"
    assert not any(name == "RUN" for name, _ in steps[names.index("USER") :])
    assert dict(steps)["VOLUME"] == dict(steps)["WORKDIR"] == "/data"


def test_what_the_image_runs_by_itself_ends_well() -> None:
    given = dict(instructions())
    assert json.loads(given["ENTRYPOINT"]) == ["scrapy"]
    pairs = dict(pair.split("=") for pair in given["ENV"].split())
    finished = scrapy(*json.loads(given["CMD"]), **pairs)
    assert finished.code == 0
    assert "arguments of the spider 'news'" in finished.out


def test_the_cronjob_lets_no_two_runs_into_one_volume() -> None:
    text = (DEPLOY / "cronjob.yaml").read_text(encoding="utf-8")
    assert "\t" not in text
    assert "concurrencyPolicy: Forbid" in text
    assert "runAsUser: 10001" in text
    mounts = set(re.findall(r"\{name: (\w+), mountPath", text))
    volumes = set(re.findall(r"\{name: (\w+), (?:persistentVolumeClaim|configMap|emptyDir)", text))
    assert mounts == volumes


# settings, scrapyd --------------------------------------------------------------------------------------


def test_the_settings_module_is_one_that_the_project_accepts(tmp_path: Path) -> None:
    text = (DEPLOY / "mysettings.py").read_text(encoding="utf-8")
    names = [node.targets[0].id for node in ast.parse(text).body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]  # fmt: skip
    assert names
    for name in names:
        assert hasattr(settings if name.startswith("NEWSCRAWL_") else default_settings, name), name
    (tmp_path / "sites").mkdir()
    (tmp_path / "mysettings.py").write_text(text.replace("/etc/newscrawl/sites", str(tmp_path / "sites")))
    given = {"SCRAPY_SETTINGS_MODULE": "mysettings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    finished = scrapy("settings", "--get", "NEWSCRAWL_CONTACT", cwd=tmp_path, **given)
    assert finished.out.strip() == settings_value(text, "NEWSCRAWL_CONTACT")
    listed = scrapy("profiles", cwd=tmp_path, **given)
    assert listed.code == 0, listed.log


def settings_value(text: str, name: str) -> str:
    match = re.search(rf'^{name} = "(.*)"$', text, re.M)
    assert match is not None
    return match[1]


def test_scrapyd_finds_the_settings_in_the_package_and_where_to_send_it() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parser = configparser.ConfigParser()
    parser.read(ROOT / "scrapy.cfg")
    assert project["entry-points"]["scrapy"]["settings"] == parser["settings"]["default"]
    assert parser["deploy"]["project"] == "newscrawl"


def test_the_name_that_scrapyd_gives_its_job_is_no_argument_of_the_spider(tmp_path: Path) -> None:
    finished = scrapy(
        "crawl", "news", "-a", "_job=1", "-s", f"NEWSCRAWL_REPLAY={ROOT}/seeds/manifest.jsonl", cwd=tmp_path
    )
    assert finished.code == 0, finished.log


def test_the_package_reads_its_own_files_from_an_egg_too(tmp_path: Path) -> None:
    egg = Path(shutil.make_archive(str(tmp_path / "newscrawl"), "zip", ROOT, "newscrawl"))
    finished = scrapy(
        *("crawl", "news", "-s", f"NEWSCRAWL_REPLAY={ROOT}/seeds/manifest.jsonl"), cwd=tmp_path, PYTHONPATH=str(egg)
    )
    assert finished.code == 0, finished.log
    assert "versions: 2 new" in finished.out
