"""`publisher serve` and `demo` as processes."""

import re
import signal
import socket
from pathlib import Path

from tests.servers.loopback import HOST, free_port, wait_until
from tests.site import POST, contents, forms, get, new_site, publisher, python_m_publisher, raw, running

ANN = "ann@example.org"


def _post(port: int, path: str, form: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {len(form)}\r\n"
    return raw(port, f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}".encode())


def test_serve_shows_the_site_rebuilds_mails_and_tells_its_log_no_address(tmp_path: Path) -> None:
    site, port = new_site(tmp_path / "site", {"LOG_LEVEL": "info"}), free_port()
    url = f"http://{HOST}:{port}"
    with running("serve", "--dev", "--port", str(port), cwd=site, said=tmp_path / "said") as serve:
        serve.wait_for(f"at {url}/ ")
        assert get(f"{url}/").status == 200
        assert f"{url}/2026/11/low-water/" in get(f"{url}/rss.xml").text
        (site / "posts" / "new.md").write_text(POST.replace("Low water", "High water"))
        wait_until(lambda: "High water" in get(f"{url}/rss.xml").text, "the new post is in the feed")

        token = forms(get(f"{url}/subscribe").text)[0].fields["token"]
        assert b" 200 " in _post(port, "/subscribe", f"email={ANN}&token={token}")[:20]
        wait_until(lambda: ANN in get(f"{url}/dev/mail").text, "the letter was written")
        letter = re.findall(r"mail/(\w+)", get(f"{url}/dev/mail").text)[0]
        text = get(f"{url}/dev/mail/{letter}/text").text
        confirm = re.findall(rf"{url}(/confirm/\S+)", text)[0]
        assert b"You are subscribed" in _post(port, confirm, "")
        get(f"{url}/confirm/x{confirm[9:]}")
        get(f"{url}/nothing{confirm}")
        raw(port, f"GET {confirm} HTTP/1.1\r\nbroken\r\n\r\n".encode())

        second = publisher("serve", "--port", "0", cwd=site)
        assert second.code == 75
        assert "another publisher serves" in second.err
        assert "--no-schedule" in second.err
        taken = publisher("serve", "--port", str(port), cwd=site)
        assert taken.code == 1
        assert f"{HOST}:{port}: Address already in use, wanted is a free one: --port {port + 1}" in taken.err
        assert len(taken.err.splitlines()) == 1

        assert serve.stop(signal.SIGTERM) == 0
        said = serve.said.read_text()
    assert "event=letters.done sent=1" in said
    assert "event=subscriber.confirmed" in said
    assert "Traceback" not in said
    for secret in (ANN, confirm.rpartition("/")[2], token):
        assert secret not in said


def test_serve_without_the_ticker_is_the_web_alone(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")
    with running("serve", "--no-schedule", "--port", "0", cwd=site, said=tmp_path / "said") as serve:
        said = serve.wait_for("No mail leaves")
        url = re.findall(r"at (http://\S+)/ ", said)[0]
        assert get(f"{url}/").status == 200
        assert get(f"{url}/dev/mail").status == 404
        assert serve.stop(signal.SIGINT) == 0


def test_serve_says_what_is_the_matter_with_an_address_that_is_not_ours(tmp_path: Path) -> None:
    done = publisher("serve", "--host", "203.0.113.7", cwd=new_site(tmp_path / "site"))
    assert done.code == 1
    assert "203.0.113.7:8000: " in done.err
    assert "wanted is another --host or --port" in done.err
    assert len(done.err.splitlines()) == 1


def test_demo_leaves_letters_and_touches_no_site_where_it_runs(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "var").mkdir(parents=True)
    (here / "posts").mkdir()
    (here / ".env").write_text("PUBLISHER_NONSENSE=1\nPUBLISHER_SITE_TITLE=Mine\n")
    (here / "var" / "publisher.db").write_text("mine")
    before = contents(here)
    (tmp_path / "tmp").mkdir()
    done = python_m_publisher(
        "demo",
        "--no-serve",
        cwd=here,
        settings={"SITE_TITLE": "Mine", "SMTP_HOST": "smtp.example.org"},
        tmp=tmp_path / "tmp",
    )
    assert done.code == 0, done.err
    assert contents(here) == before
    (folder,) = (tmp_path / "tmp").iterdir()
    letters = sorted((folder / "var" / "mail").glob("*.eml"))
    assert str(folder / "var" / "mail") in done.err
    assert len(letters) == 2
    subjects = "".join(path.read_text() for path in letters)
    assert "The post that came after you signed up" in subjects
    assert "Mine" not in subjects
    assert (folder / "public" / "rss.xml").is_file()


def test_demo_prints_addresses_that_all_answer_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with running("demo", "--port", "0", cwd=tmp_path, said=tmp_path / "said", tmp=tmp_path / "tmp") as demo:
        said = demo.wait_for("publisher init my-site")
        addresses = set(re.findall(r"http://[^\s]+", said))
        assert {address.partition("/")[2].partition("/")[2].partition("/")[2] for address in addresses} >= {
            "", "rss.xml", "atom.xml", "subscribe", "dev/mail",
        }  # fmt: skip
        for address in sorted(addresses):
            assert get(address).status == 200, address
        (letters,) = (address for address in addresses if address.endswith("/dev/mail"))
        found = re.findall(r"mail/(\w+)", get(letters).text)
        assert len(found) == 2
        for name in found:
            for part in ("", "/html", "/text", "/source"):
                assert get(f"{letters}/{name}{part}").status == 200
        assert any("The post that came after you signed up" in get(f"{letters}/{name}/text").text for name in found)
        assert demo.stop(signal.SIGINT) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_demo_on_a_port_that_is_taken_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with socket.create_server((HOST, 0)) as holder:
        port = holder.getsockname()[1]
        done = python_m_publisher("demo", "--port", str(port), cwd=tmp_path, tmp=tmp_path / "tmp")
    assert done.code == 1
    assert f"{HOST}:{port}: Address already in use" in done.err
    assert list((tmp_path / "tmp").iterdir()) == []
