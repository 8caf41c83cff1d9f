// A tone for each verdict, for who looks out of the window: one high one within the limit, three low
// ones over it, two where there is no verdict. Off until it is switched on.
const KEPT = "hengyuan-sound";
const TONES = { ok: [880], over: [330, 330, 330], wait: [520, 520] };
const button = document.querySelector("[data-sound-switch]");
let context = null;

function isOn() {
  return localStorage.getItem(KEPT) === "on";
}

function show() {
  button?.setAttribute("aria-pressed", String(isOn()));
}

export function sound(level) {
  const tones = TONES[level];
  if (!tones || !isOn()) return;
  context ??= new AudioContext();
  tones.forEach((pitch, place) => {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const from = context.currentTime + place * 0.3;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.22);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + 0.25);
  });
}

button?.addEventListener("click", () => {
  localStorage.setItem(KEPT, isOn() ? "off" : "on");
  show();
  sound("ok");
});
show();
