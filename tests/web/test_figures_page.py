"""The figures over real HTTP: the page, the sheet, `/metrics`, the command."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from redis import Redis

from runtime.embedded_redis import embedded_redis
from tests.support.commands import command, ended_well
from tests.support.days import TODAY, fill
from tests.support.operators import entered, words
from tests.support.service import (
    REPOSITORY,
    SECRET,
    Service,
    form,
    new_session,
    running,
    short_folder,
)
from tests.support.trees import HTTP

NUMBER = "+77019876543"


@pytest.fixture(scope="module")
def house(processes: None) -> "Iterator[tuple[Service, str, Path]]":
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, KOMEK_SEGMENT_PRICE="12.5 KZT") as service,
    ):
        with Redis.from_url(url) as redis:
            fill(redis)
        assert entered(service.http, base=service.base).is_redirect
        yield service, url, folder


def got(service: Service, path: str) -> httpx.Response:
    return service.http.get(f"{service.base}{path}")


def test_without_the_token_nothing_is_shown(house: tuple[Service, str, Path]) -> None:
    for path in ("/operator/figures", "/operator/figures.csv"):
        response = HTTP.get(f"{house[0].base}{path}")
        assert response.status_code == 303
        assert response.text == ""


@pytest.mark.parametrize(
    ("language", "days"),
    [("en", "7"), ("ru", "30"), ("kk", "90"), ("en", "365"), ("en", ""), ("en", "x"), ("en", "-1")],
)
def test_the_page_in_every_language(
    house: tuple[Service, str, Path], language: str, days: str
) -> None:
    response = got(house[0], f"/operator/figures?days={days}&language={language}")
    assert response.status_code == 200
    assert f'lang="{language}"' in response.text
    assert "<svg" in response.text
    assert not re.search(r"style=|<style|<script", response.text)


def test_what_people_sent_shows_as_text(house: tuple[Service, str, Path]) -> None:
    page = got(house[0], "/operator/figures").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_no_small_figure_is_on_the_page(house: tuple[Service, str, Path]) -> None:
    cells = _numbers(got(house[0], "/operator/figures?days=7").text)
    assert cells
    assert not [figure for figure in cells if 0 < figure < 11], cells


def _numbers(page: str) -> list[int]:
    found = re.findall(r'<td class="number">([\d\s]+)</td>', page)
    return [int(re.sub(r"\s", "", each)) for each in found]


def test_spend_is_told_with_the_price(house: tuple[Service, str, Path]) -> None:
    """Eight of ten days are settled; 77 segments are lowered to 60 a day."""
    page = words(got(house[0], "/operator/figures?days=30&language=en").text)
    assert "Segments: 420, 5 250.00 KZT. People over a cap: –." in page


def test_the_sheet(house: tuple[Service, str, Path]) -> None:
    response = got(house[0], "/operator/figures.csv?days=7")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith("attachment")
    text = response.content.decode("utf-8-sig")
    assert f'"{TODAY - timedelta(days=1)}","callers","chose a language","63"' in text
    assert '"\'=1+1"' in text
    figures = [int(line.rsplit('"', 2)[1]) for line in text.splitlines()[1:]]
    assert not [each for each in figures if each < 11]


def test_the_command_tells_the_same(house: tuple[Service, str, Path]) -> None:
    service, url, folder = house
    settings = {"KOMEK_REDIS_URL": url, "KOMEK_DATA_DIR": str(folder)}
    csv = [sys.executable, "main.py", "stats", "--days", "7", "--csv"]
    env = os.environ | settings
    said = subprocess.run(csv, cwd=REPOSITORY, env=env, capture_output=True, check=True)
    assert said.stdout == got(service, "/operator/figures.csv?days=7").content
    table = command(REPOSITORY, "stats", "--days", "7", settings=settings)
    assert "danger" in ended_well(table)


def test_metrics_tell_of_days_that_are_over_and_in_steps(
    house: tuple[Service, str, Path],
) -> None:
    response = HTTP.get(f"{house[0].base}/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    told = dict(re.findall(r"^([^#\s].*) (\S+)$", response.text, re.MULTILINE))
    assert told["komek_redis_up"] == "1.0"
    assert told["komek_menu_faults"] == "0.0"
    assert told["komek_worker_up"] == "0.0", "none was started"
    assert told['komek_queue_messages{lane="replies"}'] == "0.0"
    assert told['komek_gateway_trouble_people{trouble="no credit"}'] == "20.0"
    assert told['komek_shed_requests{how="unread"}'] == "0.0"
    assert told["komek_dialled_callers"] == "80.0"
    assert told["komek_dialled_sessions"] == "80.0"
    assert told['komek_texted_people{kind="reply"}'] == "31.0"
    assert "process_" not in response.text
    assert "python_" not in response.text


def test_nothing_moves_when_one_person_dials_and_texts(house: tuple[Service, str, Path]) -> None:
    """And neither their number nor their words are anywhere."""
    service = house[0]
    paths = ("/metrics", "/operator/figures", "/operator/figures.csv")
    before = [got(service, path).text for path in paths]
    for n in range(15):
        service.http.post(service.callback, data=form(new_session(), "2*1", NUMBER))
        text = {"id": f"t{n}", "from": NUMBER, "to": "1234", "text": "zelenyj canary"}
        service.http.post(f"{service.base}/africastalking/{SECRET}/sms", data=text)
    after = [got(service, path).text for path in paths]
    assert [_still(text) for text in after] == [_still(text) for text in before]
    assert NUMBER[1:] not in "".join(after)
    assert "canary" not in "".join(after)


def _still(text: str) -> str:
    return re.sub(r'value="[\w.-]+"', "", text)  # the form's token


@pytest.mark.usefixtures("processes")
def test_without_redis_the_pages_say_so() -> None:
    with short_folder() as folder, ExitStack() as server:
        url = server.enter_context(embedded_redis(folder))
        with running(url) as service:
            assert entered(service.http, base=service.base).is_redirect
            server.close()  # killed, it would be started again
            page = got(service, "/operator/figures?language=en")
            csv = got(service, "/operator/figures.csv")
            metrics = got(service, "/metrics")
    assert page.status_code == csv.status_code == 503
    assert "Redis does not answer" in page.text
    assert metrics.status_code == 200
    assert "komek_redis_up 0.0" in metrics.text
    assert "komek_menu_info" in metrics.text
    assert "komek_queue" not in metrics.text
