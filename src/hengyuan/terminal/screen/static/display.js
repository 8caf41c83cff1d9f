// The driver's display: lines as they come, as large as they fit.
const display = document.getElementById("display");
const lost = document.getElementById("lost");

function show(shown) {
  display.dataset.level = shown.level;
  display.replaceChildren(
    ...shown.lines.map((text) => {
      const line = document.createElement("p");
      // a line of n wide characters takes the n-th part of the screen's width, within bounds
      const width = [...text].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 1 : 0.58), 0);
      line.style.setProperty("--wide", Math.max(width, 4).toFixed(2));
      line.textContent = text;
      return line;
    }),
  );
  display.style.setProperty("--lines", Math.max(shown.lines.length, 2));
}

const source = new EventSource(`/display/${display.dataset.lane}/live`);
source.onmessage = (event) => show(JSON.parse(event.data));
source.onopen = () => {
  lost.hidden = true;
};
source.onerror = () => {
  // a verdict that nobody renews must not go on telling the next truck to leave
  show({ level: "fault", lines: [] });
  lost.hidden = false;
};
