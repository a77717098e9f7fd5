"""Whatever an OpenAPI description of the callbacks and pages allows, and forbids, at random.

    make hostile                                            # 10,000 cases; the seed is 20261126
    .venv/bin/python -m benchmarks.described --tool .venv/hostile/bin/schemathesis --each 20

Schemathesis makes the cases.  The pages are those that FastAPI knows, what they post is read from
their forms; the callbacks are those of the registry of gateways.  It ends with 1 where an answer
is 5xx or nothing, or where the log tells of a mistake of ours: a caller is shown a screen even
then.  Left out are `/phone/pause`, which stops Redis, and for who is logged in the log-out.
"""

import argparse
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

from main import live_menu, menu_reader
from menus.live import LiveMenu
from runtime.settings import Settings
from sms.bootstrap import build_sms
from tests.support.operators import operator, posted
from tests.support.service import (
    OPERATOR_TOKEN,
    REPOSITORY,
    SECRET,
    Service,
    running,
    short_folder,
)
from ussd.gateways import GATEWAYS, sms_dialects
from web.auth.authentication import COOKIE
from web.bootstrap import pages_of
from web.phone.faults import ChosenFault, LostSession
from web.phone.page import NewsQuery, SizeQuery, TipQuery
from web.recent_errors import RecentErrors

SEED = 20261126
EACH = 200
"""Cases of an operation, besides those at the edges of its description."""
MOST_FORMS = 4
"""Nodes, or contacts, whose fields a description has together."""
IMPORT = "/operator/contacts/import"
STOPS_REDIS, LOG_OUT = "/phone/pause", "/operator/leave"
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
NUMBERS = ("+77010000001", "77010000002", " 77010000003", "+905000000000", "")
KANNEL = {
    "KOMEK_GATEWAY": "kannel",
    "KOMEK_DATA_KEY": base64.b64encode(bytes(32)).decode(),
    "KOMEK_KANNEL_URL": "http://127.0.0.1:9/cgi-bin/sendsms",
    "KOMEK_KANNEL_USERNAME": "komek",
    "KOMEK_KANNEL_PASSWORD": "for-tests-only",
    "KOMEK_PUBLIC_URL": "http://127.0.0.1:9",
    "KOMEK_SHORT_CODE": "1234",
}

Description = dict[str, Any]


def one_of(*known: str) -> Description:
    """One of these, such as a phone or a page of ours sends; the tool posts others too."""
    return {"type": "string", "enum": list(known)}


TEXT: Description = {"type": "string"}
ID: Description = {"type": "string", "pattern": r"^[A-Za-z0-9_.:-]{1,128}$"}
KEYS: Description = {"type": "string", "pattern": r"^[0-9*]{0,40}$"}
NUMBER = one_of(*NUMBERS)


@dataclass(frozen=True)
class Endpoint:
    """What a gateway posts to a callback; `body` of text instead of fields of a form."""

    fields: Mapping[str, Description] = field(default_factory=dict)
    query: Mapping[str, Description] = field(default_factory=dict)
    headers: Mapping[str, Description] = field(default_factory=dict)
    method: str = "post"
    body: bool = False

    def operation(self) -> Description:
        parameters = [_parameter("query", name, of) for name, of in self.query.items()]
        parameters += [_parameter("header", name, of) for name, of in self.headers.items()]
        content = {FORM: {"schema": _object(self.fields)}} if self.fields else {}
        content |= {"text/plain": {"schema": TEXT}} if self.body else {}
        return {
            "parameters": parameters,
            "responses": {"default": {"description": "an answer"}},
            **({"requestBody": {"content": content}} if content else {}),
        }


_SESSION = {"sessionId": ID, "phoneNumber": NUMBER, "serviceCode": one_of("*384*55#")}
_FROM = {"X-Kannel-From": NUMBER}
_TLVS = one_of(
    "?smpp?ussd_service_op=%01&its_session_info=%2B%00&",
    "?smpp?ussd_service_op=%12&its_session_info=%2B%02&",
    "?smpp?ussd_service_op=&",
)
ENDPOINTS: Mapping[str, Mapping[str, Endpoint]] = {
    "africastalking": {
        "ussd": Endpoint({**_SESSION, "text": KEYS}),
        "ussd/end": Endpoint({**_SESSION, "status": one_of("Success", "Incomplete", "Failed")}),
        "sms": Endpoint(
            {
                "id": ID,
                "from": NUMBER,
                "to": TEXT,
                "text": one_of("HELP", "STOP", "SERIES", "YES", "EMBASSY TURKEY"),
            }
        ),
        "sms/delivery": Endpoint(
            {"id": ID, "status": one_of("Success", "Failed", "Sent"), "phoneNumber": NUMBER}
        ),
        "sms/opt-out": Endpoint({"phoneNumber": NUMBER, "senderId": TEXT}),
    },
    "kannel": {
        "sms": Endpoint(query={"id": ID}, headers=_FROM, body=True),
        "sms/delivery": Endpoint(query={"id": ID, "status": one_of("1", "2", "16")}, method="get"),
        "ussd": Endpoint(
            query={"id": ID, "at": TEXT},
            headers={
                **_FROM,
                "X-Kannel-To": TEXT,
                "X-Kannel-Smsc": TEXT,
                "X-Kannel-BInfo": TEXT,
                "X-Kannel-Meta-Data": _TLVS,
            },
            body=True,
        ),
    },
}
JSON_BODIES: Mapping[str, type[BaseModel]] = {
    "/phone/size": SizeQuery,
    "/phone/news": NewsQuery,
    "/phone/tip": TipQuery,
    "/phone/lose": LostSession,
    "/phone/gateway": ChosenFault,
}


def _parameter(where: str, name: str, schema: Description) -> Description:
    return {"in": where, "name": name, "required": where == "path", "schema": schema}


def _object(properties: Mapping[str, Description]) -> Description:
    return {"type": "object", "properties": dict(properties)}


# --- The description ----------------------------------------------------------


def callbacks_described(gateway: str) -> Description:
    """The addresses of a gateway's callbacks; fails where the registry has others."""
    entry, described = GATEWAYS[gateway], ENDPOINTS[gateway]
    assert described.keys() == entry.sms.callbacks.keys() | entry.ussd.callbacks.keys()
    return {
        entry.address("", SECRET) + f"/{what}": {each.method: each.operation()}
        for what, each in described.items()
    }


def application(folder: Path) -> tuple[FastAPI, LiveMenu]:
    """The pages of a service with the simulator, not run, and its menu."""
    settings = Settings.model_validate(
        {
            "redis_url": "redis://127.0.0.1:9",
            "callback_secret": SECRET,
            "data_key": base64.b64encode(bytes(32)).decode(),
            "operator_token": OPERATOR_TOKEN,
            "data_dir": folder,
        }
    )
    menu = live_menu(settings)
    sms = build_sms(settings, menu, sms_dialects(settings))
    return pages_of(settings, sms, menu_reader(settings), RecentErrors()), menu


def pages_described(client: httpx.Client, folder: Path) -> Description:
    """Each page, and what its forms post, as the browser that is given sees them."""
    app, menu = application(folder)
    words, contacts = client.get("/operator/words").text, client.get("/operator/contacts").text
    known = {
        "node": [*menu.current.nodes],
        "code": [*menu.current.languages],
        "name": re.findall(r'/operator/words/en/([^"/?]+)"', words),
        "id_": re.findall(r'row"><a href="/operator/contacts/([^"]+)"', contacts),
    }
    found: Description = app.openapi()["paths"]
    del found[STOPS_REDIS]
    for path, operations in found.items():
        for method, operation in operations.items():
            operation["responses"] = {"default": {"description": "an answer"}}
            for each in operation.get("parameters", []):
                if each["in"] == "path":
                    each["schema"] = one_of(*known[each["name"]][:40])
            if method == "post":
                at = path.removesuffix("/preview")
                operation["requestBody"] = {"content": posted_to(client, at, known)}
    return found


_GET: Description = {"get": {"responses": {"default": {"description": "an answer"}}}}
PROBES = {"/healthz": _GET, "/readyz": _GET}


def posted_to(client: httpx.Client, path: str, known: Mapping[str, list[str]]) -> Description:
    """The body of a page's post: its model's, or the fields of the page that posts there."""
    if path in JSON_BODIES:
        return {"application/json": {"schema": _inlined(JSON_BODIES[path])}}
    schema = {"schema": _object(fields_of("".join(pages_with_form(client, path, known))))}
    return {FORM: schema, PARTS: schema}


def _inlined(model: type[BaseModel]) -> Description:
    """The schema of a model without references, its number one that there may be."""
    schema = model.model_json_schema()
    named = schema.pop("$defs", {})
    whole = re.sub(
        r'\{"\$ref": "#/\$defs/(\w+)"\}', lambda of: json.dumps(named[of[1]]), json.dumps(schema)
    )
    inlined: Description = json.loads(whole)
    properties = inlined["properties"]
    return inlined | {
        "properties": properties | ({"msisdn": NUMBER} if "msisdn" in properties else {})
    }


def pages_with_form(
    client: httpx.Client, path: str, known: Mapping[str, list[str]]
) -> Iterator[str]:
    """The pages whose forms post to an address, each of some nodes and contacts."""
    if path == LOG_OUT:
        yield client.get("/operator/menu").text
    elif path == IMPORT + "/apply":
        sheet = (
            (REPOSITORY / "menus" / "contacts.csv").read_text("utf-8").replace("police", "Police")
        )
        yield posted(client, IMPORT, pasted=sheet).text
    else:
        for values in list(zip(*known.values(), strict=False))[:MOST_FORMS]:
            yield client.get(path.format(**dict(zip(known, values, strict=True)))).text


def fields_of(page: str) -> dict[str, Description]:
    """What forms post: what stands there, or any text where nothing does."""
    found = re.findall(r'<(?:input|textarea|select|button)\b[^>]*? name="([^"]+)"([^>]*)', page)
    assert found, page[:200]
    values: dict[str, set[str]] = {name: set() for name, _ in found}
    for name, rest in found:
        values[name] |= {html.unescape(each) for each in re.findall(r' value="([^"]*)"', rest)}
    return {name: one_of(*sorted(each)) if each - {""} else TEXT for name, each in values.items()}


# --- The run ------------------------------------------------------------------


@dataclass
class Tried:
    """What came of a run: how often each status, 0 for no answer; how the tool ended and what it
    said; our mistakes in the log.
    """

    name: str
    statuses: Counter[int]
    ended: int
    said: str
    mistakes: list[str]

    @property
    def cases(self) -> int:
        return self.statuses.total()

    @property
    def holds(self) -> bool:
        bad = sum(many for status, many in self.statuses.items() if not 200 <= status < 500)
        return self.ended == 0 and self.cases > 0 and not bad and not self.mistakes

    def __str__(self) -> str:
        told = ", ".join(f"{many} x {status}" for status, many in sorted(self.statuses.items()))
        bad = f"{len(self.mistakes)} mistakes in the log, tool ended with {self.ended}"
        return f"{self.name}: {self.cases} cases, {told}; {bad}"


@contextmanager
def served(**settings: str) -> Iterator[Service]:
    """A service on a menu and data of its own, which the operator's pages may change."""
    with short_folder() as folder:
        shutil.copytree(REPOSITORY / "menus", folder / "menus")
        (folder / "data").mkdir(mode=0o700)
        own = {"KOMEK_MENUS_DIR": str(folder / "menus"), "KOMEK_DATA_DIR": str(folder / "data")}
        with running("", **own, **settings) as service:
            yield service


def tried(
    name: str, options: argparse.Namespace, on: Service, paths: Description, cookie: str = ""
) -> Tried:
    """All of it, posted to a service by the tool."""
    about = {"title": "Komek", "version": "1"}
    before = len(on.log.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        file, report = Path(folder) / "openapi.json", Path(folder) / "report.ndjson"
        file.write_text(json.dumps({"openapi": "3.1.0", "info": about, "paths": paths}), "utf-8")
        command = [options.tool.absolute(), "--no-color", "run", file, "--url", on.base]
        command += ["--checks", "not_a_server_error", "--continue-on-failure", "--workers", "1"]
        command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(options.each)]
        command += ["--seed", str(options.seed), "--suppress-health-check", "all"]
        command += ["--generation-database", "none", "--request-timeout", "30", "--no-shrink"]
        command += ["--report", "ndjson", "--report-ndjson-path", report]
        command += ["--warnings", "off", "-H", "Sec-Fetch-Site: same-origin"]
        command += ["-H", f"Cookie: {COOKIE}={cookie}"] if cookie else []
        clean = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        made = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)  # noqa: PLW1510
        statuses = statuses_in(report)
    log = on.log.read_text("utf-8")[before:]
    mistakes = re.findall(r"^.*(?:failed: \w+ at|CRITICAL|Traceback).*$", log, re.MULTILINE)
    return Tried(name, statuses, made.returncode, made.stdout + made.stderr, mistakes)


def statuses_in(report: Path) -> Counter[int]:
    """How often each status came, by what the tool noted of each phase and operation."""
    events = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    recorders = [
        each["ScenarioFinished"]["recorder"] for each in events if "ScenarioFinished" in each
    ]
    answers = [
        asked.get("response")
        for each in recorders
        for asked in each.get("interactions", {}).values()
    ]
    return Counter(answer["status_code"] if answer else 0 for answer in answers)


def all_tried(options: argparse.Namespace) -> Iterator[Tried]:
    with short_folder() as folder, served(KOMEK_WORKER="true") as on:
        with operator(on.base) as client:
            pages, cookie = pages_described(client, folder), client.cookies[COOKIE]
        callbacks = callbacks_described("africastalking") | PROBES
        yield tried("the callbacks of Africa's Talking, and the probes", options, on, callbacks)
        yield tried("the pages, nobody logged in", options, on, pages)
        inside = {path: each for path, each in pages.items() if path != LOG_OUT}
        yield tried("the pages, logged in", options, on, inside, cookie)
    with served(**KANNEL) as on:
        yield tried("the callbacks of Kannel", options, on, callbacks_described("kannel"))


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    read.add_argument("--tool", type=Path, required=True, help="schemathesis")
    read.add_argument("--each", type=int, default=EACH, help="cases of an operation")
    read.add_argument("--seed", type=int, default=SEED)
    options = read.parse_args()
    print(f"seed {options.seed}, {options.each} of each operation", flush=True)
    good, cases = True, 0
    for run in all_tried(options):
        good, cases = good and run.holds, cases + run.cases
        print(run, flush=True)
        if not run.holds:
            print(run.said, *run.mistakes[:20], sep="\n", flush=True)
    print(f"{cases} cases")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
