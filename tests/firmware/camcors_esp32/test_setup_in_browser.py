"""The set-up form in Chromium as on a phone: it opens by itself, is filled in by hand, and can be read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.chromium import chromium
from tests.kit.setup import Device

PROBE = "http://connectivitycheck.gstatic.com/generate_204"


@pytest.fixture(scope="module")
def device(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    running = Device("micropython", tmp_path_factory.mktemp("setup"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def browser(device: Device) -> Iterator[Browser]:
    """Chromium in a network where the camera is every name, as its DNS makes it."""
    with chromium(f"* 127.0.0.1:{device.port}", bare=True) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's page, which has followed the probe to the form."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    context.set_default_timeout(15_000)
    opened = context.new_page()
    opened.goto(PROBE)
    yield opened
    context.close()


def test_it_opens_by_itself(page: Page, device: Device) -> None:
    assert page.url == f"{device.own}/"
    expect(page.get_by_role("heading", name="Camera set-up")).to_be_visible()
    expect(page.get_by_text("switch mobile data off")).to_be_visible()


def test_a_network_of_the_list_is_set(page: Page, device: Device) -> None:
    expect(page.get_by_role("radio")).to_have_count(4)
    page.get_by_label("far & away weak").check()
    page.get_by_label("Password").fill("a secret")
    device.access.unlink(missing_ok=True)
    page.get_by_role("button", name="Save and restart").click()
    expect(page.get_by_role("heading", name="Write this token down")).to_be_visible()
    token = page.locator("code").inner_text()
    assert hashlib.sha256(token.encode()).hexdigest() in device.access.read_text()
    page.get_by_role("button", name="It is written down: restart").click()
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    assert token not in page.content()
    assert json.loads(device.settings.read_text())["wifi"] == {"ssid": "far & away", "password": "a secret"}


def test_another_name_is_typed(page: Page, device: Device) -> None:
    device.access.write_text('{"tokens": []}')
    field = page.get_by_label("Name of the network")
    expect(field).to_be_hidden()
    page.get_by_label("Another name").check()
    field.fill("hidden one")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Save and restart").click()
    expect(page.get_by_role("alert")).to_contain_text("wifi.password: not a Wi-Fi password")
    expect(page.get_by_label("Another name")).to_be_checked()
    expect(field).to_have_value("hidden one")
    page.get_by_label("Password").fill("a secret")
    page.get_by_role("button", name="Save and restart").click()
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    assert json.loads(device.settings.read_text())["wifi"] == {"ssid": "hidden one", "password": "a secret"}


def test_a_choice_is_asked_for(page: Page) -> None:
    page.get_by_role("button", name="Save and restart").click()
    expect(page.get_by_role("radio").first).to_be_focused()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("state", ["form", "error", "token", "saved"])
def test_it_fits_a_narrow_phone(page: Page, device: Device, state: str) -> None:
    """WCAG 2.2, 1.4.10: no scrolling to the side at 320 pixels, and rows that a thumb can hit."""
    page.set_viewport_size({"width": 320, "height": 640})
    device.access.unlink(missing_ok=True)
    if state == "saved":
        device.access.write_text('{"tokens": []}')
    if state != "form":
        page.get_by_label("Another name").check()
        page.get_by_label("Name of the network").fill("a name of exactly 32 bytes: wide")
        page.get_by_label("Password").fill("short" if state == "error" else "a secret")
        page.get_by_role("button", name="Save and restart").click()
        page.get_by_role("alert" if state == "error" else "heading").first.wait_for()
    expect(page.locator("code")).to_have_count(1 if state == "token" else 0)
    for each in page.locator("body *:visible").all():
        box = each.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 320.5, each
    for row in page.locator("div label").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] >= 40
