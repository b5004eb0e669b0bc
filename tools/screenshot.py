# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Takes docs/dashboard.png: the dashboard of examples/, in the middle of a patrol.
"""``./dev shell python -m tools.screenshot`` needs chromium (Debian: apt install chromium)."""

from __future__ import annotations

from tools import loopback

loopback.isolate()

import contextlib  # noqa: E402
import io  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "dashboard.png"
LAPS = 1.4
PATIENCE_MS = 120_000


@contextlib.contextmanager
def start(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program of the dashboard for the time of the block."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", module, *arguments],
        cwd=ROOT / "examples" / "dashboard",
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def take(url: str) -> bytes:
    """Send the robot on a patrol, and take the picture when it has driven enough."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 768})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(url)
        page.click("#start:enabled")
        driven = "parseFloat(document.querySelector('#percent').textContent)"
        page.wait_for_function(f"{driven} >= {LAPS}")
        picture = page.screenshot()
        browser.close()
    return picture


def main() -> None:
    """Take the picture, in 256 colours that show no difference."""
    with start("dashboard.robot"), start("dashboard.main", "--port=0") as dashboard:
        assert dashboard.stdout is not None
        found = re.search(r"http://\S+", dashboard.stdout.readline())
        assert found is not None
        picture = Image.open(io.BytesIO(take(found[0]))).convert("RGB")
    palette = picture.quantize(256, method=Image.Quantize.FASTOCTREE, kmeans=4)
    picture.quantize(palette=palette).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
