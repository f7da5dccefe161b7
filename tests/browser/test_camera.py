from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.visit import Visit

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A camera that always shows the postcode example."""
    frame = Image.new("RGB", (1280, 720), (225, 222, 214))
    postcode = Image.open(EXAMPLES / "postcode.jpg")
    frame.paste(postcode, ((1280 - postcode.width) // 2, (720 - postcode.height) // 2))
    file = io.BytesIO()
    frame.save(file, "JPEG", quality=90)
    film = tmp_path_factory.mktemp("camera") / "postcode.mjpeg"
    film.write_bytes(2 * file.getvalue())
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def start(person: Visit) -> None:
    person.page.get_by_role("button", name="Start the camera").click()


def test_digits_before_the_camera_are_read_live(visit):
    person = visit("#camera", permissions=["camera"])
    start(person)
    person.expect_text("80331", "camera")
    expect(person.page.locator("#camera-boxes .box-label")).to_have_text(list("80331"))


def test_one_frame_is_read_at_a_time(visit):
    person = visit("#camera", permissions=["camera"])
    running, most, done = [0], [0], [0]

    def begin(_: object) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])

    def end(_: object) -> None:
        running[0] -= 1
        done[0] += 1

    reads = "/v1/read?"
    person.page.on("request", lambda request: reads in request.url and begin(request))
    person.page.on("requestfinished", lambda request: reads in request.url and end(request))
    start(person)
    for _ in range(4):
        with person.page.expect_request_finished(lambda request: reads in request.url):
            pass
    assert done[0] >= 4
    assert most[0] == 1


def test_a_frozen_frame_can_be_corrected(visit):
    person = visit("#camera", permissions=["camera"])
    start(person)
    person.expect_text("80331", "camera")
    person.page.get_by_role("button", name="Freeze").click()
    expect(person.page.locator("#frozen")).to_be_visible()
    person.page.locator("#camera-boxes").get_by_role("button").first.click()
    person.page.keyboard.press("6")
    person.expect_text("60331", "camera")
    person.page.get_by_role("button", name="Resume").click()
    person.expect_text("80331", "camera")


def test_captured_frames_are_collected_while_the_camera_goes_on(visit):
    person = visit("#camera", permissions=["camera"])
    start(person)
    person.expect_text("80331", "camera")
    person.page.get_by_role("button", name="Capture").click()
    person.page.get_by_role("button", name="Capture").click()
    expect(person.page.locator("#shots-list figcaption")).to_have_text(["80331", "80331"])
    expect(person.page.locator("#shots-title")).to_have_text("2 pictures captured")
    assert person.page.evaluate("document.getElementById('video').srcObject.active")
    person.page.get_by_role("button", name="Open under Upload").click()
    expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
    person.expect_text("80331", "upload")
    person.tab("Camera")
    expect(person.page.locator("#shots")).to_be_hidden()


def test_the_camera_stops_when_one_leaves_its_tab(visit):
    person = visit("#camera", permissions=["camera"])
    start(person)
    person.expect_text("80331", "camera")
    track = person.page.evaluate_handle("document.getElementById('video').srcObject.getTracks()[0]")
    person.tab("About")
    person.page.wait_for_function("(track) => track.readyState === 'ended'", arg=track)
    person.tab("Camera")
    expect(person.page.get_by_role("button", name="Start the camera")).to_be_visible()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            (
                "navigator.mediaDevices.getUserMedia = "
                "async () => { throw new DOMException('', 'NotAllowedError'); }"
            ),
            "was denied",
        ),
        (
            (
                "navigator.mediaDevices.getUserMedia = "
                "async () => { throw new DOMException('', 'NotFoundError'); }"
            ),
            "No camera was found",
        ),
        (
            (
                "navigator.mediaDevices.getUserMedia = "
                "async () => { throw new DOMException('', 'NotReadableError'); }"
            ),
            "in use by another program",
        ),
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "HTTPS"),
    ],
)  # fmt: skip
def test_a_camera_that_does_not_start_is_explained_in_plain_words(visit, script, words):
    person = visit("#camera")
    person.page.evaluate(f"() => {{ {script} }}")
    start(person)
    expect(person.page.locator("#camera-words")).to_contain_text(words)
    expect(person.page.get_by_role("button", name="Start the camera")).to_be_enabled()
