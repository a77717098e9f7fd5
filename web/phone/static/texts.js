// The messages of a phone: what it texts, what arrives, and what becomes of each.

import { deliveredForm, randomId, textForm } from "./africastalking.js";
import { ask, element, network, say, showLine } from "./words.js";

const SOON_MS = 150;
const UNDER_WAY_MS = 1000;
const QUIET_MS = 5000;
const QUIET_AFTER_MS = 15_000;
const ASLEEP_AFTER_MS = 120_000;
const MAYBE_MS = 3000; // how long a message is looked for that may not have been asked for
const AGAIN_MS = 3000; // a real network waits a minute
const MOST_AGAIN = 10;
const OVER = new Set(["delivered", "failed", "expired", "unknown"]);
const MOST_ASKED = 50;

export class Texts {
  constructor(root, phone, wire, onNews) {
    Object.assign(this, { phone, wire, onNews, timer: 0, asking: false });
    this.bubbles = root.querySelector(".bubbles");
    this.nothing = root.querySelector(".nothing");
    this.inbox = root.querySelector(".inbox");
    this.word = root.querySelector(".word");
    this.tipSaid = root.querySelector(".tip-said");
    root.querySelector(".compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(this.word.value);
    });
    for (const word of root.querySelectorAll(".try")) {
      word.addEventListener("click", () => {
        this.word.value = word.textContent;
        this.word.focus();
      });
    }
    root.querySelector(".tip").addEventListener("click", () => this.nextTip());
    document.addEventListener("visibilitychange", () => this.look());
    window.addEventListener("focus", () => this.look());
  }

  // Another number: another phone.
  begin() {
    this.wishes = new Map();
    this.messages = new Map();
    this.first = true;
    this.bubbles.replaceChildren();
    this.nothing.hidden = false;
    showLine(this.tipSaid, "");
    this.look();
  }

  async send(text) {
    if (!text.trim()) return;
    this.word.value = "";
    const id = `page-${randomId()}`;
    const bubble = this.bubble(text, Date.now() / 1000, true);
    const { number } = this.phone;
    const wish = { entry: null, since: Date.now(), sure: true, seen: [], bubble, trace: "its_reply" };
    for (let times = 0; times < MOST_AGAIN && number === this.phone.number; times += 1) {
      const answer = await this.wire.post("sms", textForm(id, number, network.shortCode, text));
      wish.entry = answer.entry;
      if (answer.status === 200) return this.watch(`in:simulator:${id}`, wish, text);
      this.noteOn(bubble, say("not_taken"));
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
    return undefined;
  }

  async watch(key, wish, text) {
    this.noteOn(wish.bubble, "");
    this.wishes.set(key, wish);
    this.look();
    const size = await ask("/phone/size", { text });
    if (size) wish.entry.fact(say("of_segments", size));
  }

  // A hop asked for a message; it comes, unless the service said that it does not.
  asked(key, entry) {
    this.wishes.set(key, { entry, since: Date.now(), sure: false, seen: [], trace: "sms_asked" });
    this.look();
  }

  async nextTip() {
    const answer = await ask("/phone/tip", { msisdn: this.phone.number });
    const gone = answer ? "redis_gone" : "no_service";
    const line = answer?.redis ? (answer.runs ? "" : say("no_series")) : say(gone);
    showLine(this.tipSaid, line);
    this.look();
  }

  // Something may be new: ask soon, then as long as there is reason to.
  look() {
    this.awake = Date.now();
    this.askIn(SOON_MS);
  }

  askIn(ms) {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.news(), ms);
  }

  async news() {
    if (this.asking || !this.phone.number) return;
    this.asking = true;
    const { number } = this.phone;
    const wishes = open(this.wishes);
    const sent = open(this.messages);
    const news = await ask("/phone/news", { msisdn: number, wishes, sent });
    this.asking = false;
    this.onNews(news);
    if (news?.redis && number === this.phone.number) this.take(news);
    this.goOn();
  }

  goOn() {
    const quiet = Date.now() - this.awake;
    const busy = open(this.wishes).length || open(this.messages).length;
    if (busy || quiet < QUIET_AFTER_MS) this.askIn(UNDER_WAY_MS);
    else if (quiet < ASLEEP_AFTER_MS) this.askIn(QUIET_MS);
  }

  take(news) {
    for (const [key, state] of Object.entries(news.wishes)) this.moved(this.wishes.get(key), state);
    for (const [id, state] of Object.entries(news.sent)) this.reportOn(id, state);
    const came = news.messages.filter((message) => !this.messages.has(message.id));
    for (const message of came) this.receive(message);
    if (came.length && !this.first) this.phone.newMessages(came.length);
    this.first = false;
  }

  moved(wish, state) {
    if (pass(wish.seen, state)) wish.entry.trace(wish.trace, wish.seen);
    if (!state && wish.sure) this.noteOn(wish.bubble, say("no_reply"));
    const looked = wish.sure || Date.now() - wish.since > MAYBE_MS;
    wish.over = OVER.has(state) || (!state && looked);
  }

  receive(message) {
    this.bubble(message.text, message.at, false);
    const entry = this.first ? null : this.wire.arrived(message, this.phone.number);
    this.messages.set(message.id, { entry, seen: [] });
  }

  // The network reports what it has delivered, until the service knows it.
  async reportOn(id, state) {
    const message = this.messages.get(id);
    if (!message) return;
    if (pass(message.seen, state)) message.entry?.trace("states", message.seen);
    message.over = !state || state === "delivered" || state === "failed";
    if (message.over || message.reporting) return;
    message.reporting = true;
    await this.wire.post("sms/delivery", deliveredForm(id, this.phone.number));
    message.reporting = false;
  }

  bubble(text, at, mine) {
    const time = new Date(at * 1000).toLocaleTimeString(document.documentElement.lang, {
      hourCycle: "h23",
      hour: "2-digit",
      minute: "2-digit",
    });
    const bubble = element("li", text, mine ? "bubble mine" : "bubble");
    const footer = element("footer", mine ? `${say("from_you")}, ${time}` : time);
    bubble.append(footer);
    this.bubbles.append(bubble);
    this.nothing.hidden = true;
    this.inbox.scrollTop = this.inbox.scrollHeight;
    return bubble;
  }

  noteOn(bubble, text) {
    bubble.querySelector(".on-it")?.remove();
    if (text) bubble.querySelector("footer").append(element("div", text, "on-it"));
  }
}

// Note a state, and those before it that were too short to be seen: each message was
// queued, and is sending before a gateway can have it.  False when nothing is new.
function pass(seen, state) {
  if (!state || seen.at(-1) === state) return false;
  if (!seen.length && state !== "queued") seen.push("queued");
  const waits = ["queued", "sending", "expired"].includes(state);
  if (!waits && !seen.includes("sending")) seen.push("sending");
  seen.push(state);
  return true;
}

function open(messages) {
  return [...messages].filter(([, message]) => !message.over).map(([key]) => key).slice(-MOST_ASKED);
}
