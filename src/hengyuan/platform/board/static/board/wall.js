/* Keeps a wall display live for months: trucks at once, figures every few seconds, a new day by
   loading the page again, but only once the platform answers. */

const wall = document.getElementById("wall");
const { follow, putRows, reachable } = await import(wall.dataset.module);
const rows = document.getElementById("rows");
const connection = document.getElementById("connection");
const ahead = Number(wall.dataset.now) - Date.now(); // this machine's clock may be wrong
const ASK_AGAIN_MS = 20_000;
let isReloading = false;

function show(state) {
  const lost = !["live", "connecting"].includes(state);
  connection.className = `connection ${state === "live" ? "is-live" : lost ? "is-lost" : "is-connecting"}`;
  connection.querySelector("b").textContent = connection.dataset[state];
  document.getElementById("board-at").hidden = state === "full";
  wall.classList.toggle("is-lost", lost);
}

async function take(data) {
  if (data.day !== wall.dataset.day && !isReloading) {
    isReloading = (await reachable()) === "yes";
    if (isReloading) location.reload();
  }
  putRows(rows, data.rows, Number(wall.dataset.most));
  document.getElementById("no-rows").hidden = rows.children.length > 0;
  for (const [name, html] of Object.entries(data.parts)) replace(document.getElementById(name), html);
}

/* A chart that is drawn takes the new figures; everything else is put in place of the old. */
function replace(holder, html) {
  if (!holder) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const charts = [...fresh.content.querySelectorAll("[data-chart]")];
  if (charts.length && charts.every(isDrawn)) {
    charts.forEach(update);
    return;
  }
  holder.replaceChildren(fresh.content);
  if (charts.length) holder.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
}

function isDrawn(figure) {
  return document.getElementById(figure.id)?.dataset.drawn && figure.querySelector("script");
}

function update(figure) {
  const drawn = document.getElementById(figure.id);
  for (const part of [".chart-figures", 'script[type="application/json"]']) {
    drawn.querySelector(part).innerHTML = figure.querySelector(part).innerHTML;
  }
  drawn.dispatchEvent(new CustomEvent("chart:changed"));
}

function tick() {
  const now = new Date(Date.now() + ahead);
  const words = { timeZone: "Asia/Shanghai", hour12: false };
  document.getElementById("clock").textContent = now.toLocaleTimeString("sv-SE", words);
  document.getElementById("date").textContent =
    `${now.toLocaleDateString("sv-SE", words)} ${now.toLocaleDateString(document.documentElement.lang, { ...words, weekday: "long" })}`;
  setTimeout(tick, 1000 - (now.getTime() % 1000));
}

const full = document.getElementById("full-screen");
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () => document.documentElement.requestFullscreen());
document.addEventListener("fullscreenchange", () => {
  full.hidden = Boolean(document.fullscreenElement);
});

tick();
follow({
  events: wall.dataset.events,
  last: wall.dataset.last,
  take,
  show,
  at: (time) => {
    document.getElementById("board-at").textContent = time;
  },
  tryAgainMs: ASK_AGAIN_MS,
  onReturn: () => location.reload(),
});
