// The gatekeeper's page: puts into place what the terminal sends, and computes nothing itself.
import { sound } from "/static/sound.js";

const $ = (id) => document.getElementById(id);
const OLD_AFTER_MS = 25000;
let heardAt = performance.now();

function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

// keys are for the lane that was weighed or touched last
function activate(root) {
  for (const lane of document.querySelectorAll("section.lane")) {
    lane.toggleAttribute("data-active", lane === root);
  }
}
for (const lane of document.querySelectorAll("section.lane")) {
  for (const kind of ["pointerdown", "focusin"]) lane.addEventListener(kind, () => activate(lane));
}
activate(document.querySelector("section.lane"));

let begun = false;

function showLane(lane) {
  const root = $(`lane-${lane.number}`);
  if (!root) return;
  const part = (name) => root.querySelector(`[data-is="${name}"]`);
  text(part("phase"), lane.phase);
  text(part("mass"), lane.mass);
  root.classList.toggle("unsound", !lane.sound);
  const [next, ...also] = lane.advice;
  text(part("next"), next.text);
  part("next").dataset.level = next.level;
  replace(part("also"), also, advice);
  replace(part("barriers"), lane.barriers, barrier);
  replace(part("actions"), lane.actions, action);
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
  for (const name of ["verdict", "plate", "colour", "gross", "tare", "net", "limit", "over", "rate", "vehicle", "basis", "assumed"]) {
    text(part(name), truck[name]);
  }
  root.classList.toggle("is-over", Boolean(truck.over));
  for (const figure of root.querySelectorAll("[data-only]")) {
    figure.hidden = !truck[figure.dataset.only];
  }
  part("flags").replaceChildren(...truck.flags.map((flag) => element("li", flag)));
  if (root.dataset.seq !== String(truck.seq)) {
    root.dataset.seq = truck.seq;
    activate(root);
    if (begun) sound(truck.level);
    part("pictures").replaceChildren(...truck.pictures.map(picture));
  }
}

// what has not changed stays: a button must not be renewed under a finger
function replace(root, values, make) {
  const wanted = JSON.stringify(values);
  if (root.dataset.shown === wanted) return;
  root.dataset.shown = wanted;
  root.replaceChildren(...values.map(make));
}

function advice({ text: words, level, url }) {
  const item = document.createElement("li");
  item.className = "attention";
  item.dataset.level = level;
  if (url) item.append(link(words, url));
  else item.textContent = words;
  return item;
}

function link(words, url, className) {
  const anchor = element("a", words, className);
  anchor.href = url;
  return anchor;
}

function barrier({ text: words, trouble }) {
  const item = element("li", words, trouble ? "trouble" : "");
  item.title = trouble;
  return item;
}

function action({ url, name, key, style }) {
  const button = link(name, url, `button ${style}`);
  if (key) {
    button.dataset.key = key;
    button.append(element("kbd", key));
  }
  return button;
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
    const cell = element("td", "", number ? `number ${name}` : name);
    if (["seq", "plate"].includes(name)) cell.append(link(String(truck[name]), `/records/${truck.seq}`));
    else cell.textContent = truck[name];
    line.append(cell);
  }
  line.classList.toggle("acked", truck.acked);
  return line;
}

function held({ plate, why, since, url }) {
  const item = document.createElement("li");
  item.append(link(plate, url), element("span", why, "why"), element("span", since, "state"));
  return item;
}

function device({ name, kind, light, state, why }) {
  const item = document.createElement("li");
  item.append(element("span", "", `light ${light}`), element("span", kind, "name"), element("span", name, "tag"), element("span", state, "state"));
  if (why) item.append(element("span", why, "why"));
  return item;
}

function notice({ level, text: words, path }) {
  const line = element("p", "", "notice");
  line.dataset.level = level;
  line.append(link(words, path));
  return line;
}

function show(gate) {
  heardAt = performance.now();
  $("lost").hidden = true;
  gate.lanes.forEach(showLane);
  begun = true;
  $("platform-light").className = `light ${gate.platform.light}`;
  text($("platform-text"), gate.platform.text);
  $("platform-text").title = gate.platform.why;
  text($("queue"), gate.queue);
  text($("today"), gate.today);
  replace($("notices"), gate.notices, notice);
  $("held-trucks").hidden = gate.held.length === 0;
  replace($("held"), gate.held, held);
  replace($("attention"), gate.attention, advice);
  replace($("newest"), gate.newest, row);
  $("none-yet").hidden = gate.newest.length > 0;
  replace($("devices"), gate.devices, device);
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
