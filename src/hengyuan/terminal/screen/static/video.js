// Live pictures. A page that loads this module needs only
//
//   <video data-live="/video/NAME/live.m3u8" muted playsinline></video>
//
// in it, now or later: each such element plays by itself, comes back by itself when the camera was
// away, and stops when it leaves the page. Its `data-state` says how it is: `loading`, `playing`,
// `lost` (no picture is coming) or `unplayable` (this browser has no decoder for the camera's codec,
// mostly H.265). An element beside it with `data-lost`, `data-loading` and `data-unplayable` shows
// the words of that state, and is hidden where there are none.

import "/static/vendor/hls/hls.light.min.js";

const RETRY_MS = 3000;
const LIVE_WITHIN_S = 8;
const FROZEN_MS = 6000;
const { Hls } = globalThis;
const players = new Map();

class Player {
  constructor(video) {
    this.video = video;
    this.timer = null;
    this.ended = false;
    this.moved = { to: -1, at: 0 };
    video.muted = true;
    video.addEventListener("playing", () => this.says("playing"));
    this.watch = setInterval(() => this.look(), 1000);
    this.begin();
  }

  async begin() {
    const source = this.video.dataset.live;
    if (!(await isLive(source))) {
      this.again("lost");
      return;
    }
    if (this.ended) return;
    this.says("loading");
    this.moved = { to: -1, at: performance.now() };
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

  // a picture that stands still must not look as if it were live
  look() {
    const now = performance.now();
    const { currentTime } = this.video;
    if (currentTime !== this.moved.to) this.moved = { to: currentTime, at: now };
    else if (this.hls && !document.hidden && now - this.moved.at > FROZEN_MS) this.again("lost");
  }

  again(state) {
    if (this.ended) return;
    this.release();
    this.says(state);
    this.timer = setTimeout(() => this.begin(), RETRY_MS);
  }

  release() {
    clearTimeout(this.timer);
    this.hls?.destroy();
    this.hls = null;
  }

  end() {
    this.ended = true;
    clearInterval(this.watch);
    this.release();
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
    const said = this.video.parentElement?.querySelector("[data-lost]");
    if (!said) return;
    said.textContent = said.dataset[state] ?? "";
    said.hidden = !said.textContent;
  }
}

// whether there is anything to play: asking for a playlist that is not there would fill the console
async function isLive(source) {
  try {
    const answer = await fetch("/video/cameras.json", { cache: "no-store" });
    const listed = answer.ok ? await answer.json() : [];
    return listed.some(({ live, plays }) => plays && decodeURI(live) === decodeURI(source));
  } catch {
    return false;
  }
}

function look() {
  for (const [video, player] of players) {
    if (!video.isConnected || !video.dataset.live) {
      player.end();
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
