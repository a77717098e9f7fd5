"""The pages that people look at, put together by the settings."""

from collections.abc import Iterable, Iterator
from functools import partial

from fastapi import APIRouter, Depends, FastAPI, params
from fastapi.staticfiles import StaticFiles

from menus.history import History
from menus.live import LiveMenu
from menus.load import Reader
from menus.publishing import Desk
from sms.sealing import Seal
from sms.settings import Settings, data_key_of, secret_of, token_of
from sms.simulator import Simulator
from sms.texting import Texting
from ussd.dialling import budget_of, screens_of
from ussd.sessions import Sessions
from web.contacts_import import import_pages
from web.contacts_page import Kept, contact_pages
from web.door import Door
from web.figures import Figures
from web.figures_page import Price, figures_pages
from web.health_page import Health, health_pages
from web.last_errors import LastErrors
from web.menu_page import MenuView, menu_pages
from web.metrics import metrics_page
from web.operator import door_pages, lead_to_the_door
from web.origin import NoOtherName
from web.pages import HERE, Pages, Shielded
from web.phone import Network, phone_pages
from web.trouble import trouble_pages
from web.words_pages import words_pages


def add_pages(app: FastAPI, settings: Settings, post: Texting, read_menu: Reader) -> None:
    """What people look at: the phone, with the simulator only, and the operator's pages."""
    pages, seal = Pages(), Seal(data_key_of(settings))
    door, figures = Door(token_of(settings), pages, post.redis, seal), Figures.of(post)
    if isinstance(post.gateway, Simulator):
        phone = simulated_phone(settings, post, post.gateway, pages, seal)
        include(app, phone, Depends(NoOtherName(settings.host)))
    desk = desk_of(settings, post.menu, read_menu)
    include(app, operators_pages(settings, post, door, pages, figures, desk))
    include(app, [metrics_page(post.redis, post.menu, figures)])
    lead_to_the_door(app)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.add_middleware(Shielded)


def include(app: FastAPI, routers: Iterable[APIRouter], *conditions: params.Depends) -> None:
    for each in routers:
        app.include_router(each, dependencies=conditions)


def simulated_phone(
    settings: Settings, post: Texting, simulator: Simulator, pages: Pages, seal: Seal
) -> Iterator[APIRouter]:
    """The phone in the browser, and the faults that it can switch on."""
    callback = f"/africastalking/{secret_of(settings)}"
    network = Network(callback, settings.service_code, settings.short_code, budget_of(settings))
    yield phone_pages(pages, network, post, simulator, seal, partial(screens_of, settings))
    yield trouble_pages(post.redis, simulator, Sessions(post.redis, seal))


def operators_pages(  # noqa: PLR0913, PLR0917
    settings: Settings, post: Texting, door: Door, pages: Pages, figures: Figures, desk: Desk
) -> Iterator[APIRouter]:
    """The door, and a router for each of the pages behind it."""
    menu, screens = post.menu, partial(screens_of, settings)
    contacts = Kept(menu, settings.contacts_oldest_days)
    yield door_pages(door)
    yield menu_pages(door, pages, MenuView(menu, screens, settings.service_code))
    yield words_pages(door, pages, desk, screens)
    yield import_pages(door, pages, contacts)  # before what its address is also one of
    yield contact_pages(door, pages, contacts)
    yield figures_pages(door, pages, figures, menu, Price.of(settings.segment_price))
    yield health_pages(door, pages, Health(settings, post, LastErrors().listen()))


def desk_of(settings: Settings, menu: LiveMenu, read_menu: Reader) -> Desk:
    """Where the operator edits words."""
    history = History(settings.data_dir / "words-history.jsonl")
    return Desk(menu, read_menu, history, settings.data_dir)
