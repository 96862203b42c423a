"""Signing through IAM, on good days and bad ones."""

import pytest
from aiohttp import web

from gallery_sync.cloud.signing import SigningRefused, UrlSigner
from gallery_sync.ports.storage import StorageUnavailable
from infra.local.serving import served
from infra.local.storage.client import LOCAL_EMAIL

from .conftest import World


def test_iam_signs_as_the_account(world: World) -> None:
    signer = world.signer()
    assert (signer.signer_email, signer.signer) == (LOCAL_EMAIL, signer)
    assert signer.sign_bytes(b"message") == signer.sign_bytes(b"message") != signer.sign_bytes(b"other")


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 500}, {"status": 503}, {"reset": True}])
def test_what_passes_is_tried_again_after_a_pause(world: World, fault: dict[str, int]) -> None:
    world.server.fault(kind="signBlob", times=2, **fault)
    before = world.clock.now()
    assert world.signer().sign_bytes(b"message")
    assert world.server.calls()["signBlob"] == 3
    assert 0.2 < world.clock.now() - before < 10


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 503}])
def test_what_does_not_pass_ends_after_three_tries(world: World, fault: dict[str, int]) -> None:
    world.server.fault(kind="signBlob", times=50, **fault)
    with pytest.raises(SigningRefused, match=f"IAM answered {fault['status']} "):
        world.signer().sign_bytes(b"message")
    assert world.server.calls()["signBlob"] == 3


def test_a_connection_that_breaks_again_and_again_is_told(world: World) -> None:
    world.server.fault(kind="signBlob", times=50, reset=True)
    with pytest.raises(SigningRefused, match="ConnectionError"):
        world.signer().sign_bytes(b"message")


def test_a_refusal_says_what_to_grant_and_is_not_tried_again(world: World) -> None:
    world.server.fault(kind="signBlob", status=403, times=50)
    with pytest.raises(SigningRefused, match=f"403 .*{LOCAL_EMAIL}.*iam.serviceAccountTokenCreator"):
        world.signer().sign_bytes(b"message")
    assert world.server.calls()["signBlob"] == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"signedBlob": "a"}'])
def test_an_answer_that_is_no_signature_is_a_refusal(world: World, body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_post("/{path:.*}", answer)
        return app

    with served(make_app) as url, pytest.raises(SigningRefused, match="could not be understood"):
        world.signer(url).sign_bytes(b"message")


def test_a_picture_that_cannot_be_signed_makes_its_gallery_wait_and_gives_nothing_away(world: World) -> None:
    content = world.drop("p/a.png")
    world.server.fault(kind="signBlob", status=403, times=50)
    with pytest.raises(StorageUnavailable) as caught:
        world.outbox().prepare([content])
    text = str(caught.value)
    assert "403" in text
    assert not [secret for secret in ("X-Goog", "Signature", "http", "?", "payload") if secret in text]
    assert caught.value.__cause__ is None


def test_the_address_says_for_how_long_and_as_whom(world: World) -> None:
    url = UrlSigner(world.state_bucket, world.signer(), 21_600.0, world.server.url)("outbox/a b.png")
    assert url.startswith(f"{world.server.url}/{world.state_bucket.name}/outbox/a%20b.png?")
    assert "X-Goog-Algorithm=GOOG4-RSA-SHA256" in url
    assert "X-Goog-Expires=21600" in url
    assert LOCAL_EMAIL.replace("@", "%40") in url
