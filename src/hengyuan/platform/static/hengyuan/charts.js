/* Draws every [data-chart] with ECharts, which is fetched from our own server when the first one
   is on the page. Colours come from the style sheet, so light and dark need nothing here. */

let library = null;

function load(address) {
  library ??= new Promise((resolve, reject) => {
    if (window.echarts) {
      resolve(window.echarts);
      return;
    }
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

function palette(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"),
    soft: of("--ink-soft"),
    line: of("--line"),
    paper: of("--paper"),
    tones: { main: of("--accent"), beside: of("--beside"), over: of("--over") },
    font: style.fontFamily,
    // of the drawing's own text, so that a page for a wall can have it larger
    size: parseFloat(getComputedStyle(element.querySelector(".chart-drawing")).fontSize),
    height: element.querySelector(".chart-drawing").clientHeight,
  };
}

function option(spec, colours) {
  const lies = spec.kind === "rows";
  const format = (value) => (value == null ? "—" : value.toLocaleString());
  const label = { color: colours.soft, fontSize: colours.size, fontFamily: colours.font };
  const names = {
    type: "category",
    data: spec.labels,
    inverse: lies,
    boundaryGap: spec.kind !== "line",
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colours.line } },
    axisLabel: { ...label, color: colours.ink, hideOverlap: true },
  };
  const figures = {
    type: "value",
    minInterval: spec.series.every((row) => row.values.every((v) => v == null || Number.isInteger(v))) ? 1 : 0,
    // a low drawing has room for few lines
    splitNumber: Math.max(1, Math.min(5, Math.floor(colours.height / colours.size / 4))),
    splitLine: { lineStyle: { color: colours.line } },
    axisLabel: { ...label, formatter: format },
  };
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    grid: { left: 8, right: 16, top: colours.size + (spec.series.length > 1 ? 19 : 1), bottom: 4, containLabel: true },
    legend: {
      show: spec.series.length > 1, top: 0, right: 8, itemWidth: 14, itemHeight: 10,
      textStyle: { ...label, color: colours.ink },
    },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not HTML: the page's policy forbids inline styles
      axisPointer: { type: spec.kind === "line" ? "line" : "shadow" },
      backgroundColor: colours.paper,
      borderColor: colours.line,
      textStyle: { color: colours.ink, fontSize: colours.size + 1, fontFamily: colours.font },
      valueFormatter: (value) => `${format(value)} ${spec.unit}`.trim(),
    },
    xAxis: lies ? figures : names,
    yAxis: lies ? names : figures,
    series: spec.series.map((row) => ({
      name: row.name,
      type: spec.kind === "line" ? "line" : "bar",
      stack: spec.stacked ? "all" : undefined,
      data: row.values,
      barMaxWidth: 28,
      barCategoryGap: "30%",
      cursor: spec.urls.length ? "pointer" : "default",
      symbol: "circle",
      symbolSize: 5,
      showSymbol: spec.labels.length <= 31,
      // tells the series apart without their colours
      lineStyle: { width: 2, type: row.tone === "beside" ? "dashed" : "solid" },
      itemStyle: { color: colours.tones[row.tone] },
      connectNulls: false,
    })),
  };
}

async function draw(figure) {
  const data = document.getElementById(figure.dataset.chart);
  const paper = figure.querySelector(".chart-drawing");
  if (!data || !paper || figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  let spec = JSON.parse(data.textContent);
  let echarts;
  try {
    echarts = await load(figure.dataset.echarts);
  } catch {
    paper.hidden = true;
    figure.querySelector("details").open = true;
    return;
  }
  const chart = echarts.init(paper, null, { renderer: "canvas" });
  chart.setOption(option(spec, palette(figure)));
  if (spec.urls.length) {
    chart.on("click", ({ dataIndex }) => location.assign(spec.urls[dataIndex]));
  }
  new ResizeObserver(() => chart.resize()).observe(paper);
  // figures that are live: whoever changes the data says so
  figure.addEventListener("chart:changed", () => {
    spec = JSON.parse(data.textContent);
    chart.setOption(option(spec, palette(figure)));
  });
}

function drawAll(root) {
  if (root.matches?.("[data-chart]")) draw(root);
  root.querySelectorAll("[data-chart]").forEach(draw);
}

document.addEventListener("htmx:load", (event) => drawAll(event.target));
drawAll(document);
