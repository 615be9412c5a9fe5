"""The profiles: backup, digest, alerts, monitoring and tls."""

import json
import re
import socket
import ssl

from deploy.compose_check.news_site import HTTP_PORT, SMTP_PORT
from deploy.compose_check.stack import CheckError, Stack, docker, wait_until

__all__ = ["alert", "backup", "digest", "monitor", "proxy"]

PUBLIC_URL = "https://desk.localhost"


def has_image(stack: Stack, service: str) -> bool:
    """Whether the image of a service is here, or can be fetched."""
    try:
        stack.compose("pull", "--quiet", "--policy", "missing", service)
    except CheckError:
        image = json.loads(stack.compose("--profile", "*", "config", "--format", "json"))["services"][service]["image"]
        return bool(docker("image", "ls", "--quiet", image).strip())
    return True


def backup(stack: Stack) -> str:
    stack.up("backup", profiles=["backup"])
    seconds = stack.wait_healthy("backup")
    return f"the first after {seconds:.0f} s: {newest_backup(stack)}"


def newest_backup(stack: Stack) -> str:
    """The path of the newest complete backup, in the container."""
    made = stack.inside("backup", "sh", "-c", "ls -d /backups/onestory-*/manifest.json").split()
    return max(made).removesuffix("/manifest.json")


def digest(stack: Stack) -> str:
    stack.put_secret("smtp_url", f"smtp://site:{SMTP_PORT}")
    stack.env |= {
        "ONESTORY_SMTP_URL_FILE": "./secrets/smtp_url",
        "ONESTORY_DIGEST_MAIL": "desk@site.example",
        "ONESTORY_DIGEST_HOUR": "0",
        "ONESTORY_MAIL_FROM": "onestory@site.example",
    }
    stack.up("digest", profiles=["digest"])
    return _sent(stack, "mail: Subject:")


def alert(stack: Stack) -> str:
    """The webhook reports that there is no backup yet. This check therefore runs before the one that makes a backup."""
    stack.env["ONESTORY_ALERT_WEBHOOK"] = f"http://site:{HTTP_PORT}/alerts"
    stack.up("alerts", profiles=["alerts"])
    return _sent(stack, "message to /alerts:")


def _sent(stack: Stack, start: str) -> str:
    """The first line of what the site has got that starts so; waits for it."""

    def found() -> list[str]:
        return [line for line in stack.log_of("site") if line.startswith(start)]

    wait_until(lambda: bool(found()), what=f"the site gets a {start.rstrip(':')}")
    return found()[0]


def monitor(stack: Stack) -> str:
    said = stack.inside("api", "onestory", "keys", "add", "prometheus", "--scope", "read")
    [key] = re.findall(r"onestory_[0-9a-f]+_[0-9a-f]+", said)
    stack.put_secret("metrics_key", key)
    services = [service for service in ("prometheus", "grafana") if has_image(stack, service)]
    if not services:
        return "not run: no image of Prometheus or Grafana"
    stack.up(*services, profiles=["monitoring"])
    stack.wait_healthy(*services)
    if "prometheus" in services:
        wait_until(lambda: _targets(stack) == ["api", "crawler", "crawler"], what="Prometheus reads API and crawlers")
    return f"{' and '.join(services)} healthy" + ("" if "grafana" in services else "; Grafana not run: no image")


def _targets(stack: Stack) -> list[str]:
    """The jobs of the targets that Prometheus reads without an error."""
    said = stack.inside("prometheus", "wget", "-q", "-O", "-", "http://127.0.0.1:9090/api/v1/targets")
    return sorted(one["labels"]["job"] for one in json.loads(said)["data"]["activeTargets"] if one["health"] == "up")


def proxy(stack: Stack) -> str:
    """Caddy makes its own certificate for a name under localhost."""
    if not has_image(stack, "proxy"):
        return "not run: no image of Caddy"
    stack.env["ONESTORY_PUBLIC_URL"] = PUBLIC_URL
    stack.up("proxy", "api", profiles=["tls"])
    stack.wait_healthy("proxy", "api")
    head = _head_through_tls()
    if not head.startswith("HTTP/1.1 200 ") or "\r\nStrict-Transport-Security: " not in head:
        raise CheckError(f"{PUBLIC_URL}/readyz answers:\n{head}")
    return f"{PUBLIC_URL}/readyz answers 200"


def _head_through_tls() -> str:
    """The head of the answer. The name has no address, and Caddy's own certificate authority is not known here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host = PUBLIC_URL.partition("://")[2]
    with (
        socket.create_connection(("127.0.0.1", 443), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return connection.makefile("rb").read().decode("latin-1").partition("\r\n\r\n")[0]
