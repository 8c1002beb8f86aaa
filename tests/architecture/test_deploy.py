"""What deploys the app agrees with the app: settings, commands, rights, ports, volumes, metrics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from pydantic import TypeAdapter

from app.__main__ import build_cli
from app.queue_commands import METRIC_DIMENSION, METRIC_NAMESPACE, embedded_metrics
from app.server_commands import WORKER_END_SECONDS
from services.jobs.depth import QueueDepth
from services.settings import Settings, load_settings
from tests.architecture.source_files import ROOT
from tests.architecture.templates import (
    DEPLOY,
    PARAMETER_SETS,
    compose,
    containers,
    environment,
    parameter_set,
    resources,
    settings_of,
    template,
    without_condition,
)

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PREFIX = "FRONTLINE_"
# What web and workers are told differently; everything else must be the same for both.
OF_THE_WEB = {
    "FRONTLINE_WORKER_PROCESSES",
    "FRONTLINE_ALLOWED_HOSTS",
    "FRONTLINE_TRUSTED_PROXY",
    "FRONTLINE_SESSION_HOURS",
    "FRONTLINE_LOCAL_ACCOUNTS",
    "FRONTLINE_OIDC_METADATA_URL",
    "FRONTLINE_OIDC_CLIENT_ID",
    "FRONTLINE_OIDC_GROUPS_CLAIM",
    "FRONTLINE_OIDC_ROLES",
    "FRONTLINE_OIDC_TENANTS",
}
OF_THE_WORKER = {"FRONTLINE_WORKER_STOP_SECONDS"}


def instruction(name: str) -> str:
    """The last instruction of that name in the Dockerfile."""
    return str(re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)[-1])


def image_environment() -> dict[str, str]:
    """What the image sets by itself."""
    block = DOCKERFILE.split("\nENV PATH=", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\s*(\w+)=(\S+?)(?: \\)?$", block, re.MULTILINE))


def app_services() -> dict[str, dict[str, Any]]:
    """Web and worker of the compose file."""
    return {name: compose()["services"][name] for name in ("web", "worker")}


def secrets(container: dict[str, Any]) -> dict[str, Any]:
    entries = [without_condition(entry) for entry in container["Secrets"]]
    return {entry["Name"]: entry["ValueFrom"] for entry in entries}


@pytest.mark.parametrize("name", ["web", "worker", "monitor", "export"])
def test_settings_of_tasks_exist(name: str) -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    container = containers()[name]
    assert {*environment(container), *secrets(container)} <= known


def test_settings_of_compose_file_and_image_exist() -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    used = {name for service in app_services().values() for name in service["environment"]} | set(image_environment())
    assert {name for name in used if name.startswith(PREFIX)} <= known


def test_web_and_workers_work_with_the_same_settings() -> None:
    web, worker = (environment(containers()[name]) for name in ("web", "worker"))
    assert set(web) - set(worker) == OF_THE_WEB
    assert set(worker) - set(web) == OF_THE_WORKER
    assert {name for name in web.keys() & worker.keys() if web[name] != worker[name]} == set()
    assert web["FRONTLINE_WORKER_PROCESSES"] == "0"
    in_compose = {name: service["environment"] for name, service in app_services().items()}
    assert in_compose["web"]["FRONTLINE_WORKER_PROCESSES"] == "0"


def test_choices_that_the_templates_offer_are_those_of_the_settings() -> None:
    """The templates leave out what needs a server that they do not make."""
    parameters = template("frontline")["Parameters"]
    web = environment(containers()["web"])
    offered = {
        setting: parameters[value["Ref"]]["AllowedValues"]
        for setting, value in web.items()
        if isinstance(value, dict) and "AllowedValues" in parameters.get(value.get("Ref", ""), {})
    }
    assert len(offered) >= 10
    for setting, choices in offered.items():
        field = Settings.model_fields[setting.removeprefix(PREFIX).lower()]
        for choice in choices:
            TypeAdapter(cast("Any", field.annotation)).validate_python(choice)
        assert field.default is None or str(field.default).lower() in choices, setting


@pytest.mark.parametrize("path", PARAMETER_SETS, ids=lambda path: path.stem)
def test_parameter_set_gives_what_the_template_asks_for_and_nothing_else(path: Path) -> None:
    known, given = template("frontline")["Parameters"], parameter_set(path)
    assert set(given) <= set(known)
    assert {name for name, parameter in known.items() if "Default" not in parameter} <= set(given)
    for name, value in given.items():
        assert value in [str(one) for one in known[name].get("AllowedValues", [value])], name
        assert re.fullmatch(known[name].get("AllowedPattern", ".*"), value), name
    assert given["TenantId"] == path.stem


@pytest.mark.parametrize("path", PARAMETER_SETS, ids=lambda path: path.stem)
def test_parameter_set_gives_the_right_to_every_model_that_it_names(path: Path) -> None:
    given = parameter_set(path)
    for name, model in given.items():
        if name.endswith("ModelId"):
            rights = given[name.replace("ModelId", "ModelArns")].split(",")
            assert any(right.endswith(f"/{model}") for right in rights), name
            assert not any("*" in right for right in rights), name


@pytest.mark.parametrize("name", ["web", "worker"])
@pytest.mark.parametrize("path", PARAMETER_SETS, ids=lambda path: path.stem)
def test_app_accepts_the_settings_that_a_parameter_set_makes(
    path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings_of(containers()[name], parameter_set(path))
    for setting, value in given.items():
        monkeypatch.setenv(setting, value)
    settings = load_settings()
    assert settings.storage_root == "s3://databucketname/files"
    assert settings.answer_backend == parameter_set(path)["AnswerBackend"]
    assert str(settings.public_url) == f"https://{parameter_set(path)['HostName']}/"
    assert (settings.capture_root is not None) == (parameter_set(path).get("Captures") == "true")


def test_image_starts_as_its_own_user_with_a_port_and_a_command() -> None:
    assert instruction("USER") == "10001:10001"
    assert instruction("EXPOSE") == image_environment()["FRONTLINE_PORT"] == "8501"
    assert instruction("ENTRYPOINT") == '["python", "-m", "app"]'
    assert instruction("CMD") == '["serve"]'


@pytest.mark.parametrize("name", ["web", "worker", "monitor", "export"])
def test_tasks_run_the_image_as_it_is_meant(name: str) -> None:
    container = containers()[name]
    assert container["User"] == instruction("USER")
    assert container["ReadonlyRootFilesystem"] is True
    assert "EntryPoint" not in container
    mounted = {mount["ContainerPath"] for mount in container["MountPoints"]}
    assert mounted == set(re.findall(r'"(.+?)"', instruction("VOLUME")))
    assert image_environment()["FRONTLINE_HOME"] in mounted


@pytest.mark.parametrize("name", ["web", "worker"])
def test_compose_runs_the_image_as_it_is_meant(name: str) -> None:
    service = app_services()[name]
    assert service["user"] == instruction("USER")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    folders = {volume.split(":")[1] for volume in service["volumes"]}
    folders |= {volume.split(":")[0] for volume in service["tmpfs"]}
    assert folders >= set(re.findall(r'"(.+?)"', instruction("VOLUME")))
    assert service["environment"]["FRONTLINE_STORAGE_ROOT"] in folders


def test_task_that_makes_accounts_gets_the_password_from_a_secret() -> None:
    container = containers()["account"]
    assert container["EntryPoint"] == ["/bin/sh", "-c"]
    assert container["Command"][0].startswith("python -m app ")
    assert secrets(container)["NEW_PASSWORD"] == {"Ref": "AccountPasswordArn"}
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] == instruction("USER")


def test_port_is_the_same_everywhere() -> None:
    port = int(instruction("EXPOSE"))
    assert [mapping["ContainerPort"] for mapping in containers()["web"]["PortMappings"]] == [port]
    [balanced] = resources("app", "AWS::ECS::Service")["WebService"]["LoadBalancers"]
    [group] = resources("app", "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert (balanced["ContainerPort"], group["Port"]) == (port, port)
    [published] = app_services()["web"]["ports"]
    assert published == f"127.0.0.1:{port}:{port}"


def test_health_checks_of_web_are_the_same_and_ask_for_a_route_that_is_there() -> None:
    of_task = containers()["web"]["HealthCheck"]["Command"]
    of_compose = app_services()["web"]["healthcheck"]["test"]
    of_image = DOCKERFILE.split("HEALTHCHECK", 1)[1].split("CMD ", 1)[1].split("\n", 1)[0].replace('\\"', '"')
    assert of_task == of_compose
    assert of_task[-1] in of_image
    assert "/healthz" in of_task[-1]
    assert 'Route("/healthz"' in (ROOT / "app" / "asgi.py").read_text(encoding="utf-8")
    [group] = resources("app", "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert group["HealthCheckPath"] == "/healthz"


def filled_in(word: Any) -> str:
    """A word of a command line, with something in place of what CloudFormation puts there."""
    return word if isinstance(word, str) else "something"


@pytest.mark.parametrize(
    "words",
    [
        *[container["Command"] for container in containers().values() if "EntryPoint" not in container],
        containers()["account"]["Command"][0].split()[3:],
        *[service["command"] for service in app_services().values()],
        containers()["worker"]["HealthCheck"]["Command"][4:],
        app_services()["worker"]["healthcheck"]["test"][4:],
    ],
    ids=lambda words: " ".join(map(filled_in, words)),
)
def test_commands_are_those_of_the_app(words: list[Any]) -> None:
    name, *arguments = map(filled_in, words)
    group = typer.main.get_command(build_cli())
    command = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
    assert command is not None, name
    command.make_context(name, arguments)


def test_workers_get_the_time_to_end_that_they_were_promised() -> None:
    task, service = containers()["worker"], app_services()["worker"]
    promised = int(environment(task)["FRONTLINE_WORKER_STOP_SECONDS"])
    assert task["StopTimeout"] >= promised + WORKER_END_SECONDS
    promised = int(service["environment"]["FRONTLINE_WORKER_STOP_SECONDS"])
    assert int(service["stop_grace_period"].removesuffix("s")) >= promised + WORKER_END_SECONDS


def test_metrics_that_are_watched_are_published() -> None:
    [published] = embedded_metrics(QueueDepth(3, 1, 2.0, 2, ("a",)), "x")["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in published["Metrics"]}
    alarms = resources("alarms", "AWS::CloudWatch::Alarm").values()
    [scaling] = [
        policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
        for policy in resources("app", "AWS::ApplicationAutoScaling::ScalingPolicy").values()
        if "CustomizedMetricSpecification" in policy["TargetTrackingScalingPolicyConfiguration"]
    ]
    ours = [alarm for alarm in alarms if alarm["Namespace"] == METRIC_NAMESPACE] + [scaling]
    assert {metric["MetricName"] for metric in ours} <= names
    assert len(ours) >= 4
    assert all([one["Name"] for one in metric["Dimensions"]] == [METRIC_DIMENSION] for metric in ours)
    assert "--emf" in containers()["monitor"]["Command"]


def test_compose_file_holds_no_secret() -> None:
    services = compose()["services"].values()
    values = {name: str(value) for service in services for name, value in service["environment"].items()}
    for name in ("FRONTLINE_COOKIE_SECRET", "POSTGRES_PASSWORD", "FRONTLINE_DATABASE_URL"):
        assert re.search(r"\$\{[A-Z_]+:\?", values[name]), name
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert re.findall(r"^(?:DATABASE_PASSWORD|COOKIE_SECRET)=(.*)$", example, re.MULTILINE) == ["", ""]


def test_what_the_image_copies_is_let_through_and_nothing_else() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE))
    sources = {source.rstrip("/") for line in copied for source in line.split()}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert {source.replace(".streamlit", ".streamlit/config.toml") for source in sources} == allowed
    assert all((ROOT / source).exists() for source in allowed)
