// The page: one or two phones, and the faults that can be switched on for them.

import { Dialling } from "./dialling.js";
import { Texts } from "./texts.js";
import { Wire } from "./wire.js";
import { ask, say, showLine } from "./words.js";

class Phone {
  constructor(root, place, faults) {
    Object.assign(this, { root, place, number: "", unread: 0 });
    this.wire = new Wire(root);
    this.texts = new Texts(root, this, this.wire, (news) => faults.onNews(news));
    this.dialling = new Dialling(root, this, this.wire, this.texts, faults);
    this.badge = root.querySelector(".unread");
    this.tabs = [...root.querySelectorAll("[role=tab]")];
    this.tabs.forEach((tab, n) => {
      tab.addEventListener("click", () => this.turnTo(n));
      tab.addEventListener("keydown", (event) => this.onTabKey(event, n));
    });
    this.field = root.querySelector(".number");
    this.field.addEventListener("change", () => this.take(this.field.value.trim()));
    root.querySelector(".another").addEventListener("click", () => this.take(anyNumber()));
    this.take(this.field.dataset.given || sessionStorage.getItem(this.kept) || anyNumber());
  }

  get kept() {
    return `komek number ${this.place}`;
  }

  // Be the phone of this number, if it is one.
  take(number) {
    this.field.value = number;
    const valid = this.field.checkValidity();
    this.field.setAttribute("aria-invalid", String(!valid));
    this.root.querySelector(".owner .fault").hidden = valid;
    if (!valid || number === this.number) return;
    if (this.dialling.session) this.dialling.hangUp();
    this.number = number;
    sessionStorage.setItem(this.kept, number);
    this.read();
    this.wire.clear();
    this.texts.begin();
  }

  turnTo(chosen) {
    this.tabs.forEach((tab, n) => {
      tab.setAttribute("aria-selected", String(n === chosen));
      tab.tabIndex = n === chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = n !== chosen;
    });
    if (chosen === 1) this.read();
  }

  onTabKey(event, n) {
    const next = { ArrowLeft: 1 - n, ArrowRight: 1 - n, Home: 0, End: 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.turnTo(next);
    this.tabs[next].focus();
  }

  newMessages(count) {
    this.texts.inbox.scrollTop = this.texts.inbox.scrollHeight;
    if (this.tabs[1].getAttribute("aria-selected") === "true") return;
    this.unread += count;
    showLine(this.badge, `${this.unread} ${say("new")}`);
    this.dialling.note.textContent = say("new_message");
  }

  read() {
    this.unread = 0;
    showLine(this.badge, "");
    this.texts.inbox.scrollTop = this.texts.inbox.scrollHeight;
  }
}

// The faults that a person switched on.  Each ends by itself.
class Faults {
  constructor(phones) {
    Object.assign(this, { phones, repeat: false, pausedUntil: 0, ticking: 0 });
    this.status = document.getElementById("fault-status");
    this.countdown = document.getElementById("countdown");
    this.gatewayLeft = document.getElementById("gateway-left");
    this.radios = [...document.querySelectorAll("#gateway input")];
    const repeat = document.getElementById("repeat");
    repeat.addEventListener("change", () => (this.repeat = repeat.checked));
    document.getElementById("lose").addEventListener("click", () => this.lose());
    document.getElementById("pause").addEventListener("submit", (event) => {
      event.preventDefault();
      this.pause(document.getElementById("pause-seconds").valueAsNumber);
    });
    for (const radio of this.radios) radio.addEventListener("change", () => this.fail(radio.value));
  }

  async lose() {
    let lost = 0;
    for (const { dialling } of this.phones) {
      if (!dialling.session) continue;
      const answer = await ask("/phone/lose", { session: dialling.session.id });
      if (!this.answered(answer)) return;
      lost += answer.lost ? 1 : 0;
    }
    showLine(this.status, say("lost", { n: lost }));
  }

  async pause(seconds) {
    if (!this.answered(await ask("/phone/pause", { seconds }))) return;
    this.pausedUntil = Date.now() + seconds * 1000;
    showLine(this.status, "");
    this.count();
  }

  count() {
    const left = Math.ceil((this.pausedUntil - Date.now()) / 1000);
    showLine(this.countdown, left > 0 ? say("pause_left", { n: left }) : "");
    clearTimeout(this.ticking);
    if (left > 0) {
      this.ticking = setTimeout(() => this.count(), 250);
      return;
    }
    showLine(this.status, say("pause_over"));
    this.phones.forEach(({ texts }) => texts.look());
  }

  async fail(fault) {
    if (this.answered(await ask("/phone/gateway", { fault: fault || null }))) showLine(this.status, "");
    this.phones.forEach(({ texts }) => texts.look());
  }

  answered(answer) {
    if (!answer?.redis) showLine(this.status, say(answer ? "redis_gone" : "no_service"));
    return Boolean(answer?.redis);
  }

  // What a phone has just heard of the service: how the gateway is, or silence.
  onNews(news) {
    const silent = [say("no_service"), say("redis_gone")];
    if (!news?.redis) {
      const counting = Date.now() < this.pausedUntil;
      showLine(this.status, counting ? "" : silent[news ? 1 : 0]);
      return;
    }
    if (silent.includes(this.status.textContent)) showLine(this.status, "");
    const { fault, seconds } = news.gateway;
    for (const radio of this.radios) radio.checked = radio.value === (fault ?? "");
    showLine(this.gatewayLeft, fault ? say("gateway_left", { n: seconds }) : "");
  }
}

// A number that nobody here has: the last seven digits by chance.
function anyNumber() {
  const [chance] = crypto.getRandomValues(new Uint32Array(1));
  return `+7700${String(chance % 10_000_000).padStart(7, "0")}`;
}

const phones = [];
const faults = new Faults(phones);
document.querySelectorAll(".phone").forEach((root, place) => {
  phones.push(new Phone(root, place + 1, faults));
});
document.getElementById("phones").hidden = false;
