// Africa's Talking's dialect, as its network speaks it: forms out, replies in.
// The gateway's own words stand in this file and in no other script.

const SANDBOX = "99999";

export function hopForm(session, number, code) {
  return {
    sessionId: session.id,
    phoneNumber: number,
    networkCode: SANDBOX,
    serviceCode: code,
    text: session.answers.join("*"),
  };
}

// `ending`: "Success" (by the service), "Incomplete" (hung up), "Failed" (no answer).
export function endForm(session, number, code, ending) {
  return {
    date: new Date().toISOString(),
    sessionId: session.id,
    phoneNumber: number,
    networkCode: SANDBOX,
    serviceCode: code,
    status: ending,
    durationInMillis: String(Date.now() - session.began),
    hopsCount: String(session.hops),
    input: session.answers.join("*"),
    lastAppResponse: session.last,
  };
}

export function textForm(id, from, to, text) {
  return { date: new Date().toISOString(), from, id, linkId: id, text, to, networkCode: SANDBOX };
}

export function deliveredForm(id, number) {
  return { id, status: "Success", phoneNumber: number, networkCode: SANDBOX, retryCount: "0" };
}

// What the phone shows of a reply; null when a network could not read it.
export function screenOf(reply) {
  const [, word, text] = /^(CON|END) ([^]*)$/.exec(reply) ?? [];
  return word ? { text, ends: word === "END" } : null;
}

export function newSessionId() {
  return `ATUid_${randomId()}`;
}

// Not randomUUID(): browsers have it only where the address is trustworthy.
export function randomId() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
