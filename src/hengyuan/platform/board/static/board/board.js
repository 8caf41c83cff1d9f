/* Keeps the board live: rows put in their place, pieces replaced, and an honest light. */

const board = document.getElementById("board");
const { follow, putRows } = await import(board.dataset.module);
const rows = document.getElementById("rows");
const connection = document.getElementById("connection");
const clock = document.getElementById("board-at");
const day = document.getElementById("board-day").textContent;

let chart = null;
let chartData = JSON.parse(document.getElementById("chart-data").textContent);

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

function take(data, isWhole) {
  if (data.day !== day) {
    location.reload(); // midnight: another day's figures, another day's links
    return;
  }
  const news = putRows(rows, data.rows, Number(board.dataset.most));
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

follow({
  events: board.dataset.events,
  last: board.dataset.last,
  take,
  show,
  at: (time) => {
    clock.textContent = time;
  },
});
