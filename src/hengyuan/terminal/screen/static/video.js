// Live pictures. A page that loads this module needs only
//
//   <video data-live="/video/NAME/live.m3u8" muted playsinline></video>
//
// in it, now or later: each such element plays by itself, comes back by itself when the camera was
// away, and stops when it leaves the page. Its `data-state` says how it is: `loading`, `playing`,
// `lost` (no picture is coming) or `unplayable` (this browser has no decoder for the camera's codec,
// mostly H.265), so that a style sheet can put words over it; it also fires `livestate` events.

import "/static/vendor/hls/hls.light.min.js";

const RETRY_MS = 3000;
const LIVE_WITHIN_S = 8;
const { Hls } = globalThis;
const players = new Map();

class Player {
  constructor(video) {
    this.video = video;
    this.timer = null;
    video.muted = true;
    video.addEventListener("playing", () => this.says("playing"));
    video.addEventListener("waiting", () => this.says("loading"));
    this.begin();
  }

  begin() {
    this.says("loading");
    const source = this.video.dataset.live;
    if (!Hls?.isSupported()) {
      // Safari plays HLS by itself
      this.video.src = source;
      this.video.onerror = () => this.again("lost");
      this.play();
      return;
    }
    this.hls = new Hls({
      // MP4 segments need no rework, so no worker, which a strict content policy would refuse
      enableWorker: false,
      liveSyncDurationCount: 2,
      liveMaxLatencyDurationCount: 5,
      backBufferLength: 10,
      maxBufferLength: 10,
    });
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => this.play());
    this.hls.on(Hls.Events.ERROR, (_, error) => this.failed(error));
    this.hls.loadSource(source);
    this.hls.attachMedia(this.video);
  }

  play() {
    // a page in the background is refused; the picture then begins when it is looked at
    this.video.play().catch(() => {});
  }

  failed(error) {
    const kinds = Hls.ErrorDetails;
    const undecodable = [kinds.BUFFER_ADD_CODEC_ERROR, kinds.MANIFEST_INCOMPATIBLE_CODECS_ERROR];
    if (undecodable.includes(error.details)) this.again("unplayable");
    else if (error.fatal) this.again("lost");
  }

  again(state) {
    this.stop();
    this.says(state);
    this.timer = setTimeout(() => this.begin(), RETRY_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.hls?.destroy();
    this.hls = null;
  }

  // a window that slept is brought back to what is happening now
  catchUp() {
    const { buffered } = this.video;
    if (!buffered.length) return;
    const end = buffered.end(buffered.length - 1);
    if (end - this.video.currentTime > LIVE_WITHIN_S) this.video.currentTime = end - 1;
    if (this.video.paused) this.play();
  }

  says(state) {
    if (this.video.dataset.state === state) return;
    this.video.dataset.state = state;
    this.video.dispatchEvent(new CustomEvent("livestate", { detail: state, bubbles: true }));
  }
}

function look() {
  for (const [video, player] of players) {
    if (!video.isConnected || !video.dataset.live) {
      player.stop();
      players.delete(video);
    }
  }
  for (const video of document.querySelectorAll("video[data-live]")) {
    if (!players.has(video)) players.set(video, new Player(video));
  }
}

look();
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const player of players.values()) player.catchUp();
});
