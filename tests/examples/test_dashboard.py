# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of examples/dashboard, as a person sees it: in a browser.
"""Robot, dashboard and browser are real, and serve all tests; each leaves the robot standing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import websockets
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support import examples, network

pytestmark = pytest.mark.once

DEADLINE_MS = 30_000
TOPICS = ("odom", "imu", "scan", "joint_states", "battery")


@dataclass
class Visit:
    """A page that is open, and what happened to it that should not."""

    page: Page
    url: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = shutil.which("chromium")
    if chromium is None:
        message = "There is no chromium (Debian: apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    # Its own sandbox needs rights that root in a container has not, and the page is ours.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(browser: Browser) -> Iterator[str]:
    """A robot, faster than a real one, and its dashboard."""
    domain_id = network.domain_id()
    arguments = ["--ros-args", "--log-level", "error", "-p", "pace:=8.0"]
    with (
        examples.start("dashboard", "dashboard.robot", *arguments, domain_id=domain_id) as robot,
        start_dashboard(0, domain_id) as dashboard,
    ):
        yield url_of(dashboard)
        end(dashboard)
        end(robot)


def start_dashboard(port: int, domain_id: int) -> examples.Started:
    return examples.start("dashboard", "dashboard.main", "--port", port, domain_id=domain_id)


def url_of(dashboard: subprocess.Popen[str]) -> str:
    assert dashboard.stdout is not None
    line = dashboard.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, (line, dashboard.communicate())
    return found[0]


def end(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C; it must end well, without a word."""
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=examples.DEADLINE_SEC) == ("", "")
    assert process.returncode == 0


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Visit]]:
    """Open a page at an URL, and wait until it is live. Nothing may have gone wrong in the end."""
    visits: list[Visit] = []
    refused = "net::ERR_CONNECTION_REFUSED"  # the browser tells of each, while nobody serves

    def open_page(url: str) -> Visit:
        page = browser.new_page(viewport={"width": 1280, "height": 768})
        page.set_default_timeout(DEADLINE_MS)
        visits.append(visit := Visit(page, url))
        page.on("request", lambda request: visit.requested.append(request.url))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("console", lambda message: visit.complaints.append(message.text))
        page.goto(url)
        page.wait_for_selector("#link.live")
        return visit

    yield open_page
    for visit in visits:
        visit.page.close()
        assert [text for text in visit.complaints if refused not in text] == []


@pytest.fixture
def visit(url: str, open_page: Callable[[str], Visit]) -> Visit:
    """The page of the dashboard."""
    return open_page(url)


#: Whether a plot has pixels that are about as bright as its line is.
DRAWN = """topic => {
  const canvas = document.querySelector(`#plot-${topic} canvas`);
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    count += data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) > 140;
  }
  return count > 20;
}"""


#: Notes all that is shown of the progress of a patrol.
NOTE_PROGRESS = """() => {
  window.progress = [];
  const shown = document.querySelector('#percent');
  new MutationObserver(() => progress.push(shown.textContent)).observe(shown, {childList: true});
}"""


def wait_for(page: Page, expression: str) -> None:
    page.wait_for_function(expression)


def test_topics_are_plotted_as_they_arrive(visit: Visit) -> None:
    """Every plot gets samples of its topic, and draws a line; the map is not empty."""
    for topic in TOPICS:
        plot = f"document.querySelector('#plot-{topic}')"
        wait_for(visit.page, f"{plot}.dataset.samples > 100")
        wait_for(visit.page, f"/[1-9]\\d* .s/.test({plot}.innerText)")
        visit.page.wait_for_function(DRAWN, arg=topic)
    wait_for(visit.page, "parseFloat(document.querySelector('#updates').textContent) > 5")
    assert visit.page.locator("#cpu").inner_text().endswith("%")


def test_it_works_offline(visit: Visit) -> None:
    """The page asks for nothing but what the dashboard serves."""
    wait_for(visit.page, "document.body.dataset.frames > 1")
    assert all(address.startswith(visit.url) for address in visit.requested), visit.requested


def test_a_button_calls_a_service(visit: Visit) -> None:
    """The motors' button starts the robot and stops it, and shows what the robot answers."""
    page = visit.page
    page.click("#motors:enabled >> text=Start the motors")
    page.wait_for_selector("#answer >> text=The motors are on")
    wait_for(page, "parseFloat(document.querySelector('#plot-odom .value').textContent) > 0.1")
    page.click("#motors:enabled >> text=Stop the motors")
    page.wait_for_selector("#answer >> text=The motors are off")
    wait_for(page, "parseFloat(document.querySelector('#plot-odom .value').textContent) == 0")


def test_a_goal_shows_its_feedback_to_the_end(visit: Visit) -> None:
    """A patrol of one lap: its feedback fills the bar, and its end is told."""
    page = visit.page
    page.evaluate(NOTE_PROGRESS)
    page.click("#fewer")
    page.click("#fewer")
    page.click("#start:enabled")
    page.wait_for_selector("#status[data-status=succeeded]")
    assert page.inner_text("#percent") == "1.0 of 1 lap"
    assert any("0.0 of 1 lap" < shown < "1.0 of 1 lap" for shown in page.evaluate("progress"))
    page.wait_for_selector("#motors >> text=Start the motors")


def test_a_goal_is_canceled(visit: Visit) -> None:
    """Cancel ends a patrol at the robot, which stops; another one can start."""
    page = visit.page
    for _ in range(2):
        page.click("#start:enabled")
        page.click("#cancel:enabled")
        page.wait_for_selector("#status[data-status=canceled]")
        page.wait_for_selector("#motors >> text=Start the motors")


def test_a_patrol_ends_when_the_motors_are_stopped(visit: Visit) -> None:
    """The robot aborts its goal, and the page says so."""
    page = visit.page
    page.click("#start:enabled")
    page.click("#motors:enabled >> text=Stop the motors")
    page.wait_for_selector("#status[data-status=aborted]")


def test_an_empty_battery_stops_the_robot(open_page: Callable[[str], Visit]) -> None:
    """It stands and charges, and refuses to drive; the page shows all of it."""
    domain_id = network.domain_id()
    arguments = ["--ros-args", "--log-level", "fatal", "-p", "battery:=0.2"]
    with (
        examples.start("dashboard", "dashboard.robot", *arguments, domain_id=domain_id) as robot,
        start_dashboard(0, domain_id) as dashboard,
    ):
        page = open_page(url_of(dashboard)).page
        page.wait_for_selector("#volts.low >> text=charging")
        page.click("#start:enabled")
        page.wait_for_selector("#status[data-status=aborted]")
        page.wait_for_selector("#motors >> text=Start the motors")
        wait_for(page, "parseFloat(document.querySelector('#plot-odom .value').textContent) == 0")
        page.wait_for_selector("#volts.low >> text=charging")
        page.click("#motors:enabled")
        page.wait_for_selector("#answer >> text=The battery is empty, and charging")
        page.click("#start:enabled")
        page.wait_for_selector("#status[data-status=rejected]")
        end(dashboard)
        end(robot)


def test_an_empty_battery_is_charged_before_it_is_used() -> None:
    """The robot drives on when there is enough, and not by the drop that comes in at once."""
    room = examples.load("dashboard", "dashboard.room")
    drive = room.Drive(percent=0.1, motors_on=True)
    while not drive.empty:
        drive.step(0.1)
    for _ in range(30):
        drive.step(0.1)
    assert (drive.motors_on, drive.speed) == (False, 0.0)
    while drive.empty:
        assert drive.percent < room.ENOUGH
        drive.motors_on = True
        drive.step(0.1)
        assert drive.speed == 0.0
    drive.motors_on = True
    drive.step(0.1)
    assert drive.speed > 0.0


@pytest.mark.parametrize(("width", "height"), [(1280, 768), (1920, 1080), (400, 860)])
def test_the_page_fills_the_screen(visit: Visit, width: int, height: int) -> None:
    """Nothing is cut off; on a wide screen all is in sight, and the map has the rest of it."""
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    shown = page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
    assert shown[0] == width
    plots = page.locator(".plot").evaluate_all("all => all.map(one => one.getBoundingClientRect())")
    assert all(plot["right"] <= width for plot in plots)
    if width > 900:
        assert shown[1] == height
        assert 0 < height - max(plot["bottom"] for plot in plots) < 40


def test_a_second_patrol_is_refused(visit: Visit) -> None:
    """While one is under way another page cannot start one."""
    page = visit.page
    page.click("#start:enabled")
    page.wait_for_selector("#cancel:enabled")
    answer = page.request.post(f"{visit.url}/api/patrol", data={"laps": 1})
    assert answer.status == 409
    assert page.request.post(f"{visit.url}/api/patrol", data={"laps": 0}).status == 422
    page.click("#cancel:enabled")
    page.wait_for_selector("#status[data-status=canceled]")


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_another_web_site_drives_nothing(url: str, headers: dict[str, str]) -> None:
    """A page that the operator has open in another tab, or whose name resolves to this machine."""
    answer = httpx.post(f"{url}/api/motors", json={"on": False}, headers=headers)
    assert answer.status_code in (400, 403)

    if "Origin" in headers:
        with pytest.raises(websockets.InvalidStatus, match="403"):
            connect(f"{url.replace('http', 'ws')}/api/live", origin=Origin(headers["Origin"]))


def test_a_visitor_who_is_gone_holds_up_no_end() -> None:
    """In the middle of a request, as with a laptop that was closed. The server tells of it."""
    request = (
        "POST /api/motors HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n"
    )
    with start_dashboard(0, network.domain_id()) as dashboard:
        address = ("127.0.0.1", int(url_of(dashboard).rpartition(":")[2]))
        with socket.create_connection(address, examples.DEADLINE_SEC) as visitor:
            visitor.sendall(request.encode())
            assert visitor.recv(12) == b"HTTP/1.1 100"  # it waits for the rest
            dashboard.send_signal(signal.SIGINT)
            _, told = dashboard.communicate(timeout=examples.DEADLINE_SEC)
            assert dashboard.returncode == 0
            assert "timeout graceful shutdown exceeded" in told


def test_the_page_comes_back(open_page: Callable[[str], Visit]) -> None:
    """A dashboard that ends, in the middle of nothing, is missed, and found when it is back."""
    domain_id = network.domain_id()
    with start_dashboard(0, domain_id) as dashboard:
        visit = open_page(url_of(dashboard))
        end(dashboard)
    visit.page.wait_for_selector("#link >> text=connection lost")
    port = int(visit.url.rpartition(":")[2])
    with start_dashboard(port, domain_id) as dashboard:
        assert url_of(dashboard) == visit.url
        visit.page.wait_for_selector("#link.live")
        end(dashboard)
