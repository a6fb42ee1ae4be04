"""Static files whose addresses carry a hash of their content, so that browsers never ask for them twice."""

from __future__ import annotations

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOR_EVER = "public, max-age=31536000, immutable"


class LastingStatic(StaticFiles):
    """Serve `/<hash>/<file>`; the hash only makes the address new when the file is."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give the file behind the hash."""
        _, _, name = path.partition("/")
        response = await super().get_response(name or path, scope)
        response.headers["Cache-Control"] = _FOR_EVER
        return response
