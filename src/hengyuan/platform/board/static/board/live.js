/* The stream of a board or a wall display: one connection, opened again for as long as it takes,
   and an honest word for its state. Pages load it by its versioned address. */

const SILENT_MS = 40_000; // two beats and a half
const WAIT_MS = [2_000, 4_000, 8_000, 15_000, 30_000];

/* Follows the stream at `events`, from the batch `last` on.
   take(data, isWhole): a message. at(text): the time of the last sign of life.
   show(state): live, connecting, lost, stale (no database), ended (no right to it any more),
   full (too many are open). `tryAgainMs`: how often an ended or refused page asks whether it may
   go on, null for never; onReturn() is called when it may. */
export function follow({ events, last, take, at, show, tryAgainMs = null, onReturn = null }) {
  let source = null;
  let attempts = 0;
  let heardAt = Date.now();

  function heard(event) {
    heardAt = Date.now();
    attempts = 0;
    if (event.lastEventId) last = event.lastEventId;
    show("live");
  }

  function open() {
    source?.close();
    heardAt = Date.now();
    source = new EventSource(`${events}?after=${encodeURIComponent(last)}`);
    for (const name of ["whole", "update"]) {
      source.addEventListener(name, (event) => {
        heard(event);
        const data = JSON.parse(event.data);
        at(data.at);
        take(data, name === "whole");
      });
    }
    source.addEventListener("beat", (event) => {
      heard(event);
      at(JSON.parse(event.data).at);
    });
    source.addEventListener("stale", () => {
      heardAt = Date.now();
      show("stale");
    });
    source.addEventListener("bye", () => retry());
    source.addEventListener("ended", () => stop("ended"));
    source.addEventListener("full", () => stop("full"));
    source.onerror = () => {
      show("lost");
      // the browser tries again by itself, unless it was refused
      if (source.readyState === EventSource.CLOSED) refused();
    };
  }

  function stop(state) {
    source?.close();
    source = null;
    show(state);
    if (tryAgainMs) setTimeout(askAgain, tryAgainMs);
  }

  async function askAgain() {
    if ((await reachable()) === "yes") onReturn?.();
    else setTimeout(askAgain, tryAgainMs);
  }

  function retry() {
    source?.close();
    source = null;
    show("lost");
    setTimeout(open, WAIT_MS[Math.min(attempts++, WAIT_MS.length - 1)]);
  }

  /* Why was the stream refused? A redirect leads to the login, 429 means too many boards. */
  async function refused() {
    source = null;
    if ((await reachable()) === "no") stop("ended");
    else retry();
  }

  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  setInterval(() => {
    if (source && Date.now() - heardAt > SILENT_MS) retry();
  }, 5_000);

  show("connecting");
  open();
}

/* Whether this page could be loaded now: "yes", "no" (it may not be seen), "away". */
export async function reachable() {
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) {
      return "no";
    }
    return answer.ok ? "yes" : "away";
  } catch {
    return "away";
  }
}

/* Puts rows into a table body in the order of their time, newest first, and keeps `most` of them.
   The rows that were not there before. HTML comes from our own server, escaped there. */
export function putRows(body, rows, most) {
  const known = new Set([...body.children].map((line) => line.dataset.key));
  const news = rows.filter((row) => !known.has(row.key));
  // oldest first, so that those of the same moment end in the order of the server
  for (const row of [...news].reverse()) {
    body.querySelector(`[data-key="${CSS.escape(row.key)}"]`)?.remove();
    const holder = document.createElement("template");
    holder.innerHTML = row.html;
    const line = holder.content.firstElementChild;
    line.classList.add("is-new");
    const later = [...body.children].find((other) => Number(other.dataset.ms) <= row.ms);
    body.insertBefore(line, later ?? null);
  }
  while (body.children.length > most) body.lastElementChild.remove();
  return news;
}
