// The words of the page, and the small ways of writing into it: always as text.

const { dataset } = document.getElementById("phones");
const words = JSON.parse(dataset.words);

export const network = {
  callback: dataset.callback,
  code: dataset.code, // what is dialled
  shortCode: dataset.shortCode, // what is texted
};

// The words `key`, with {names} replaced by `values`.
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function states(seen) {
  return seen.map((state) => say(state)).join(" → ");
}

export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

// Show a line, or hide it when there is nothing to say.
export function showLine(line, text) {
  line.textContent = text;
  line.hidden = !text;
}

// Ask the page's own endpoint.  Null when the service does not answer.
export async function ask(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
