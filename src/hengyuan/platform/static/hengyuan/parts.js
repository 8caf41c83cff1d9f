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
    localStorage.setItem(MAP_KEY, event.target.value);
    chooseMaps(document);
  }
});

/* Who prefers tiles has them on every page of this browser. */
function chooseMaps(root) {
  const wanted = localStorage.getItem(MAP_KEY);
  if (!wanted) return;
  for (const choice of root.querySelectorAll("[data-map-switch]")) {
    if (choice.value === wanted) choice.checked = true;
  }
}

function showFailure(status) {
  const notice = document.getElementById("failure");
  if (!notice) return;
  const name = status === 0 ? "offline" : status === 403 ? "forbidden" : "broken";
  notice.querySelector("span").textContent = notice.dataset[name];
  notice.hidden = false;
}

document.addEventListener("htmx:load", (event) => chooseMaps(event.target));
document.addEventListener("htmx:sendError", () => showFailure(0));
document.addEventListener("htmx:responseError", (event) => showFailure(event.detail.xhr.status));
document.addEventListener("htmx:afterSwap", () => {
  const notice = document.getElementById("failure");
  if (notice) notice.hidden = true;
});
chooseMaps(document);
