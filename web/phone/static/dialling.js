// The dialling half of a phone: one session at a time, hop by hop.

import { endForm, hopForm, newSessionId, screenOf } from "./africastalking.js";
import { ask, network, say } from "./words.js";

export class Dialling {
  // `phone` tells the number; `texts` watches for messages asked for in a session;
  // `faults.repeat` posts every hop twice.
  constructor(root, phone, wire, texts, faults) {
    Object.assign(this, { phone, wire, texts, faults, session: null, busy: false });
    this.screen = root.querySelector(".screen");
    this.note = root.querySelector(".note");
    this.typed = root.querySelector(".typed");
    this.label = root.querySelector(".typed-label");
    this.callKey = root.querySelector(".answer .call");
    root.querySelector(".answer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.call();
    });
    root.querySelector(".hang-up").addEventListener("click", () => this.hangUp());
    root.querySelector(".delete").addEventListener("click", () => this.type(null));
    for (const key of root.querySelectorAll(".keys button")) {
      key.addEventListener("click", () => this.type(key.textContent));
    }
    this.rest("");
  }

  type(character) {
    const typed = this.typed.value;
    this.typed.value = character === null ? typed.slice(0, -1) : typed + character;
  }

  async call() {
    if (this.busy) return;
    const typed = this.typed.value;
    if (this.session) await this.answer(typed);
    else await this.dial(typed);
  }

  async dial(dialled) {
    const behind = behindTheCode(network.code, dialled);
    if (behind === null) {
      this.rest(say("other_code", { code: network.code }));
      return;
    }
    const answers = behind === "" ? [] : behind.split("*");
    this.session = { id: newSessionId(), answers, began: Date.now(), hops: 0, last: "" };
    await this.hop();
  }

  async answer(typed) {
    this.session.answers.push(...typed.split("*"));
    await this.hop();
  }

  async hangUp() {
    const { session } = this;
    if (session) {
      this.rest(say("hung_up"));
      await this.end(session, "Incomplete");
    } else if (!this.busy) {
      this.typed.value = "";
      this.rest("");
    }
  }

  async hop() {
    const { session } = this;
    this.busy = true;
    this.note.textContent = say("wait");
    const form = hopForm(session, this.phone.number, network.code);
    const answer = await this.wire.post("ussd", form);
    if (this.faults.repeat) await this.repeated(form, answer);
    this.busy = false;
    if (this.session === session) await this.show(session, answer);
  }

  async repeated(form, first) {
    const second = await this.wire.post("ussd", form);
    const same = first.status === second.status && first.text === second.text;
    const octets = new TextEncoder().encode(second.text).length;
    second.entry.fact(say(same ? "same_bytes" : "other_bytes", { octets }));
  }

  async show(session, answer) {
    const shown = answer.status === 200 ? screenOf(answer.text) : null;
    Object.assign(session, { hops: session.hops + 1, last: answer.text });
    if (!shown) {
      this.rest(say("no_answer"));
      await this.end(session, "Failed");
      return;
    }
    const answers = session.answers.join("*");
    if (shown.ends) this.rest(say("session_over"), shown.text);
    else this.askOn(shown.text);
    await this.measure(shown.text, session.id, answers, answer.entry);
    if (shown.ends) await this.end(session, "Success");
  }

  async measure(text, id, answers, entry) {
    const size = await ask("/phone/size", { text, session: id, answers });
    if (!size) return;
    if (size.wish) this.texts.asked(size.wish, entry);
    const page = size.pages ? `; ${say("page_of", size)}` : "";
    entry.fact(say("of_budget", size) + page);
  }

  async end(session, ending) {
    await this.wire.post("ussd/end", endForm(session, this.phone.number, network.code, ending));
  }

  askOn(text) {
    this.display(text, "");
    this.typed.value = "";
    this.label.textContent = say("your_answer");
    this.callKey.textContent = say("answer");
  }

  // No session: the last screen stays, or the phone says what to dial.
  rest(note, text = say("idle", { code: network.code })) {
    this.session = null;
    this.display(text, note);
    this.typed.value = network.code;
    this.label.textContent = say("number_to_dial");
    this.callKey.textContent = say("call");
  }

  display(text, note) {
    this.screen.textContent = text;
    this.note.textContent = note;
  }
}

// What is dialled behind our code: `*384*55*2*1#` gives `2*1`; null for another code.
function behindTheCode(code, dialled) {
  const ours = code.slice(0, -1);
  const given = dialled.trim().replace(/#$/, "");
  if (given === ours) return "";
  return given.startsWith(`${ours}*`) ? given.slice(ours.length + 1) : null;
}
