/* Ticking all units of a page at once. Without script each can be ticked by itself. */

document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-picks]");
  if (!all) return;
  for (const box of document.querySelectorAll(`input[name="unit"][form="${all.dataset.picks}"]`)) {
    box.checked = all.checked;
  }
});
