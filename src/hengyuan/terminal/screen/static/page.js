// On every page of the gatekeeper: keys that stand on buttons and links, and light or dark.
const LOOK = "hengyuan-look";

export function keyOf(event) {
  const alt = event.altKey ? "Alt+" : "";
  return alt + (event.key.length === 1 ? event.key.toUpperCase() : event.key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.isComposing) return;
  const key = keyOf(event);
  const wanted = [...document.querySelectorAll("[data-key]")].find(
    (each) => each.dataset.key === key && !each.disabled && each.offsetParent !== null,
  );
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
  wanted.click();
});

document.querySelector("[data-look-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.look
    ? root.dataset.look === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.look = dark ? "light" : "dark";
  document.cookie = `${LOOK}=${root.dataset.look}; path=/; max-age=31536000; samesite=strict`;
});
