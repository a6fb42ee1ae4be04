"""The recipe for nginx in docs/embedding.md, run as it stands: everything goes over the website's own domain."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import Product, Visit
from tests.conversations.house import ROOT, free_port

PAGE = (
    '<!doctype html><html lang="en"><head><title>Shop</title>'
    '<script src="/privacy-assistant/website/widget/latest/privacy-assistant.js" defer></script></head>'
    "<body><h1>Shop</h1></body></html>"
)


@pytest.fixture
def own_domain(product: Product, tmp_path: Path) -> Iterator[str]:
    """Run nginx with the recipe before a page of the website's own."""
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    recipe = re.search(r"```nginx\n(.*?)```", text, re.DOTALL).group(1).replace("5005", str(product.assistant_port))
    port = free_port()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text(PAGE, encoding="utf-8")
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
        f"fastcgi_temp_path {tmp_path}/fastcgi; uwsgi_temp_path {tmp_path}/uwsgi; scgi_temp_path {tmp_path}/scgi;\n"
        f"server {{ listen 127.0.0.1:{port}; root {tmp_path}/site; types {{ text/html html; }}\n{recipe}}} }}\n",
        encoding="utf-8",
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("nginx did not start.")


def test_conversation_over_the_websites_own_domain(own_domain: str, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{own_domain}/").open()
    visitor.say("Which cookies do you use?")
    assert visitor.origins() == {own_domain}
    assert [request for request in visitor.requests if "/privacy-assistant/webchat/messages" in request.url]
