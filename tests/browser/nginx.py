"""A real nginx before the service, as a plain process on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

_CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /news/ {{
      proxy_pass {target};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      {more}
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, service: str, *, strip: bool, tell: bool) -> Iterator[str]:
    """Run nginx before a service; gives the address of the service's page behind it.

    Args:
        folder: For its configuration and files; one that does not exist yet.
        service: The service's own address.
        strip: Whether the prefix is taken off the path.
        tell: Whether the prefix is told in X-Forwarded-Prefix.
    """
    assert NGINX is not None
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            folder=folder,
            port=port,
            target=service + "/" * strip,
            more="proxy_set_header X-Forwarded-Prefix /news;" if tell else "",
        ),
        "utf-8",
    )
    process = subprocess.Popen([NGINX, "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(config)])
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/news/"
    finally:
        process.terminate()
        process.wait(10)
