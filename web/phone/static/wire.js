// What goes over the wire, of one phone: posts to the callbacks, and shows them.

import { element, network, say, states } from "./words.js";

const MOST_SHOWN = 30;
const ANSWER_MS = 10_000; // a gateway waits no longer

export class Wire {
  constructor(root) {
    this.list = root.querySelector(".exchanges");
    this.nothing = root.querySelector(".nothing-yet");
  }

  // Post a form to a callback.  `status` is 0 when nothing came back.
  async post(what, form) {
    const entry = this.entry(`POST /africastalking/…/${what}`);
    entry.form(form);
    const began = performance.now();
    const answer = await sent(`${network.callback}/${what}`, form);
    const ms = Math.round(performance.now() - began);
    entry.reply(answer.text);
    entry.fact(say("in_ms", { status: answer.status || say("no_connection"), ms }));
    return { ...answer, entry };
  }

  // A text that reached the phone.
  arrived(message, number) {
    const entry = this.entry(say("sms_arrived", { number }));
    entry.reply(message.text);
    entry.fact(say("of_segments", message));
    return entry;
  }

  entry(title) {
    this.nothing.hidden = true;
    this.list.hidden = false;
    const entry = new Entry(title);
    this.list.prepend(entry.item);
    while (this.list.children.length > MOST_SHOWN) this.list.lastChild.remove();
    return entry;
  }

  clear() {
    this.list.replaceChildren();
    this.nothing.hidden = false;
    this.list.hidden = true;
  }
}

class Entry {
  constructor(title) {
    this.item = element("li", "", "exchange");
    this.item.append(element("h3", title));
    this.traces = new Map();
  }

  form(form) {
    const fields = element("dl");
    for (const [name, value] of Object.entries(form)) {
      fields.append(element("dt", name), element("dd", value === "" ? say("empty") : value));
    }
    this.item.append(fields);
  }

  reply(text) {
    this.item.append(element("pre", text));
  }

  fact(text) {
    const line = element("p", text);
    this.item.append(line);
    return line;
  }

  // The states that a message has been in, in one line that grows.
  trace(key, seen) {
    if (!this.traces.has(key)) this.traces.set(key, this.fact(""));
    this.traces.get(key).textContent = say(key, { states: states(seen) });
  }
}

async function sent(address, form) {
  try {
    const response = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: "" };
  }
}
