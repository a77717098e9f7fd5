"""The pages that people look at, put together by the settings."""

from collections.abc import Iterable, Iterator
from functools import partial

from fastapi import APIRouter, Depends, FastAPI, params
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig

from menus.contacts import ContactNotes, Rule
from menus.editing import History, Publisher
from menus.live import LiveMenu
from menus.loading import Reader
from runtime.data_keys import keys_of
from runtime.encryption import Seal
from runtime.settings import Settings, secret_of, token_of
from sms.bootstrap import SmsService, caps_of
from sms.gateways import Simulator
from ussd.bootstrap import budget_of, screens_of
from ussd.gateways import gateways_of
from ussd.sessions import Sessions
from web.auth import Authentication, RebindingGuard, Roster, answer_refusals, login_pages
from web.contacts import ContactsFile, contacts_pages
from web.editor import editor_pages
from web.figures import Costs, FigureStore, Price, figures_pages, metrics_page
from web.health import Health, health_pages
from web.menu import MenuOnPhones, menu_pages
from web.pages import HERE, Pages
from web.phone import Network, fault_pages, phone_pages
from web.recent_errors import RecentErrors

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def pages_of(
    settings: Settings, sms: SmsService, read_menu: Reader, errors: RecentErrors
) -> FastAPI:
    """What people look at: the phone, with the simulator only, and the operator's pages."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=_NO_TELEMETRY)
    pages, seal = Pages(lambda: sms.menu.current.own_names), Seal(keys_of(settings))
    roster, figures = Roster(settings.operators), FigureStore.of(sms)
    auth = Authentication(token_of(settings), roster, pages, sms.redis, seal)
    if simulator := sms.simulator:
        phone = simulated_phone(settings, sms, simulator, pages, seal)
        include(app, phone, Depends(RebindingGuard(settings.host)))
    publisher = publisher_of(settings, sms.menu, read_menu)
    include(app, [login_pages(auth)])
    operators = operators_pages(settings, sms, auth, pages, figures, publisher, errors)
    include(app, operators, Depends(auth.admit))
    include(app, [metrics_page(sms.redis, sms.menu, figures)])
    answer_refusals(app, auth)
    for folder in HERE.glob("*/static"):
        app.mount(f"/static/{folder.parent.name}", StaticFiles(directory=folder))
    return app


def include(app: FastAPI, routers: Iterable[APIRouter], *conditions: params.Depends) -> None:
    for each in routers:
        app.include_router(each, dependencies=conditions)


def simulated_phone(
    settings: Settings, sms: SmsService, simulator: Simulator, pages: Pages, seal: Seal
) -> Iterator[APIRouter]:
    """The phone in the browser, and the faults that it can switch on."""
    [gateway] = gateways_of(settings)
    callback = gateway.address("", secret_of(settings))
    network = Network(callback, settings.service_code, settings.short_code, budget_of(settings))
    yield phone_pages(pages, network, sms, simulator, seal, partial(screens_of, settings))
    yield fault_pages(sms.redis, simulator, Sessions(sms.redis, seal))


def operators_pages(  # noqa: PLR0913, PLR0917
    settings: Settings,
    sms: SmsService,
    auth: Authentication,
    pages: Pages,
    figures: FigureStore,
    publisher: Publisher,
    errors: RecentErrors,
) -> Iterator[APIRouter]:
    """A router for each of the pages that only an operator may see."""
    menu, screens = sms.menu, partial(screens_of, settings)
    notes = ContactNotes(settings.data_dir / "contacts-history.jsonl")
    contacts = ContactsFile(menu, Rule.of(settings), notes)
    yield menu_pages(pages, MenuOnPhones(menu, screens, settings.service_code))
    yield from editor_pages(auth, pages, publisher, screens)
    yield from contacts_pages(auth, pages, contacts, sms.country_requests)
    costs = Costs(Price.of(settings.segment_price), caps_of(settings))
    yield figures_pages(pages, figures, menu, costs)
    yield health_pages(pages, Health(settings, sms, errors))


def publisher_of(settings: Settings, menu: LiveMenu, read_menu: Reader) -> Publisher:
    """What puts the operator's edits into the files of the menu."""
    history = History(settings.data_dir / "words-history.jsonl")
    return Publisher(menu, read_menu, history, settings.data_dir)
