"""What the tests in a browser stand on: a page that misbehaves is seen to."""

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import nothing_sideways, open_at, serious_findings, watched_page
from tests.support.service import Service

MISDEEDS = {
    "style against the policy": "document.body.insertAdjacentHTML('beforeend', '<i style=top:0>')",
    "script against the policy": "document.body.setAttribute('onclick', 'alert(1)')",
    "an error": "setTimeout(() => { throw new Error('ours') })",
    "an error in the console": "console.error('ours')",
    "a call to elsewhere": "fetch('http://elsewhere.invalid/').catch(() => {})",
}


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS)
def test_a_misdeed_fails_the_test(browser: Browser, service: Service, misdeed: str) -> None:
    def misbehave() -> None:
        with watched_page(browser) as page:
            open_at(page, f"{service.base}/operator/enter")
            page.evaluate(misdeed)
            page.wait_for_timeout(100)

    with pytest.raises(AssertionError, match=r"ours|Policy|elsewhere"):
        misbehave()


def test_what_is_too_wide_is_seen(page: Page, service: Service) -> None:
    open_at(page, f"{service.base}/operator/enter", 360)
    page.evaluate("document.querySelector('h1').style.width = '500px'")
    with pytest.raises(AssertionError, match="px wide"):
        nothing_sideways(page)


def test_what_keeps_people_out_is_found(page: Page, service: Service) -> None:
    open_at(page, f"{service.base}/operator/enter")
    page.evaluate(
        "document.querySelectorAll('label').forEach(each => each.replaceWith('?', "
        "document.createElement('input')))"
    )
    assert any("label" in finding for finding in serious_findings(page))
