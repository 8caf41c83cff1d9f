/* Plays a live session: waits until the terminal sends, then follows the playlist. */

const picture = document.getElementById("picture");
const trouble = document.getElementById("trouble");
const RETRY_MS = 2_000;
let player = null;
let isPlaying = false;

function standing() {
  return document.getElementById("live-state")?.dataset.standing;
}

function say(text) {
  trouble.querySelector("span").textContent = text;
  trouble.hidden = !text;
}

function play() {
  if (isPlaying) return;
  isPlaying = true;
  if (!window.Hls?.isSupported()) {
    if (picture.canPlayType("application/vnd.apple.mpegurl")) picture.src = picture.dataset.playlist;
    else say(picture.dataset.broken);
    return;
  }
  player = new window.Hls({
    enableWorker: false, // a worker would need a script from a blob, which the page does not allow
    liveSyncDurationCount: 2,
    liveMaxLatencyDurationCount: 6,
    maxBufferLength: 12,
    backBufferLength: 12,
  });
  player.on(window.Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    if (error.type === window.Hls.ErrorTypes.MEDIA_ERROR) {
      if (/incompatible|codec/i.test(error.details)) say(picture.dataset.broken);
      player.recoverMediaError();
    } else if (standing() === "playing") {
      setTimeout(() => player?.loadSource(picture.dataset.playlist), RETRY_MS);
    }
  });
  player.on(window.Hls.Events.FRAG_BUFFERED, () => say(""));
  player.loadSource(picture.dataset.playlist);
  player.attachMedia(picture);
}

function stop() {
  player?.destroy();
  player = null;
  picture.removeAttribute("src");
  picture.load();
}

function look() {
  const now = standing();
  if (now === "playing") play();
  else if (isPlaying && now && now !== "starting" && now !== "waiting") stop();
}

document.body.addEventListener("htmx:afterSwap", look);
look();
