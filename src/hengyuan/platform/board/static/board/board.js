/* Keeps the board live: one event stream, rows put in their place, and an honest light.
   Pieces of HTML come from our own server, escaped there. */

const board = document.getElementById("board");
const rows = document.getElementById("rows");
const connection = document.getElementById("connection");
const clock = document.getElementById("board-at");
const SILENT_MS = 40_000; // two beats and a half
const WAIT_MS = [2_000, 4_000, 8_000, 15_000, 30_000];

let source = null;
let last = board.dataset.last;
let attempts = 0;
let heardAt = Date.now();
let day = document.getElementById("board-day").textContent;
let chart = null;
let chartData = JSON.parse(document.getElementById("chart-data").textContent);
let isOver = false;

function show(state) {
  const lost = !["live", "connecting"].includes(state);
  connection.className = `connection ${state === "live" ? "is-live" : lost ? "is-lost" : "is-connecting"}`;
  connection.querySelector("b").textContent = connection.dataset[state];
  clock.hidden = state === "full";
  board.classList.toggle("is-lost", lost);
  if (state === "ended") {
    const link = document.createElement("a");
    link.href = board.dataset.login;
    link.textContent = connection.dataset.ended;
    connection.querySelector("b").replaceChildren(link);
  }
}

function place(row) {
  rows.querySelector(`[data-key="${CSS.escape(row.key)}"]`)?.remove();
  const holder = document.createElement("template");
  holder.innerHTML = row.html;
  const line = holder.content.firstElementChild;
  line.classList.add("is-new");
  const later = [...rows.children].find((other) => Number(other.dataset.ms) <= row.ms);
  rows.insertBefore(line, later ?? null);
}

function take(data, isWhole) {
  if (data.day !== day) {
    location.reload(); // midnight: another day's figures, another day's links
    return;
  }
  const known = new Set([...rows.children].map((line) => line.dataset.key));
  const news = data.rows.filter((row) => !known.has(row.key));
  // oldest first, so that those of the same moment end in the order of the server
  [...news].reverse().forEach(place);
  while (rows.children.length > Number(board.dataset.most)) rows.lastElementChild.remove();
  document.getElementById("no-rows").hidden = rows.children.length > 0;
  for (const [name, html] of Object.entries(data.parts)) replace(name, html);
  if (data.chart) {
    chartData = data.chart;
    draw();
  }
  if (!isWhole && news.some((row) => row.is_over)) beep();
}

function replace(name, html) {
  const holder = document.getElementById(name);
  const wasOpen = holder.querySelector("details")?.open;
  holder.innerHTML = html;
  const details = holder.querySelector("details");
  if (details && wasOpen) details.open = true;
}

function heard(event) {
  heardAt = Date.now();
  attempts = 0;
  if (event.lastEventId) last = event.lastEventId;
  show("live");
}

function open() {
  source?.close();
  heardAt = Date.now();
  source = new EventSource(`${board.dataset.events}?after=${encodeURIComponent(last)}`);
  for (const name of ["whole", "update"]) {
    source.addEventListener(name, (event) => {
      heard(event);
      const data = JSON.parse(event.data);
      clock.textContent = data.at;
      take(data, name === "whole");
    });
  }
  source.addEventListener("beat", (event) => {
    heard(event);
    clock.textContent = JSON.parse(event.data).at;
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
  source.close();
  source = null;
  show(state);
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
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) {
      show("ended");
      return;
    }
  } catch {
    // the platform does not answer at all
  }
  retry();
}

function beep() {
  if (!document.getElementById("sound").checked) return;
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: 880 });
  const volume = new GainNode(audio, { gain: 0.15 });
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.25);
  tone.onended = () => audio.close();
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  chart ??= echarts.init(document.getElementById("chart"));
  const within = chartData.trucks.map((trucks, hour) => trucks - chartData.over[hour]);
  const bar = { type: "bar", stack: "hour", barCategoryGap: "25%", cursor: "pointer" };
  chart.setOption({
    animation: false,
    grid: { left: 34, right: 8, top: 28, bottom: 22 },
    legend: { top: 2, right: 8, itemWidth: 10, itemHeight: 10, textStyle: { color: colour("--ink-soft"), fontSize: 11 } },
    // drawn, not written as HTML: the policy allows no style attributes
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: {
      type: "category",
      data: within.map((_, hour) => hour),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("--line") } },
      axisLabel: { color: colour("--ink-soft"), fontSize: 11, interval: 3 },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitLine: { lineStyle: { color: colour("--line") } },
      axisLabel: { color: colour("--ink-soft"), fontSize: 11 },
    },
    series: [
      { ...bar, name: board.dataset.trucks, data: within, itemStyle: { color: colour("--accent") } },
      { ...bar, name: board.dataset.over, data: chartData.over, itemStyle: { color: colour("--over") } },
    ],
  });
}

const sound = document.getElementById("sound");
sound.checked = localStorage.getItem("hengyuan-sound") === "on";
sound.addEventListener("change", () => localStorage.setItem("hengyuan-sound", sound.checked ? "on" : "off"));

draw();
chart.on("click", ({ dataIndex, seriesIndex }) => {
  const link = document.querySelector(`#hours a[data-hour="${dataIndex}"]`);
  const over = link?.closest("tr").querySelector("a.over");
  const target = seriesIndex === 1 ? over : link;
  if (target) location.assign(target.href);
});
addEventListener("resize", () => chart.resize());
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
setInterval(() => {
  if (source && Date.now() - heardAt > SILENT_MS) retry();
}, 5_000);

show("connecting");
open();
