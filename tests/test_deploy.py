"""The files of deploy/: every setting, command, port, service and secret that they name is there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT

from rag.settings import Settings, load_settings

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OBJECTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
NGINX = (DEPLOY / "nginx.conf").read_text("utf-8")
ELSEWHERE = {"OPENAI_BASE_URL", "OPENAI_API_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT", "POSTGRES_PASSWORD"}
"""Variables of libraries, and one that another variable is made of."""


def of_kind(kind: str) -> Iterator[dict[str, Any]]:
    return (o for o in OBJECTS if o["kind"] == kind)


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each workload's pod with its container."""
    for kind in ("StatefulSet", "Deployment"):
        for workload in of_kind(kind):
            pod = workload["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            yield workload, container


def ours() -> Iterator[tuple[str, dict[str, str]]]:
    """Where onrecord's environment is told, and the environment."""
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "onrecord":
            yield f"compose {name}", {k: str(v) for k, v in service["environment"].items()}
    (settings,) = of_kind("ConfigMap")
    for workload, container in containers():
        if container["image"] == "onrecord":
            told = {e["name"]: e.get("value", "0" * 48) for e in container["env"]}
            assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
            yield f"kubernetes {workload['metadata']['name']}", {**settings["data"], **told}


def test_every_variable_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"ONRECORD_{name.upper()}" for name in Settings.model_fields}
    seen = 0
    for where, environment in ours():
        assert set(environment) <= known | ELSEWHERE, where
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                plain = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)  # its default
                patch.setenv(name, re.sub(r"\$\{\w+:\?.*?\}|\$\(\w+\)", "f" * 48, plain))
            read = load_settings()
        assert read.trusted_proxies and read.token and read.session_secret, where
        seen += 1
    assert seen == 4


def test_every_command_is_there() -> None:
    from rag.cli.app import app

    commands = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    entry = re.search(r'ENTRYPOINT \["(\w+)"\]', (ROOT / "Dockerfile").read_text("utf-8"))
    assert entry and entry[1] == "onrecord"
    told = [s.get("command", s.get("entrypoint", [""])[1:]) for s in COMPOSE["services"].values() if "build" in s]
    told += [c["args"] for _, c in containers() if c["image"] == "onrecord"]
    assert len(told) == 4 and all(command[0] in commands for command in told)


def test_the_image_has_what_it_needs() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert "ARG EXTRAS=" in dockerfile and '".[${EXTRAS}]"' in dockerfile
    named = [s["build"]["args"]["EXTRAS"] for s in COMPOSE["services"].values() if "build" in s]
    named += re.findall(r"ARG EXTRAS=(\S+)", dockerfile)
    named += re.findall(r"EXTRAS=(\S+)", (DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    assert len(named) == 5
    for extra in {e for names in named for e in names.split(",")}:
        assert extra in extras, extra


def test_names_and_ports_fit_together() -> None:
    servers = {(name, int(port)) for name, port in re.findall(r"server ([\w-]+):(\d+)", NGINX)}
    assert {name for name, _ in servers} <= set(COMPOSE["services"])
    services = {s["metadata"]["name"]: s["spec"] for s in of_kind("Service")}
    pods = {w["metadata"]["name"]: c for w, c in containers()}
    for name, port in servers:
        assert services[name]["ports"] == [{"port": port}]
        pod, _, ordinal = services[name]["selector"]["statefulset.kubernetes.io/pod-name"].rpartition("-")
        (workload,) = [o for o in of_kind("StatefulSet") if o["metadata"]["name"] == pod]
        start = workload["spec"]["ordinals"]["start"]
        assert start <= int(ordinal) < start + workload["spec"]["replicas"]
        assert {"containerPort": port} in pods[pod]["ports"]
    for _, environment in ours():
        for name in ("ONRECORD_CATALOG", "ONRECORD_VECTORS"):
            host = re.search(r"(?:@|//)([a-z]+)(?::(\d+))?(?:/\w+)?$", environment[name])
            assert host and host[1] in COMPOSE["services"] and host[1] in services, name
            assert services[host[1]]["ports"] == [{"port": int(host[2] or 5432)}]
    listened = re.search(r"listen (\d+);", NGINX)
    assert listened and COMPOSE["services"]["nginx"]["ports"] == [f"127.0.0.1:{listened[1]}:{listened[1]}"]
    assert services["news"]["ports"] == [{"port": 80, "targetPort": int(listened[1])}]
    for folder in re.findall(r"- \./(\S+):ro", (DEPLOY / "compose.yaml").read_text("utf-8")):
        assert (DEPLOY / folder.partition(":")[0]).exists()


def test_every_part_of_compose_refers_to_one_that_is_there() -> None:
    """What `docker compose config` would say, as far as it can be said without Docker."""
    services = COMPOSE["services"]
    assert set(COMPOSE) <= {"name", "services", "volumes", "networks", "x-onrecord"}
    known = {"image", "build", "restart", "environment", "depends_on", "networks", "command", "entrypoint", "volumes",
             "ports", "healthcheck", "profiles"}  # fmt: skip
    for name, service in services.items():
        assert set(service) <= known, name
        needed = service.get("depends_on", {})
        assert set(needed) <= set(services), name
        for other, how in needed.items() if isinstance(needed, dict) else ():
            assert how["condition"] in ("service_started", "service_healthy"), name
            assert how["condition"] == "service_started" or "healthcheck" in services[other], (name, other)
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", ()):
            source, _, target = volume.partition(":")
            assert target.startswith("/") and (source.startswith("./") or source in COMPOSE["volumes"]), volume
        # What a service keeps is in the folder that its image declares to be one.
        if service.get("image") == "onrecord":
            assert any(v.partition(":")[2] == "/data" for v in service["volumes"]), name
    assert "VOLUME /data" in (ROOT / "Dockerfile").read_text("utf-8")
    (subnet,) = [each["subnet"] for each in COMPOSE["networks"]["inside"]["ipam"]["config"]]
    for name, environment in ours():
        if name.startswith("compose"):
            assert subnet in environment["ONRECORD_TRUSTED_PROXIES"], "nginx is in it"


def test_every_part_of_kubernetes_refers_to_one_that_is_there() -> None:
    """What `kubectl apply --dry-run` would say, as far as it can be said without a cluster."""
    versions = {"ConfigMap": "v1", "Service": "v1", "StatefulSet": "apps/v1", "Deployment": "apps/v1"}
    names = {(o["kind"], o["metadata"]["name"]) for o in OBJECTS}
    assert len(names) == len(OBJECTS)
    assert all(o["apiVersion"] == versions[o["kind"]] for o in OBJECTS)
    labels = []
    for workload, container in containers():
        spec, pod = workload["spec"], workload["spec"]["template"]
        assert spec["selector"]["matchLabels"] == pod["metadata"]["labels"]
        labels.append(pod["metadata"]["labels"])
        if workload["kind"] == "StatefulSet":
            assert ("Service", spec["serviceName"]) in names
        claims = {c["metadata"]["name"] for c in spec.get("volumeClaimTemplates", ())}
        volumes = claims | {v["name"] for v in pod["spec"].get("volumes", ())}
        assert {m["name"] for m in container["volumeMounts"]} <= volumes
        ports = {p["containerPort"] for p in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            for way in ("httpGet", "tcpSocket"):
                assert container.get(probe, {}).get(way, {"port": min(ports)})["port"] in ports
    for service in of_kind("Service"):
        selector = service["spec"]["selector"]
        assert selector in labels or "statefulset.kubernetes.io/pod-name" in selector, service


def test_every_path_and_port_that_is_asked_is_answered(tmp_path: Path) -> None:
    """Those of probes, of Prometheus and of the image's health check, by a running service with the token."""
    from helpers import fill, many
    from service.calls import client

    from rag import Archive
    from rag.service.access import Access
    from rag.service.http import create_app
    from rag.service.scheduler import RequestScheduler
    from rag.testing import FakeChat, FakeEmbeddings

    (workload,) = [w for w, c in containers() if c["image"] == "onrecord"]
    container = workload["spec"]["template"]["spec"]["containers"][0]
    scraped = workload["spec"]["template"]["metadata"]["annotations"]
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    asked = {container[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe")}
    asked |= {"/readyz", scraped["prometheus.io/path"]} | set(re.findall(r"127.0.0.1:8000(/\w+)", dockerfile))
    assert asked == {"/healthz", "/readyz", "/metrics"}
    ports = {str(p["containerPort"]) for p in container["ports"]} | set(re.findall(r"EXPOSE (\d+)", dockerfile))
    ports |= {scraped["prometheus.io/port"]} | set(re.findall(r"server onrecord-\d:(\d+)", NGINX))
    assert ports == {str(Settings.model_fields["port"].default)}
    with Archive.open(tmp_path / "a", chat_model=FakeChat(), embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(3))
        with client(create_app(RequestScheduler(archive), Access(token="t" * 20))) as web:
            for path in asked:
                bare, signed = (web.get(path, headers=h) for h in ({}, {"authorization": f"Bearer {'t' * 20}"}))
                assert (bare.status_code, signed.status_code) == (200 if path == "/healthz" else 401, 200), path


def test_secrets_are_those_that_the_first_lines_make() -> None:
    text = (DEPLOY / "kubernetes.yaml").read_text("utf-8")
    made = set(re.findall(r"--from-literal=([\w-]+)=", text))
    used = set(re.findall(r"secretKeyRef: \{ name: onrecord, key: ([\w-]+) \}", text))
    assert used == made and len(used) == 3
    exported = set(re.findall(r"(\w+)=\$\(openssl", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert exported == set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text("utf-8")))


def test_the_probe_asks_a_service(tmp_path: Path) -> None:
    """The readiness probe's program, as it stands in the manifest: it succeeds only where it is told ready."""
    import http.server
    import sys
    import threading

    (probe,) = [c["readinessProbe"]["exec"]["command"] for _, c in containers() if c["image"] == "onrecord"]
    seen: list[tuple[str, str | None]] = []

    class Told(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["authorization"]))
            self.send_response(200 if len(seen) == 1 else 503)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Told) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = probe[2].replace("127.0.0.1:8000", f"127.0.0.1:{server.server_port}")
        environment = {**os.environ, "ONRECORD_TOKEN": "t"}
        codes = [subprocess.run([sys.executable, *probe[1:2], code], env=environment, capture_output=True).returncode
                 for _ in range(2)]  # fmt: skip
        server.shutdown()
    assert codes == [0, 1]
    assert seen == [("/readyz", "Bearer t")] * 2
