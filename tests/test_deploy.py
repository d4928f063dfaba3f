"""What operators take over from deploy/ fits the service as it is."""

import json
import os
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from calendula import metrics

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTS = (PROMETHEUS / "alerts.yaml").read_text()
ALERTS_TEST = (PROMETHEUS / "alerts_test.yaml").read_text()
DASHBOARD: Any = json.loads((ROOT / "deploy" / "grafana" / "calendula.json").read_text())
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
NAMES = re.findall(r"- alert: (\w+)", ALERTS)
PANELS: Any = DASHBOARD["panels"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]


def _needs(tool: str, package: str) -> pytest.MarkDecorator:
    """Skip a test where a tool is not there, unless the environment lets nobody."""
    return pytest.mark.skipif(
        shutil.which(tool) is None and os.environ.get("TEST_TOOLS") != "required",
        reason=f"there is no {tool}: apt-get install {package}",
    )


needs_promtool = _needs("promtool", "prometheus")
needs_nginx = _needs("nginx", "nginx-light")


def _shown() -> set[str]:
    """Return the names of all samples that the service can show."""
    names: set[str] = set()
    for metric in metrics.registry().collect():
        suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}
        names |= {metric.name + it for it in suffixes.get(metric.type, ("",))}
    return names


@pytest.mark.parametrize("text", [ALERTS, ALERTS_TEST, *EXPRESSIONS])
def test_every_metric_that_is_named_is_there(text: str) -> None:
    """Alerts and dashboard ask for nothing that the service does not show."""
    named = set(re.findall(r"\b(?:calendula|process)_\w+", text))
    assert named <= _shown()


def test_every_alert_says_what_to_do() -> None:
    """Whoever is called finds a chapter about it, and no chapter is about an alert that is gone."""
    runbooks = re.findall(r"runbook: (\S+)", ALERTS)
    assert runbooks == [f"docs/operations.md#{name.lower()}" for name in NAMES]
    assert re.findall(r"^### (Calendula\w+)$", OPERATIONS, re.MULTILINE) == NAMES


def test_every_alert_is_tried_both_ways() -> None:
    """Of each alert it is shown that it is raised, and that it is not where all is well."""
    tried = re.findall(r"alertname: (\w+)(\}?)(?:\n\s+exp_alerts:)?", ALERTS_TEST)
    quiet = [name for name, brace in tried if brace]
    raised = re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels", ALERTS_TEST)
    assert quiet == NAMES
    assert raised == NAMES


def _run(*command: str, folder: Path = PROMETHEUS) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yaml"),
        ("check", "rules", "alerts.yaml"),
        ("test", "rules", "alerts_test.yaml"),
    ],
)
def test_prometheus_takes_them(arguments: tuple[str, ...]) -> None:
    """Configuration and alerts are right for Prometheus, and the alerts do what their tests say."""
    _run("promtool", *arguments)


@needs_promtool
def test_prometheus_understands_the_dashboard(tmp_path: Path) -> None:
    """Every question of the dashboard is PromQL."""
    rules = [
        {"record": f"panel:{number}", "expr": it.replace("$__rate_interval", "5m")}
        for number, it in enumerate(EXPRESSIONS)
    ]
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    _run("promtool", "check", "rules", "rules.yaml", folder=tmp_path)


def test_the_dashboard_has_grafanas_shape() -> None:
    """Grafana can import it: panels with places and questions, under variables it defines."""
    assert DASHBOARD["schemaVersion"] >= 39
    assert {"title", "uid", "templating", "time"} <= set(DASHBOARD)
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    variables = {it["name"] for it in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]+)", json.dumps(PANELS))) <= variables
    for panel in PANELS:
        assert panel["type"] in {"stat", "timeseries"}
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert [it["refId"] for it in panel["targets"]] == ["A", "B", "C"][: len(panel["targets"])]


def test_no_panel_covers_another() -> None:
    """Each panel has a place of its own."""
    for one, other in combinations((panel["gridPos"] for panel in PANELS), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@needs_nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    """The proxy's example is one that nginx starts with, but for the certificate."""
    names = ("-keyout", "privkey.pem", "-out", "fullchain.pem", "-subj", "/CN=clinic.example")
    _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names, folder=tmp_path)
    ours = (ROOT / "deploy" / "nginx" / "calendula.conf").read_text()
    (tmp_path / "calendula.conf").write_text(
        ours.replace("/etc/letsencrypt/live/clinic.example", str(tmp_path))
    )
    (tmp_path / "nginx.conf").write_text(
        "pid nginx.pid; events {} http { access_log off; include calendula.conf; }"
    )
    _run("nginx", "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr", folder=tmp_path)
