"""Tasks may do what the code does, and no more than that; data is encrypted, and nobody else reaches it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.architecture.aws_operations import PREFIXES, called_operations, rights_needed
from tests.architecture.templates import (
    TEMPLATES,
    containers,
    listed,
    resources,
    rights,
    statements,
    template,
    without_condition,
)

# Rights to which IAM knows no narrower resource than everything.
WITHOUT_RESOURCES = {
    "bedrock:ListFoundationModels",
    "bedrock:ListInferenceProfiles",
    "bedrock:RetrieveAndGenerate",
    "comprehend:DetectPiiEntities",
    "ecr:GetAuthorizationToken",
    "rekognition:DetectLabels",
    "rekognition:DetectModerationLabels",
}
# Only batches, which workers run, send notices.
NOT_FOR_THE_WEB = {"sns:Publish"}
# The way into the network for each of boto3's services; S3 has a gateway.
ENDPOINTS = {
    "bedrock": "bedrock",
    "bedrock-agent": "bedrock-agent",
    "bedrock-agent-runtime": "bedrock-agent-runtime",
    "bedrock-runtime": "bedrock-runtime",
    "comprehend": "comprehend",
    "rekognition": "rekognition",
    "s3": "s3",
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
    "sns": "sns",
    "sts": "sts",
}
OF_FARGATE = {"ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager"}
TASK_ROLES = ("WebRole", "WorkerRole", "MonitorRole", "ExportRole")
EXECUTION_ROLES = {"web": "WebExecutionRole", "account": "AccountExecutionRole"}


def allowed(role: str) -> set[str]:
    return {action for statement in rights(role) for action in listed(statement["Action"])}


def test_every_service_that_the_code_calls_is_known_here() -> None:
    assert set(called_operations()) <= set(PREFIXES)


def test_workers_may_do_all_that_the_code_does() -> None:
    assert rights_needed(called_operations()) - allowed("WorkerRole") == set()


def test_web_may_do_all_that_the_code_does_but_send_notices() -> None:
    assert rights_needed(called_operations()) - allowed("WebRole") == NOT_FOR_THE_WEB


def test_call_that_nobody_has_the_right_to_is_found(tmp_path: Path) -> None:
    (tmp_path / "faces.py").write_text(
        'service = AwsService(clients, "rekognition", called="faces")\nservice.call("DetectFaces", {})\n'
    )
    assert rights_needed(called_operations(tmp_path)) - allowed("WorkerRole") == {"rekognition:DetectFaces"}


@pytest.mark.parametrize("role", ["WebRole", "WorkerRole"])
def test_models_are_asked_by_name(role: str) -> None:
    for statement in rights(role):
        if any(action.startswith("bedrock:InvokeModel") for action in listed(statement["Action"])):
            assert statement["Resource"]["Ref"].endswith("ModelArns")


def policies() -> list[tuple[str, dict[str, Any]]]:
    """Every policy of a role of ours, in all templates."""
    found = []
    for path in TEMPLATES:
        for role in resources(path.stem, "AWS::IAM::Role").values():
            found += [(path.stem, policy["PolicyDocument"]) for policy in role.get("Policies", [])]
        for policy in resources(path.stem, "AWS::IAM::ManagedPolicy").values():
            found.append((path.stem, policy["PolicyDocument"]))
    return found


def test_no_right_is_wider_than_it_can_be() -> None:
    assert len(policies()) >= 8
    for name, policy in policies():
        for statement in statements(policy):
            actions = listed(statement["Action"])
            assert not any("*" in action for action in actions), (name, statement)
            if "*" in listed(statement["Resource"]):
                assert set(actions) <= WITHOUT_RESOURCES, (name, statement)


def test_policy_that_may_have_no_statement_is_not_made_then() -> None:
    document = template("access")
    for name, resource in document["Resources"].items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            given = listed(resource["Properties"]["PolicyDocument"]["Statement"])
            if all("Fn::If" in statement for statement in given):
                assert conditions_of(document, resource["Condition"]) >= {one["Fn::If"][0] for one in given}, name


def conditions_of(document: dict[str, Any], name: str) -> set[str]:
    """The conditions of which one is enough for this one."""
    alternatives = document["Conditions"][name].get("Fn::Or", [])
    return {name}.union(*(conditions_of(document, one["Condition"]) for one in alternatives))


@pytest.mark.parametrize("role", TASK_ROLES)
def test_the_app_itself_reads_no_secrets_and_gives_no_rights(role: str) -> None:
    assert not any(action.startswith(("secretsmanager:", "iam:", "sts:", "ssm:")) for action in allowed(role))


def test_monitor_has_no_right_at_all() -> None:
    assert rights("MonitorRole") == []


def test_captures_and_feedback_cannot_be_read_back() -> None:
    for role in TASK_ROLES:
        for statement in rights(role):
            if "s3:GetObject" in listed(statement["Action"]):
                assert not any("Feedback" in str(resource) for resource in listed(statement["Resource"])), role
                captures = [one for one in listed(statement["Resource"]) if "Capture" in str(one)]
                assert not any(str(one["Fn::Sub"]).endswith("captures/*") for one in captures), role


@pytest.mark.parametrize("name", ["web", "worker", "monitor", "export", "account"])
def test_starting_a_task_may_read_the_secrets_that_it_hands_over(name: str) -> None:
    role = EXECUTION_ROLES.get(name, "BackgroundExecutionRole")
    readable = [
        resource["Ref"]
        for statement in rights(role)
        if statement["Action"] == ["secretsmanager:GetSecretValue"]
        for resource in listed(statement["Resource"])
    ]
    handed = {without_condition(entry)["ValueFrom"]["Ref"] for entry in containers()[name]["Secrets"]}
    assert handed <= set(readable)
    [task] = [
        task
        for task in resources("app", "AWS::ECS::TaskDefinition").values()
        if task["ContainerDefinitions"][0]["Name"] == name
    ]
    assert task["ExecutionRoleArn"] == {"Ref": f"{role}Arn"}


def test_every_service_that_the_code_calls_has_a_way_out_of_the_private_network() -> None:
    endpoints = resources("endpoints", "AWS::EC2::VPCEndpoint").values()
    reached = {str(endpoint["ServiceName"]["Fn::Sub"]).split("${AWS::Region}.")[1] for endpoint in endpoints}
    assert {ENDPOINTS[service] for service in called_operations()} <= reached
    assert reached >= OF_FARGATE
    assert all("PolicyDocument" in endpoint for endpoint in endpoints)


@pytest.mark.parametrize("bucket", ["DataBucket", "CaptureBucket", "FeedbackBucket", "AccessLogBucket"])
def test_buckets_are_closed_versioned_encrypted_and_reached_over_tls(bucket: str) -> None:
    properties = resources("files", "AWS::S3::Bucket")[bucket]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    own_key = encryption["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    assert (own_key is None) == (bucket == "AccessLogBucket")
    policy = resources("files", "AWS::S3::BucketPolicy")[f"{bucket}Policy"]["PolicyDocument"]
    [tls] = [statement for statement in policy["Statement"] if statement["Sid"] == "OverTlsOnly"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_captures_end_with_their_retention_and_have_no_back_up() -> None:
    [retention] = resources("files", "AWS::S3::Bucket")["CaptureBucket"]["LifecycleConfiguration"]["Rules"]
    assert retention["ExpirationInDays"] == {"Ref": "CaptureDays"}
    assert "Prefix" not in retention
    [selection] = resources("backup", "AWS::Backup::BackupSelection").values()
    assert not any("Capture" in str(resource) for resource in selection["BackupSelection"]["Resources"])


def test_keys_are_rotated_and_survive_their_stack() -> None:
    keys = {name: one for name, one in template("keys")["Resources"].items() if one["Type"] == "AWS::KMS::Key"}
    assert len(keys) == 4
    for key in keys.values():
        assert key["Properties"]["EnableKeyRotation"] is True
        assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_data_survives_its_stack(path: Path) -> None:
    lasting = {"AWS::S3::Bucket", "AWS::RDS::DBCluster", "AWS::Logs::LogGroup", "AWS::Cognito::UserPool"}
    for name, resource in template(path.stem)["Resources"].items():
        if resource["Type"] in lasting:
            assert resource["DeletionPolicy"] in {"Retain", "Snapshot"}, name
            assert resource["UpdateReplacePolicy"] == resource["DeletionPolicy"], name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_check_that_is_let_through_says_why(path: Path) -> None:
    for name, resource in template(path.stem)["Resources"].items():
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert len(skipped["comment"].split()) > 4, name
