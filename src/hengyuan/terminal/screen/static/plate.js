// Keys for a plate, for a touch panel without a keyboard: provinces first, then letters and digits.
const PROVINCES = "晋陕蒙冀豫鲁京津沪渝辽吉黑苏浙皖闽赣鄂湘粤桂琼川贵云藏甘青宁新";
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const REST = "0123456789" + LETTERS + "挂学警港澳";

for (const keys of document.querySelectorAll("[data-plate-keys]")) {
  const input = document.getElementById(keys.dataset.plateKeys);
  const row = document.createElement("div");
  keys.append(row);
  const erase = document.createElement("button");
  erase.type = "button";
  erase.textContent = "⌫";
  erase.ariaLabel = keys.dataset.erase;
  erase.addEventListener("click", () => put(input.value.slice(0, -1)));

  function put(text) {
    input.value = text;
    show();
  }
  function key(character) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = character;
    button.addEventListener("click", () => {
      if (input.value.length < input.maxLength) put(input.value + character);
    });
    return button;
  }
  let shown = "";
  function show() {
    const wanted = input.value.length === 0 ? PROVINCES : input.value.length === 1 ? LETTERS : REST;
    if (wanted === shown) return;
    shown = wanted;
    row.replaceChildren(...[...wanted].map(key), erase);
  }
  input.addEventListener("input", show);
  show();
}
