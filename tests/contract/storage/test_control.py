"""What tests may order: faults, counts, limits; and the server as a process, found by the environment alone."""

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
import requests
from google.api_core.exceptions import PreconditionFailed, ServiceUnavailable, TooManyRequests
from google.cloud.storage import Bucket

from infra.local.storage.client import local_client
from tests.contract.storage.conftest import Control


def test_a_fault_before_the_work_leaves_it_undone_as_often_as_ordered(bucket: Bucket, control: Control) -> None:
    control.order("faults", method="POST", path="^/upload/", status=503, times=2)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            bucket.blob("a").upload_from_string("x", retry=None)
    assert not bucket.blob("a").exists()
    bucket.blob("a").upload_from_string("x", retry=None)


def test_a_fault_after_the_work_loses_only_the_answer(bucket: Bucket, control: Control) -> None:
    control.order("faults", kind="objects.insert", status=503, when="after")
    with pytest.raises(ServiceUnavailable):
        bucket.blob("a").upload_from_string("x", retry=None)
    assert bucket.blob("a").exists()


@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_a_connection_can_be_reset_before_or_after_the_work(
    bucket: Bucket, control: Control, when: str, done: bool
) -> None:
    control.order("faults", method="POST", path=f"/b/{bucket.name}/o", reset=True, when=when)
    with pytest.raises(requests.ConnectionError):
        bucket.blob("a").upload_from_string("x", retry=None)
    assert bucket.blob("a").exists() == done


def test_the_real_client_gets_over_a_fault_by_itself(bucket: Bucket, control: Control) -> None:
    control.order("faults", kind="objects.list", status=503)
    assert list(bucket.list_blobs()) == []


def test_an_answer_can_be_late(bucket: Bucket, control: Control) -> None:
    control.order("faults", kind="objects.get", delay=0.3)
    start = time.monotonic()
    assert not bucket.blob("a").exists()
    assert time.monotonic() - start >= 0.3


def test_faults_can_be_taken_back(bucket: Bucket, control: Control) -> None:
    control.order("faults", status=503, times=100)
    control.forget("faults")
    assert not bucket.blob("a").exists(retry=None)


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"status": 5}', '{"status": 503, "path": "("}', '{"stauts": 503}'])
def test_an_order_that_is_not_understood_is_refused(local: str, body: str) -> None:
    answer = requests.post(f"{local}/_control/faults", data=body, timeout=10)
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_calls_are_counted_by_kind(bucket: Bucket, control: Control, local: str) -> None:
    control.forget("calls")
    blob = bucket.blob("a")
    blob.upload_from_string("x")
    bucket.copy_blob(blob, bucket, "b")
    bucket.blob("c").rewrite(blob)
    blob.metadata = {"n": "1"}
    blob.patch()
    blob.reload()
    blob.download_as_bytes()
    blob.delete()
    list(bucket.list_blobs())
    requests.get(f"{local}/{bucket.name}/a", timeout=10)
    expected = dict.fromkeys(
        [
            "objects.insert",
            "objects.copy",
            "objects.rewrite",
            "objects.patch",
            "objects.get",
            "objects.download",
            "objects.delete",
            "objects.list",
            "xml.get",
        ],
        1,
    )
    assert control.read("calls") == expected


def write(bucket: Bucket, name: str, content: str, **preconditions: int) -> None:
    bucket.blob(name).upload_from_string(content, retry=None, **preconditions)


def test_a_write_too_soon_after_another_to_the_same_object_is_refused(bucket: Bucket, control: Control) -> None:
    control.order("settings", write_interval=60)
    write(bucket, "a", "one")
    with pytest.raises(TooManyRequests, match="exceeded the rate limit for object mutation operations"):
        write(bucket, "a", "two")
    blob = bucket.get_blob("a")
    assert blob is not None
    blob.metadata = {"description": "Front"}
    with pytest.raises(TooManyRequests):
        blob.patch(retry=None)
    with pytest.raises(TooManyRequests):
        blob.delete(retry=None)
    write(bucket, "b", "another")
    with pytest.raises(TooManyRequests):
        bucket.blob("b").rewrite(blob, retry=None)
    assert bucket.blob("a").download_as_bytes() == b"one"


def test_a_deleted_object_cannot_be_made_anew_at_once(bucket: Bucket, control: Control) -> None:
    write(bucket, "a", "one")
    control.order("settings", write_interval=60)
    bucket.blob("a").delete(retry=None)
    with pytest.raises(TooManyRequests):
        write(bucket, "a", "two")


def test_once_the_interval_is_over_the_object_takes_a_write_again(bucket: Bucket, control: Control) -> None:
    control.order("settings", write_interval=0.2)
    write(bucket, "a", "one")
    time.sleep(0.21)
    write(bucket, "a", "two")
    with pytest.raises(TooManyRequests):
        write(bucket, "a", "three")


def test_what_was_refused_begins_no_new_interval(bucket: Bucket, control: Control) -> None:
    control.order("settings", write_interval=0.5)
    write(bucket, "a", "one")
    written = time.monotonic()
    time.sleep(0.3)
    with pytest.raises(PreconditionFailed):
        write(bucket, "a", "two", if_generation_match=0)
    with pytest.raises(TooManyRequests):
        write(bucket, "a", "two")
    time.sleep(max(0.0, written + 0.51 - time.monotonic()))
    write(bucket, "a", "two")


def test_the_client_s_own_retries_outlast_the_interval(bucket: Bucket, control: Control) -> None:
    control.order("settings", write_interval=0.3)
    write(bucket, "a", "one")
    bucket.blob("a").upload_from_string("two", if_generation_match=bucket.get_blob("a").generation)
    assert bucket.blob("a").download_as_bytes() == b"two"


def test_what_the_limit_refuses_meets_no_fault(bucket: Bucket, control: Control) -> None:
    control.order("settings", write_interval=60)
    write(bucket, "a", "one")
    control.order("faults", path=f"b/{bucket.name}/o", status=503, times=1)
    with pytest.raises(TooManyRequests):
        write(bucket, "a", "two")
    with pytest.raises(TooManyRequests):
        bucket.blob("a").delete(retry=None)
    with pytest.raises(ServiceUnavailable):
        write(bucket, "b", "another")
    write(bucket, "b", "another")


def test_a_process_has_google_s_interval_unless_told_otherwise() -> None:
    arguments = [sys.executable, "-m", "infra.local.storage", "--bucket", "drops"]
    for more, refuses in ([], True), (["--write-interval", "0"], False):
        with subprocess.Popen([*arguments, *more], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                bucket = local_client(json.loads(process.stdout.readline())["url"]).bucket("drops")
                write(bucket, "a", "one")
                with pytest.raises(TooManyRequests) if refuses else contextlib.nullcontext():
                    write(bucket, "a", "two")
            finally:
                process.terminate()


def test_an_unchanged_program_finds_the_process_by_its_environment(local: str) -> None:
    arguments = [sys.executable, "-m", "infra.local.storage", "--bucket", "drops", "state"]
    program = (
        "from google.cloud import storage; c = storage.Client(); b = c.bucket('drops');"
        "b.blob('ABC/a.jpg').upload_from_string('x', if_generation_match=0);"
        "print(sorted(x.name for x in c.list_buckets()), [x.name for x in b.list_blobs()])"
    )
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", program],
                env={**os.environ, "STORAGE_EMULATOR_HOST": url, "GOOGLE_CLOUD_PROJECT": "local"},
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert done.stdout == "['drops', 'state'] ['ABC/a.jpg']\n", done.stderr
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--bucket", "No"], "Invalid bucket name: 'No'"),
        (["--bucket", "drops", "drops"], "you already own it"),
        (["--events", "drops"], "not BUCKET=URL"),
    ],
)
def test_what_is_wrong_with_the_arguments_is_told_in_one_line(local: str, arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.storage", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
