// While somebody types: the preview and the check, a moment after the last key.
// Without this script the button "check" does the same.
"use strict";
(() => {
  const QUIET_MS = 400;
  const form = document.getElementById("words");
  const verdict = document.getElementById("verdict");
  let waiting, asking, changed = false;

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      document.getElementById(part.id)?.replaceChildren(...part.childNodes);
    }
    return Boolean(fresh.getElementById("verdict"));
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: asking.signal });
      if (!answer.ok || answer.redirected || !show(await answer.text())) throw new Error("no preview");
    } catch (error) {
      if (error.name !== "AbortError") verdict.textContent = form.dataset.lost;
    }
    form.removeAttribute("aria-busy");
  }

  form.addEventListener("input", () => {
    changed = true;
    form.setAttribute("aria-busy", "true");
    clearTimeout(waiting);
    waiting = setTimeout(ask, QUIET_MS);
  });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
})();
