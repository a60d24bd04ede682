"""The files beside the code that a change goes through: hooks, the workflow, extras and the changelog."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
if not (ROOT / ".ci").is_dir():
    pytest.skip("a checkout has them", allow_module_level=True)


def loaded(name: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def names(extra: str) -> set[str]:
    """The packages of an extra, those of the extras that it names included."""
    found = set()
    for requirement in PROJECT["optional-dependencies"][extra]:
        others = re.fullmatch(r"convcalc\[(.*)\]", requirement)
        found |= set().union(*map(names, others[1].split(","))) if others else {re.split("[=<>]", requirement)[0]}
    return found


def test_the_top_level_holds_what_a_project_is_made_of() -> None:
    """A package fetched for an experiment, say, is not committed."""
    found = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip("a checkout has a history")
    shown = {name for name in found.stdout.split() if not name.startswith(".")}
    assert shown == {"pyproject.toml", "src", "tests", "kernels", "examples", "findings"} | {
        *("README.md", "LICENSE", "CHANGELOG.md")
    }


def test_hooks_need_what_the_extra_dev_brings() -> None:
    """Each is a command of a package that pip has installed; none is fetched from elsewhere."""
    [repository] = loaded(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert [hook["language"] for hook in repository["hooks"]] == ["system"] * len(repository["hooks"])
    commands = [hook["entry"] for hook in repository["hooks"]]
    assert commands == ["ruff check", "ruff format --check", "mypy", "pytest -m fast"]
    assert {command.split()[0] for command in commands} <= names("dev")


def test_workflow_runs_everything_on_each_python_and_the_fast_tests_elsewhere() -> None:
    """``.ci/run`` finds the Pythons that the project says it runs on; other systems have the fast tests."""
    jobs = loaded(".github/workflows/ci.yml")["jobs"]
    steps = jobs["everything"]["steps"]
    assert steps[-1]["run"] == ".ci/run"
    pythons = steps[1]["with"]["python-version"].split()
    tried = re.search(r"for version in (.*); do", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert tried
    assert sorted(pythons) == ["3.11", *tried[1].split()]
    assert PROJECT["requires-python"] == f">={min(pythons)}"
    assert jobs["elsewhere"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert jobs["elsewhere"]["steps"][-1]["run"].startswith("pytest -m fast")


def test_changelog_keeps_its_form() -> None:
    """Keep a Changelog: what is not released comes first, and every change stands under a word of its list."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert versions[0] == "Unreleased"
    groups = re.findall(r"^### (.+)$", text, re.MULTILINE)
    order = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    assert groups == [group for group in order if group in groups]
