// On every page of the gatekeeper: keys that stand on buttons and links, light or dark, forms that
// are sent once, and printing.
const LOOK = "hengyuan-look";

function keyOf(event) {
  return (event.altKey ? "Alt+" : "") + event.key;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.isComposing) return;
  const key = keyOf(event);
  const typing = event.target.matches("input, select, textarea");
  if (typing && (key.startsWith("Arrow") || key.startsWith("Page"))) return;
  const able = [...document.querySelectorAll("[data-key]")].filter(
    (each) => each.dataset.key === key && !each.disabled && each.offsetParent !== null,
  );
  const wanted = able.find((each) => each.closest("[data-active]")) ?? able[0];
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
  if (!wanted.matches("input, select, textarea")) wanted.click();
});

document.querySelector("[data-look-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.look
    ? root.dataset.look === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.look = dark ? "light" : "dark";
  document.cookie = `${LOOK}=${root.dataset.look}; path=/; max-age=31536000; samesite=strict`;
});

// the terminal does a form only once however often it comes; this spares the second tap
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
}
// a page that comes back from the browser's memory can be sent again
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}
for (const select of document.querySelectorAll("[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
