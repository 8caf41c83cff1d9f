/* Parts that need a little script: dialogs, the map's switch, a word when something cannot be
   loaded. Everything here also works, or has another way, where no script runs. */

const MAP_KEY = "hengyuan-map";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.querySelector(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-map-switch]")) {
    chooseMaps(document, event.target.value);
    remember(event.target.value);
  }
});

/* Who prefers tiles has them on every page of this browser; where it keeps nothing, on this one. */
function remember(choice) {
  try {
    localStorage.setItem(MAP_KEY, choice);
  } catch {
    // storage is closed: the next page begins with the map again
  }
}

function remembered() {
  try {
    return localStorage.getItem(MAP_KEY);
  } catch {
    return null;
  }
}

function chooseMaps(root, wanted = remembered()) {
  if (!wanted) return;
  for (const choice of root.querySelectorAll("[data-map-switch]")) {
    if (choice.value === wanted) choice.checked = true;
  }
}

function showFailure(status, number = null) {
  const notice = document.getElementById("failure");
  if (!notice) return;
  const name = status === 0 ? "offline" : status === 403 ? "forbidden" : "broken";
  // the number is what whoever looks into the log needs to hear
  const quoted = number ? ` ${notice.dataset.number} ${number}` : "";
  notice.querySelector("span").textContent = notice.dataset[name] + quoted;
  notice.hidden = false;
}

document.addEventListener("htmx:load", (event) => chooseMaps(event.target));
document.addEventListener("htmx:sendError", () => showFailure(0));
document.addEventListener("htmx:responseError", (event) => {
  const asked = event.detail.xhr;
  showFailure(asked.status, asked.getResponseHeader("x-request-id"));
});
document.addEventListener("htmx:afterSwap", () => {
  const notice = document.getElementById("failure");
  if (notice) notice.hidden = true;
});
chooseMaps(document);
