/* Small things that every page may use. No inline script anywhere: the policy forbids it. */

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.querySelector("span").textContent = button.dataset.copied;
  } catch {
    // without HTTPS the clipboard is closed: select the text, the keyboard does the rest
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
});

/* A file of a list is made with the filter that is on now, not with that of the page's first load. */
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-keeps-filter]")) {
    event.target.action = event.target.action.split("?")[0] + location.search;
  }
});
