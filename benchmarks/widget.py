"""Measure how soon the widget can be used on a slow line and a slow device, beside two ready-made ones, in one run.

Each is loaded by the same small page from the same server, compressed the same way (gzip). Usable means that the field
to write in, or the launcher that opens it, is drawn and takes a press. `python -m benchmarks.widget --runs 5`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bot.widget.build import current_manifest, ensure_widget
from tests.browser.conftest import CHROMIUM, QUIET

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "results" / "widget-peers"
PACKAGES = ("deep-chat@2.4.2", "rasa-webchat@1.0.1")
BITS_A_SECOND = 400_000
SLOWER = 4
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head>'
    "<body><h1>Shop</h1>{}</body></html>"
)
#: What a page embeds, and what finds the part that a visitor uses first.
WIDGETS = {
    "ours": (
        '<script src="/ours.js" defer></script>',
        "document.querySelector('privacy-assistant')?.shadowRoot?.querySelector('.launcher')",
    ),
    "deep-chat 2.4.2": (
        '<script src="/deep-chat.js" type="module"></script><deep-chat></deep-chat>',
        "document.querySelector('deep-chat')?.shadowRoot?.querySelector('#text-input')",
    ),
    "rasa-webchat 1.0.1": (
        '<script src="/rasa-webchat.js"></script>'
        # It hides until it has a connection, and there is no Rasa here: its launcher counts as soon as it exists.
        "<script>WebChat.default({socketUrl: location.origin, hideWhenNotConnected: false}, null)</script>",
        "document.querySelector('.rw-launcher') && document.body",
    ),
}
USABLE = """() => new Promise((resolve, reject) => {{
  const look = () => {{
    const part = {finder};
    const box = part?.getBoundingClientRect();
    if (box?.width && box.height) requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0));
    else if (performance.now() > 60000) reject(new Error("It was not usable after a minute."));
    else setTimeout(look, 10);
  }};
  look();
}})"""


def main() -> int:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--json", type=Path, help="write the figures there too")
    chosen = options.parse_args()
    files = _files()
    with _serving(files) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        figures = {name: _measure(browser, address, name, chosen.runs) for name in WIDGETS}
        browser.close()
    print("| widget | KB over the line (gzip) | requests to others | usable, median | slowest |")
    print("|---|---|---|---|---|")
    for name, one in figures.items():
        print(
            f"| {name} | {one['kilobytes']:.1f} | {one['foreign']} | {one['median']:.2f} s | {one['slowest']:.2f} s |"
        )
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _files() -> dict[str, tuple[str, bytes]]:
    """Collect what the server sends: our built file, the peers' published ones, and a page for each."""
    print(ensure_widget())
    manifest = current_manifest()
    if manifest is None:
        raise SystemExit("The widget could not be built; see above.")
    if not (PEERS / "node_modules" / "rasa-webchat").is_dir():
        PEERS.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"]
        subprocess.run([*command, "--prefix", str(PEERS), *PACKAGES], check=True, capture_output=True)
    modules = PEERS / "node_modules"
    scripts = {
        "/ours.js": ROOT / "bot/widget/dist" / manifest["file"],
        "/deep-chat.js": modules / "deep-chat/dist/deepChat.bundle.js",
        "/rasa-webchat.js": modules / "rasa-webchat/lib/index.js",
    }
    files = {path: ("text/javascript", file.read_bytes()) for path, file in scripts.items()}
    for name, (embedding, _) in WIDGETS.items():
        files[_path(name)] = ("text/html; charset=utf-8", PAGE.format(embedding).encode())
    return files


def _path(name: str) -> str:
    return f"/{name.split()[0]}.html"


class _serving:
    """Serve the files, compressed, on a free port."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        packed = {path: (kind, gzip.compress(body, 9)) for path, (kind, body) in files.items()}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                kind, body = packed.get(self.path.split("?")[0], ("text/plain", b""))
                self.send_response(200 if body else 404)
                if body:
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()


def _measure(browser: Browser, address: str, name: str, runs: int) -> dict[str, float]:
    """Load the page afresh several times, each in a profile of its own."""
    times, weights, foreign = [], [], set()
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        tools = context.new_cdp_session(page)
        tools.send("Network.enable")
        speed = BITS_A_SECOND / 8
        conditions = {"offline": False, "latency": 0, "downloadThroughput": speed, "uploadThroughput": speed}
        tools.send("Network.emulateNetworkConditions", conditions)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        received: list[float] = []
        tools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))  # noqa: B023
        page.on("request", lambda request: foreign.add(request.url) if not request.url.startswith(address) else None)
        # Other hosts are not reachable here; a real page would wait for them as well.
        page.goto(address + _path(name), wait_until="commit")
        times.append(page.evaluate(USABLE.format(finder=WIDGETS[name][1])) / 1000)
        weights.append(sum(received) / 1000)
        context.close()
    return {
        "kilobytes": statistics.median(weights),
        "foreign": len([url for url in foreign if url.startswith("http")]),
        "median": statistics.median(times),
        "slowest": max(times),
    }


if __name__ == "__main__":
    raise SystemExit(main())
