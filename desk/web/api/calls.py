"""A call by a program: whose token it is, what it may do, and that a repeated call does nothing twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from desk.application import Desk, Work, api_token
from desk.domain.errors import Conflict
from desk.services import api_tokens
from desk.storage.crypto import token_hash
from desk.storage.models import IdempotencyKey
from desk.storage.upsert import insert_into
from desk.web.api.models import Failure
from desk.web.visiting import desk_of

P = ParamSpec("P")
R = TypeVar("R")

FILE = "application/octet-stream"
_BINARY = {"type": "string", "format": "binary"}
_BEARER = HTTPBearer(auto_error=False, description="A token made under Team and access; each carries its scopes.")
_WORDS = {
    401: "There is no token, or it is not valid.",
    403: "The token does not have the scope that this call needs.",
    404: "There is no such thing.",
    409: "The state of the ticket, or a call with the same key, does not allow this.",
    413: "The file is larger than the desk takes.",
    422: "Something about the call is not right.",
    503: "The database does not answer; nothing was changed.",
}


class NoToken(Exception):
    """A call without a valid token."""


class ScopeMissing(Exception):
    """A call whose token may not do this."""


@dataclass(frozen=True)
class Call:
    """Who calls."""

    desk: Desk
    token_id: int
    scopes: frozenset[str]
    key: str | None

    @property
    def actor(self) -> str:
        """Name the program as the one who acts."""
        return api_token(self.token_id)


@dataclass(frozen=True)
class DeclaredCall:
    """A call as it was declared, for the test that walks all of them."""

    method: str
    path: str
    scope: str


class Api:
    """A group of calls; declaring one without a scope is not possible."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.router = APIRouter(prefix=prefix)
        self.declared: list[DeclaredCall] = []

    def call(
        self,
        method: str,
        path: str,
        scope: str,
        answer: type[Any] | None,
        *,
        status: int = 200,
        fails: tuple[int, ...] = (),
        file: bool = False,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare a call: the scope it needs, what it answers (a model, or a file) and how it may fail."""
        if scope not in api_tokens.SCOPES:
            raise ValueError(f"There is no scope {scope}.")
        self.declared.append(DeclaredCall(method, self.prefix + path, scope))
        responses: dict[int | str, dict[str, Any]] = {
            code: {"model": Failure, "description": _WORDS[code]} for code in (401, 403, 422, 503, *fails)
        }
        if file:
            responses[status] = {"description": "The file.", "content": {FILE: {"schema": _BINARY}}}

        def add(handler: Callable[P, R]) -> Callable[P, R]:
            self.router.add_api_route(
                path,
                handler,
                methods=[method],
                status_code=status,
                response_model=answer,
                response_class=Response if file else JSONResponse,
                responses=responses,
                dependencies=[Depends(_needs(scope))],
                openapi_extra={"x-scope": scope},
                tags=[path.split("/")[1]],
            )
            return handler

        return add


def current_call(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=200,
            pattern=r"^[!-~]+$",
            description="Your own text; repeating a call with it gets the first answer and does nothing twice.",
        ),
    ] = None,
) -> Call:
    """Find out who calls."""
    desk = desk_of(request)
    if credentials is None:
        raise NoToken
    with desk.read() as work:
        row = api_tokens.find(work, credentials.credentials)
        if row is None:
            raise NoToken
        stale = api_tokens.needs_touch(work, row)
    if stale:
        with desk.work(api_token(row.id)) as work:
            api_tokens.touch(work, row.id)
    return Call(desk, row.id, frozenset(row.scopes), idempotency_key)


CurrentCall = Annotated[Call, Depends(current_call)]


def _needs(scope: str) -> Callable[[Call], None]:
    def check(call: CurrentCall) -> None:
        if scope not in call.scopes:
            raise ScopeMissing

    return check


def once(
    call: Call, about: str, body: BaseModel | None, do: Callable[[Work], BaseModel], status: int = 200
) -> JSONResponse:
    """Do something in one transaction, and with a key only once: its answer is kept in the same transaction."""
    with call.desk.work(call.actor) as work:
        request_hash = hashlib.sha256(f"{about}\n{body.model_dump_json() if body else ''}".encode()).digest()
        known = _known_answer(work, call, request_hash) if call.key else None
        if known is not None:
            return known
        answer = json.loads(do(work).model_dump_json())
        if call.key:
            _keep_answer(work, call, status, answer)
    return JSONResponse(answer, status)


def _known_answer(work: Work, call: Call, request_hash: bytes) -> JSONResponse | None:
    place = {"token_id": call.token_id, "key_hash": token_hash(call.key or "")}
    values = {**place, "request_hash": request_hash, "created_at": work.now}
    statement = insert_into(work.session, IdempotencyKey).values(values).on_conflict_do_nothing()
    if work.session.scalar(statement.returning(IdempotencyKey.token_id)) is not None:
        return None
    row = work.session.get_one(IdempotencyKey, (place["token_id"], place["key_hash"]))
    if row.request_hash != request_hash:
        raise Conflict("This key was used for another call.")
    if row.status is None:
        raise Conflict("The first call with this key is still running.")
    return JSONResponse(row.response, row.status, headers={"Idempotency-Replayed": "true"})


def _keep_answer(work: Work, call: Call, status: int, answer: Any) -> None:
    row = work.session.get_one(IdempotencyKey, (call.token_id, token_hash(call.key or "")))
    row.status, row.response = status, answer
