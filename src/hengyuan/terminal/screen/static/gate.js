// The gatekeeper's page: puts into place what the terminal sends, and computes nothing itself.
const $ = (id) => document.getElementById(id);
const OLD_AFTER_MS = 25000;
let heardAt = performance.now();

function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

function showLane(lane) {
  const root = $(`lane-${lane.number}`);
  if (!root) return;
  const part = (name) => root.querySelector(`[data-is="${name}"]`);
  text(part("phase"), lane.phase);
  text(part("mass"), lane.mass);
  root.classList.toggle("unsound", !lane.sound);
  const alarms = [lane.scale, ...lane.faults].filter(Boolean).join("\n");
  text(part("alarm"), alarms);
  part("alarm").hidden = !alarms;
  const truck = lane.truck;
  part("truck").hidden = !truck;
  part("nobody").hidden = Boolean(truck);
  text(part("nobody"), lane.nobody);
  root.dataset.level = truck ? truck.level : "plain";
  if (!truck) {
    part("pictures").replaceChildren();
    delete root.dataset.seq;
    return;
  }
  for (const name of ["verdict", "plate", "colour", "gross", "limit", "over", "rate", "vehicle", "basis", "assumed"]) {
    text(part(name), truck[name]);
  }
  root.classList.toggle("is-over", Boolean(truck.over));
  part("flags").replaceChildren(...truck.flags.map((flag) => element("li", flag)));
  if (root.dataset.seq !== String(truck.seq)) {
    root.dataset.seq = truck.seq;
    part("pictures").replaceChildren(...truck.pictures.map(picture));
  }
}

function element(tag, content, className) {
  const node = document.createElement(tag);
  node.textContent = content;
  if (className) node.className = className;
  return node;
}

function picture({ url, title, kind }) {
  const figure = document.createElement("figure");
  figure.dataset.kind = kind;
  const link = document.createElement("a");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener";
  const image = document.createElement("img");
  image.src = url;
  image.alt = title;
  link.append(image);
  figure.append(link, element("figcaption", title));
  return figure;
}

function row(truck) {
  const line = document.createElement("tr");
  line.dataset.level = truck.level;
  for (const name of ["seq", "time", "lane", "plate", "gross", "limit", "over", "verdict", "stored"]) {
    const number = ["gross", "limit", "over"].includes(name);
    line.append(element("td", String(truck[name]), number ? "number" : name));
  }
  line.classList.toggle("acked", truck.acked);
  return line;
}

function device({ name, kind, light, state }) {
  const item = document.createElement("li");
  item.append(element("span", "", `light ${light}`), element("span", kind, "name"), element("span", name, "tag"), element("span", state, "state"));
  return item;
}

function show(gate) {
  heardAt = performance.now();
  $("lost").hidden = true;
  gate.lanes.forEach(showLane);
  $("platform-light").className = `light ${gate.platform.light}`;
  text($("platform-text"), gate.platform.text);
  $("platform-text").title = gate.platform.why;
  text($("queue"), gate.queue);
  $("newest").replaceChildren(...gate.newest.map(row));
  $("none-yet").hidden = gate.newest.length > 0;
  $("devices").replaceChildren(...gate.devices.map(device));
}

const source = new EventSource("/live");
source.onmessage = (event) => show(JSON.parse(event.data));
source.onerror = () => {
  $("lost").hidden = false;
};

const time = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "medium",
  timeZone: "Asia/Shanghai",
});
function tick() {
  text($("clock"), time.format(new Date()));
  if (performance.now() - heardAt > OLD_AFTER_MS) $("lost").hidden = false;
}
setInterval(tick, 1000);
tick();
