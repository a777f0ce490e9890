import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from hub.pki.authority import Authority
from hub.routing.outside import OutsideError
from hub.routing.outside_service import send
from hub.routing.policy import Webhook
from tests.broker import free_port
from tests.integration.hub.routing.alarms import SECRET, alarm, tell, utc_now_us, webhook
from tests.simulators.webhook_receiver import WebhookReceiver


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver(SECRET) as running:
        yield running


def post(to: Webhook) -> None:
    asyncio.run(send(alarm(), tell(to), utc_now_us()))


def test_a_stranger_can_read_and_trust_what_is_posted(receiver: WebhookReceiver) -> None:
    post(webhook(receiver.url))
    ((message, path),) = receiver.posts
    assert path == "/alarm?from=hub"
    body = receiver.taken[message]
    assert (body["station"], body["hotline"], body["people"][0]["name"]) == (
        "con-dao-01",
        "1900 9095",
        "BS. Hoa",
    )
    assert 61 <= body["age_s"] < 200


def test_each_try_of_a_message_has_the_same_id(receiver: WebhookReceiver) -> None:
    post(webhook(receiver.url))
    post(webhook(receiver.url))
    assert len(receiver.posts) == 2
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("status", "is_final"), [(500, False), (503, False), (429, False), (302, True), (404, True)]
)
def test_a_refusal_says_its_status_and_whether_trying_again_is_of_use(
    receiver: WebhookReceiver, status: int, is_final: bool
) -> None:
    receiver.statuses = [status]
    with pytest.raises(OutsideError, match=f"refused with status {status}") as caught:
        post(webhook(receiver.url))
    assert caught.value.is_final is is_final
    assert len(receiver.posts) == 1  # no redirection is followed


def test_another_secret_is_refused_and_the_secret_is_not_said(receiver: WebhookReceiver) -> None:
    with pytest.raises(OutsideError, match="status 401: are the secrets the same on both sides") as caught:
        post(webhook(receiver.url, secret=b"mot bi mat khac"))
    assert "bi mat" not in str(caught.value)
    assert receiver.taken == {}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("pki"))
    made.make(names=["127.0.0.1"], now=datetime.now(UTC))
    return made


def test_over_tls_with_the_neighbours_own_authority(authority: Authority) -> None:
    with WebhookReceiver(SECRET, certificate=authority.pair("console")) as receiver:
        post(webhook(receiver.url, ca_path=authority.ca))
        assert len(receiver.taken) == 1


def test_a_certificate_that_nobody_vouches_for_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    with WebhookReceiver(SECRET, certificate=authority.pair("console")) as receiver:
        with pytest.raises(OutsideError, match=r"its certificate is not trusted .* as ca_file"):
            post(webhook(receiver.url))
        (tmp_path / "ca").write_text("none", encoding="utf-8")
        with pytest.raises(OutsideError, match="holds no certificates"):
            post(webhook(receiver.url, ca_path=tmp_path / "ca"))
        assert receiver.posts == []
    with WebhookReceiver(SECRET, certificate=authority.pair("hub")) as receiver:  # of the same authority
        with pytest.raises(OutsideError, match="its certificate is not trusted"):
            post(webhook(receiver.url, ca_path=authority.ca))
        assert receiver.posts == []


def test_plain_http_where_tls_was_expected_is_said(receiver: WebhookReceiver) -> None:
    with pytest.raises(OutsideError, match=r"no TLS there|cannot be reached"):
        post(webhook(receiver.url.replace("http:", "https:")))


def test_nobody_there_and_no_http_there_are_told_apart(receiver: WebhookReceiver) -> None:
    with pytest.raises(OutsideError, match="cannot be reached"):
        post(webhook(f"http://127.0.0.1:{free_port()}/"))

    def gibberish(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"220 mail.example ESMTP\r\n\r\n")

    receiver.answer = gibberish
    with pytest.raises(OutsideError, match="what answers there is no HTTP"):
        post(webhook(receiver.url))

    def nothing(request: BaseHTTPRequestHandler) -> None:
        request.connection.shutdown(socket.SHUT_RDWR)

    receiver.answer = nothing
    with pytest.raises(OutsideError, match=r"without an answer|no HTTP|cannot be reached"):
        post(webhook(receiver.url))


def test_what_answers_a_byte_at_a_time_is_given_up(receiver: WebhookReceiver) -> None:
    from hub.routing import webhook as shell

    is_over = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        while not is_over.wait(0.02):
            request.wfile.write(b"H")
            request.wfile.flush()

    receiver.answer = drip
    to = webhook(receiver.url)
    try:
        with pytest.raises(OutsideError, match="no answer within 0 s; is it running"):
            asyncio.run(shell.post(to, b"{}", {"webhook-id": "m", "webhook-timestamp": "0"}, limit_s=0.3))
    finally:
        is_over.set()
