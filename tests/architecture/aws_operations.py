"""Which operations of which AWS services our adapters call, read from their source."""

from __future__ import annotations

import ast
from pathlib import Path

import botocore.session

from tests.architecture.source_files import ROOT

ADAPTERS = ROOT / "services" / "backends" / "aws"
# boto3's names that our adapters use, and the prefix of the rights to them.
PREFIXES = {
    "bedrock": "bedrock",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "comprehend": "comprehend",
    "rekognition": "rekognition",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "sns": "sns",
    "sts": "sts",
}
# Where the right is not called like the operation.
_RIGHTS = {
    "bedrock:Converse": {"bedrock:InvokeModel"},
    "bedrock:ConverseStream": {"bedrock:InvokeModelWithResponseStream"},
    "bedrock:IngestKnowledgeBaseDocuments": {"bedrock:IngestKnowledgeBaseDocuments", "bedrock:StartIngestionJob"},
    "s3:CompleteMultipartUpload": {"s3:PutObject"},
    "s3:CreateMultipartUpload": {"s3:PutObject"},
    "s3:DeleteObjects": {"s3:DeleteObject"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:UploadPart": {"s3:PutObject"},
    "sts:GetCallerIdentity": set(),  # everybody may
}


def called_operations(folder: Path = ADAPTERS) -> dict[str, set[str]]:
    """By service: every operation of it whose name stands as a string in the source, outside of docstrings.

    A module that makes an ``AwsService`` names its service there. One that does not gets it from another module: its
    strings are held against all services that the others name.
    """
    session = botocore.session.Session()
    known = set(session.get_available_services())
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))]
    named = [_services_of(module, known) for module in modules]
    everywhere = set().union(*named)
    operations = {name: set(session.get_service_model(name).operation_names) for name in everywhere}
    found: dict[str, set[str]] = {}
    for module, own in zip(modules, named, strict=True):
        strings = _strings(module)
        for service in own or everywhere:
            found.setdefault(service, set()).update(strings & operations[service])
    return {service: called for service, called in found.items() if called}


def rights_needed(operations: dict[str, set[str]]) -> set[str]:
    """The rights to all of these operations, such as ``s3:GetObject``."""
    needed: set[str] = set()
    for service, called in operations.items():
        for operation in called:
            right = f"{PREFIXES[service]}:{operation}"
            needed |= _RIGHTS.get(right, {right})
    return needed


def _services_of(module: ast.Module, known: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in {"AwsService", "client"}:
                values = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "service")]
                found |= {
                    value.value
                    for value in values
                    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value in known
                }
    return found


def _strings(module: ast.Module) -> set[str]:
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }
