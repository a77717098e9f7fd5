"""What every page keeps to: words in three languages, and a strict policy."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.service import Service
from web.pages import HERE, LANGUAGES

WORDS = sorted(HERE.glob("*/*.yaml"))
TEMPLATES = sorted(HERE.glob("*/*.html"))


def test_every_page_is_found() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in WORDS} >= {"layout/page", "phone/page"}
    assert {file.with_suffix(".html") for file in WORDS} <= set(TEMPLATES)


@pytest.mark.parametrize("file", WORDS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_words_are_in_every_language(file: Path) -> None:
    words = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert words.pop("native_reader")
    for key, said in words.items():
        assert set(said) == set(LANGUAGES), key
        assert all(isinstance(text, str) and text.strip() for text in said.values()), key


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_templates_hold_no_script_and_no_style(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(
        r"<script(?![^>]*\bsrc=\"/static/)|<style|\bstyle=|\bon[a-z]+=|\|\s*safe", text
    )


def test_every_answer_has_the_policy(service: Service) -> None:
    for path in ("/operator/enter", "/static/layout/style.css", "/nothing", "/healthz"):
        policy = service.http.get(f"{service.base}{path}").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
