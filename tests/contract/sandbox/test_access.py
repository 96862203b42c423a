import requests

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, OAUTH_TOKEN, Api, error_codes

LISTING = f"/api/products/{MUG}/images/shop"


def access_token(api: Api, oauth_token: str = OAUTH_TOKEN) -> requests.Response:
    return requests.get(
        f"{api.url}/action/ApiOAuthServer/getAccessToken", headers={"Authorization": f"Bearer {oauth_token}"}, timeout=5
    )


def with_access_token(api: Api, token: str) -> requests.Response:
    headers = {"Shoptet-Access-Token": token, "Content-Type": "application/json"}
    return requests.get(api.url + LISTING, headers=headers, timeout=5)


def test_every_answer_carries_the_envelope_and_the_request_id(api: Api) -> None:
    for answer in (api.call("GET", LISTING), api.call("GET", "/api/products/unknown/images/shop")):
        body = answer.json()
        assert body.keys() == {"data", "errors", "metadata"}
        assert body["metadata"]["requestId"] == answer.headers["X-Request-ID"]


def test_request_ids_differ(api: Api) -> None:
    assert api.call("GET", LISTING).headers["X-Request-ID"] != api.call("GET", LISTING).headers["X-Request-ID"]


def test_every_call_needs_the_content_type_also_one_without_a_body(api: Api) -> None:
    for method in ("GET", "DELETE"):
        answer = api.call(method, LISTING, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415
        assert api.call(method, LISTING, headers={"Content-Type": None}).status_code == 415
    assert api.call("POST", LISTING, {}, headers={"Content-Type": "text/plain"}).status_code == 415


def test_a_charset_beside_the_content_type_is_accepted(api: Api) -> None:
    assert api.call("GET", LISTING, headers={"Content-Type": "application/json; charset=utf-8"}).status_code == 200


def test_a_missing_or_unknown_token_gives_401(api: Api) -> None:
    assert api.call("GET", LISTING, headers={"Shoptet-Private-API-Token": None}).status_code == 401
    answer = api.call("GET", LISTING, headers={"Shoptet-Private-API-Token": "wrong"})
    assert (answer.status_code, error_codes(answer)) == (401, ["invalid-token"])
    assert with_access_token(api, "wrong").status_code == 401


def test_a_token_without_the_right_gives_403(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, private_tokens=[{"value": "reader", "rights": ["images.list", "jobs.*"]}])
    api.token = "reader"
    assert api.call("GET", LISTING).status_code == 200
    answer = api.call("DELETE", LISTING)
    assert (answer.status_code, error_codes(answer)) == (403, ["invalid-token-no-rights"])


def test_an_addon_exchanges_its_oauth_token_for_an_access_token(api: Api) -> None:
    answer = access_token(api)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 1800
    assert with_access_token(api, answer.json()["access_token"]).status_code == 200


def test_a_wrong_oauth_token_gets_no_access_token(api: Api) -> None:
    assert access_token(api, "wrong").status_code == 401


def test_an_access_token_expires_after_30_minutes(api: Api) -> None:
    token = access_token(api).json()["access_token"]
    api.advance(1799)
    assert with_access_token(api, token).status_code == 200
    api.advance(2)
    answer = with_access_token(api, token)
    assert (answer.status_code, error_codes(answer)) == (401, ["expired-token"])


def test_five_access_tokens_are_valid_at_a_time(api: Api) -> None:
    assert [access_token(api).status_code for _ in range(6)] == [200] * 5 + [403]
    api.advance(1801)
    assert access_token(api).status_code == 200


def test_issued_access_tokens_can_be_revoked(api: Api) -> None:
    token = access_token(api).json()["access_token"]
    api.control("DELETE", "access-tokens")
    answer = with_access_token(api, token)
    assert (answer.status_code, error_codes(answer)) == (401, ["invalid-token"])


def test_an_unknown_endpoint_gives_404_in_the_envelope(api: Api) -> None:
    answer = api.call("GET", "/api/orders")
    assert (answer.status_code, error_codes(answer)) == (404, ["endpoint-not-found"])
