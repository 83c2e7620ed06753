"""A private Caddy that serves one folder by a snippet of ours, without certificates and without its own remote control."""

from types import TracebackType
from typing import Self

from tests.servers.loopback import HOST, Folder, Process, free_port, listens, started
from tests.servers.packages import program

_CONFIGURATION = """\
{{
    admin off
    auto_https off
    storage file_system {folder}/storage
}}
http://{host}:{port} {{
    bind {host}
    import {folder}/site
}}
"""


class Caddy:
    """`snippet` is what stands in its site block."""

    def __init__(self, snippet: str) -> None:
        self._folder = Folder("caddy")
        self._snippet = snippet
        self._process: Process | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        folder = self._folder.path
        (folder / "site").write_text(self._snippet)
        (folder / "Caddyfile").write_text(_CONFIGURATION.format(folder=folder, host=HOST, port=self.port))
        home = [f"HOME={folder}", f"XDG_CONFIG_HOME={folder}", f"XDG_DATA_HOME={folder}"]
        program_path = program("caddy") or "caddy"
        command = ["env", *home, program_path, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        self._process = Process(command, output=folder / "output")
        started(self._process, lambda: listens(self.port), name="Caddy", log=self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.stop()
        self._folder.remove()

    def log(self) -> str:
        return (self._folder.path / "output").read_text(errors="replace")
