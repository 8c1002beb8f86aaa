"""Reads the templates of deploy/ as data: tags such as ``!Ref`` become ``{"Ref": …}``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.source_files import ROOT

DEPLOY = ROOT / "deploy"
TEMPLATES = sorted((DEPLOY / "cloudformation").glob("*.yaml"))
PARAMETER_SETS = sorted((DEPLOY / "parameters").glob("*.json"))


# Examples of what AWS makes.
_MADE = {"AWS::Region": "us-east-1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:batches"}


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # the library ships no types
    pass


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


def template(name: str) -> dict[str, Any]:
    """One template, such as ``app``."""
    path = DEPLOY / "cloudformation" / f"{name}.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    return loaded


def resources(name: str, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of a template's resources of one type, by their names."""
    found = template(name)["Resources"].items()
    return {label: resource.get("Properties", {}) for label, resource in found if resource["Type"] == kind}


def parameter_set(path: Path) -> dict[str, str]:
    """The values of a parameter set."""
    values: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["Parameters"]
    return values


def compose() -> dict[str, Any]:
    """The compose file."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def without_condition(value: Any) -> Any:
    """What an ``!If`` gives when its condition holds."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


def containers() -> dict[str, dict[str, Any]]:
    """The container of each task definition, by its name: web, worker, monitor, export."""
    tasks = resources("app", "AWS::ECS::TaskDefinition").values()
    return {container["Name"]: container for task in tasks for container in task["ContainerDefinitions"]}


def environment(container: dict[str, Any]) -> dict[str, Any]:
    """What a container gets as environment variables, those with a condition included; secrets left out."""
    entries = [without_condition(entry) for entry in container.get("Environment", [])]
    return {entry["Name"]: entry["Value"] for entry in entries}


def settings_of(container: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The environment that a container of app.yaml gets with a parameter set; what other templates make is named."""
    values = {name: str(one.get("Default", "")) for name, one in template("frontline")["Parameters"].items()} | given
    conditions = template("app")["Conditions"]

    def resolved(value: Any) -> str:
        if not isinstance(value, dict):
            return str(value)
        if "Ref" in value:
            name = str(value["Ref"])
            return values.get(name, _MADE.get(name, name.lower()))
        return re.sub(r"\$\{(.+?)\}", lambda found: resolved({"Ref": found[1]}), value["Fn::Sub"])

    def holds(condition: Any) -> bool:
        if "Fn::Not" in condition:
            return not holds(condition["Fn::Not"][0])
        one, other = condition["Fn::Equals"]
        return resolved(one) == resolved(other)

    found = {}
    for entry in container.get("Environment", []):
        if "Fn::If" not in entry or holds(conditions[entry["Fn::If"][0]]):
            kept = without_condition(entry)
            found[kept["Name"]] = resolved(kept["Value"])
    return found


def statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy document, those with a condition included."""
    for statement in policy["Statement"]:
        yield without_condition(statement)


def listed(value: Any) -> list[Any]:
    """IAM writes one action or resource without a list around it."""
    return value if isinstance(value, list) else [value]


def rights(role: str) -> list[dict[str, Any]]:
    """All statements of a role of access.yaml, its managed policies of that template included."""
    roles, managed = resources("access", "AWS::IAM::Role"), resources("access", "AWS::IAM::ManagedPolicy")
    properties = roles[role]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [
        managed[without_condition(reference)["Ref"]]["PolicyDocument"]
        for reference in properties.get("ManagedPolicyArns", [])
    ]
    return [statement for document in documents for statement in statements(document)]
