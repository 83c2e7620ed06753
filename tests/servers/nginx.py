"""A private nginx that serves one folder by a snippet of ours."""

from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.loopback import HOST, Folder, Process, free_port, listens, started
from tests.servers.packages import is_root, program

_CONFIGURATION = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/log;
worker_processes {workers};
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    types_hash_max_size 4096;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {host}:{port};
        include {folder}/site.conf;
    }}
}}
"""


class Nginx:
    """`snippet` is what stands in its server block. As root its workers stay root, to read folders of the tests."""

    def __init__(self, snippet: str, *, workers: int = 1) -> None:
        self._folder = Folder("nginx")
        self._snippet, self._workers = snippet, workers
        self._process: Process | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        folder = self._folder.path
        (folder / "site.conf").write_text(self._snippet)
        (folder / "nginx.conf").write_text(
            _CONFIGURATION.format(
                user="user root;" if is_root() else "", folder=folder, workers=self._workers, host=HOST, port=self.port
            )
        )
        command = [program("nginx") or "nginx", "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")]
        self._process = Process(command, output=folder / "output")
        started(self._process, lambda: listens(self.port), name="nginx", log=self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.stop()
        self._folder.remove()

    def log(self) -> str:
        files: list[Path] = [self._folder.path / name for name in ("output", "log")]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())
