"""Where a reader joins, confirms, leaves and comes back.

GET and HEAD change nothing, since mail scanners follow every link: but for the browser that typed the address, which shows
a cookie. Everything else is a button.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from publisher.actions import subscribe
from publisher.actions.publication import Now, Publication
from publisher.core import pages
from publisher.core.errors import AddressError, TokenError
from publisher.core.pages import Button, MessagePage
from publisher.core.token import CONFIRM_DAYS, read_signed, sign
from publisher.templates import day
from publisher.web.guard import is_cross_site, own_hosts

COOKIE = "signed-up"
FORM_FRESH = timedelta(days=1)
_STRICT = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Reader:
    """The pages for one publication."""

    def __init__(self, publication: Publication, now: Now, wake: Callable[[], None]) -> None:
        self._publication, self._now, self._wake = publication, now, wake
        self._own_hosts = own_hosts(publication.site.url, publication.site.service_url)
        self._root = urlsplit(publication.site.service_url).path

    def routes(self) -> list[Route]:
        return [
            Route("/subscribe", self.form, methods=["GET"]),
            Route("/subscribe/", self.form, methods=["GET"]),
            Route("/subscribe", self.sign_up, methods=["POST"]),
            Route("/subscribe/", self.sign_up, methods=["POST"]),
            Route("/confirm/{token}", self.confirm, methods=["GET", "POST"]),
            Route("/u/{token}", self.choices, methods=["GET"]),
            Route("/u/{token}", self.choose, methods=["POST"]),
        ]

    async def form(self, _: Request) -> Response:
        return self._subscribe_page(status=200)

    async def sign_up(self, request: Request) -> Response:
        async with request.form() as form:
            address, token, trap = (_text(form, name) for name in ("email", "token", "website"))
        if trap:  # people don't see this field
            return self._check_your_mail(address)
        if not self._is_fresh(token):
            return self._one_more_step(address)
        try:
            address = await run_in_threadpool(self._sign_up, address)
        except AddressError as error:
            return self._subscribe_page(status=400, address=address, error=str(error))
        except subscribe.MailIsOff:
            return self._page(
                503,
                "No email from here yet",
                "Whoever runs this site has not switched email on. The feeds work without it.",
                is_error=True,
            )
        self._wake()
        return self._check_your_mail(address)

    async def confirm(self, request: Request) -> Response:
        return await run_in_threadpool(self._confirm, request, request.path_params["token"])

    async def choices(self, request: Request) -> Response:
        return await run_in_threadpool(self._choices, request.path_params["token"])

    async def choose(self, request: Request) -> Response:
        async with request.form() as form:
            is_one_click, action = _text(form, "List-Unsubscribe") == "One-Click", _text(form, "action")
        if not is_one_click and is_cross_site(request.headers, self._own_hosts):
            return PlainTextResponse("This form was sent from another site.\n", 403)
        return await run_in_threadpool(self._choose, request.path_params["token"], action, is_one_click=is_one_click)

    def _sign_up(self, address: str) -> str:
        return subscribe.sign_up(self._publication, address, secrets.token_hex(8), self._now())

    def _confirm(self, request: Request, token: str) -> Response:
        now = self._now()
        try:
            found = subscribe.read_confirmation(self._publication, token, request.cookies.get(COOKIE), now)
            standing = found.subscriber.standing
            is_done = standing in ("active", "paused")
            may_open = (
                request.method == "GET" and found.is_same_browser and standing == "pending"
            )  # who left must press
            if not is_done and (request.method == "POST" or may_open):
                subscribe.confirm(self._publication, found.subscriber, now)
                is_done = True
        except TokenError as error:
            return self._stale_link(error)
        if is_done:
            return self._confirmed()
        button = Button(label="Yes, send me new posts", action=f"{self._root}/confirm/{token}")
        return self._page(
            200,
            "One click to go",
            f"Somebody asked for new posts from {self._publication.site.title} to be sent to {found.subscriber.address}.",
            "If that was you, press the button. If not, do nothing, and you will hear no more of it.",
            buttons=(button,),
        )

    def _choices(self, token: str) -> Response:
        try:
            reader = subscribe.reader_of(self._publication, token)
        except TokenError as error:
            return self._stale_link(error)
        if reader.standing in ("active", "paused"):
            site = self._publication.site
            leave = Button(label="Stop these emails", action=self._path(token), fields=(("action", "leave"),))
            return self._page(
                200,
                "Your emails",
                f"New posts from {site.title} go to {reader.address}, at {site.digest_time} ({site.timezone.key}) "
                "on days when there is something new.",
                buttons=(leave,),
            )
        return self._has_left(token, reader.address)

    def _choose(self, token: str, action: str, *, is_one_click: bool) -> Response:
        now = self._now()
        try:
            reader = subscribe.reader_of(self._publication, token)
        except TokenError as error:
            return self._stale_link(error)
        if is_one_click:
            subscribe.leave(self._publication, reader, now)
            return PlainTextResponse("You have left. No more emails will come.\n", headers=_STRICT)
        if action == "undo":
            subscribe.undo_leave(self._publication, reader, now)
            return self._page(
                200, "Welcome back", "Everything is as it was. What came out meanwhile will be in your next email."
            )
        subscribe.leave(self._publication, reader, now)
        return self._has_left(token, reader.address)

    def _has_left(self, token: str, address: str) -> Response:
        undo = Button(label="Undo: keep sending", action=self._path(token), fields=(("action", "undo"),), is_quiet=True)
        return self._page(
            200,
            "You have left",
            f"No more emails will go to {address}.",
            "Was that a slip? You can take it back, and nothing will have been missed.",
            buttons=(undo,),
        )

    def _confirmed(self) -> Response:
        now, site = self._now(), self._publication.site
        next_at = self._publication.rules.slots.first_after(now).astimezone(site.timezone)
        return self._page(
            200,
            "You are subscribed",
            f"New posts will come at {site.digest_time} ({site.timezone.key}), on days when there is something new: "
            f"the first on {day(next_at)}, if a post comes out before.",
            "Every email has a link to leave, and one click on it is enough.",
        )

    def _check_your_mail(self, address: str) -> Response:
        """The same for every address: who is subscribed is nobody else's business."""
        response = self._page(
            200,
            "Now look at your mail",
            f"A letter with a link is on its way to {address}. Open the link, and you are subscribed.",
            "Nothing there after a few minutes? Look among the junk. Whoever asked already today gets no second letter.",
        )
        response.set_cookie(
            COOKIE,
            subscribe.browser_proof(self._publication, address, self._now()),
            max_age=CONFIRM_DAYS * 86_400,
            path=self._root or "/",
            secure=self._publication.site.service_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
        return response

    def _one_more_step(self, address: str) -> Response:
        """For a form that stands on another site, or was open for days: a person presses a button of ours."""
        token = sign(self._publication.keys, "form", "form", self._now())
        button = Button(
            label=f"Sign up {address}" if address else "Sign up",
            action=f"{self._root}/subscribe",
            fields=(("email", address), ("token", token)),
        )
        site = self._publication.site
        return self._page(200, "One more step", f"Get new posts from {site.title} by email?", buttons=(button,))

    def _stale_link(self, error: TokenError) -> Response:
        what = "This link is too old" if error.is_expired else "This link does not work"
        return self._page(
            410 if error.is_expired else 404,
            what,
            f"{str(error)[:1].upper()}{str(error)[1:]}.",
            "You can sign up again at any time.",
            is_error=True,
        )

    def _is_fresh(self, token: str) -> bool:
        try:
            read_signed(self._publication.keys, "form", token, self._now(), FORM_FRESH)
        except TokenError:
            return False
        return True

    def _path(self, token: str) -> str:
        return f"{self._root}/u/{token}"

    def _subscribe_page(self, *, status: int, address: str = "", error: str = "") -> Response:
        token = sign(self._publication.keys, "form", "form", self._now())
        page = pages.subscribe_page(self._publication.site, form_token=token, address=address, error=error)
        page = replace(page, action=f"{self._root}/subscribe")  # whatever name this host was called by
        return HTMLResponse(self._publication.templates.page("subscribe.html", page=page), status, headers=_STRICT)

    def _page(
        self, status: int, title: str, *paragraphs: str, buttons: tuple[Button, ...] = (), is_error: bool = False
    ) -> Response:
        page: MessagePage = pages.message_page(
            self._publication.site, title, *paragraphs, buttons=buttons, is_error=is_error
        )
        return HTMLResponse(self._publication.templates.page("message.html", page=page), status, headers=_STRICT)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else value.strip()
