"use strict";
/* The sound and the playhead. Times in milliseconds. */

function clockText(ms) {
  const whole = Math.max(0, Math.round(ms));
  const seconds = String(Math.floor(whole / 1000) % 60).padStart(2, "0");
  return `${Math.floor(whole / 60000)}:${seconds}.${String(whole % 1000).padStart(3, "0")}`;
}

function placeText(ms) {
  const index = indexAfter(facts.beats, ms) - 1;
  return index < 0 ? "" : `${facts.bars[index]}:${facts.beatsOfBar[index]}`;
}

function makePlayer(view, onMove) {
  const audio = document.getElementById("audio");
  const line = document.getElementById("playhead");
  const play = document.getElementById("play");
  const follow = document.getElementById("follow");
  // The target of a seek until it is done, so that the line does not jump back in between.
  let target = null;

  const sound = document.getElementById("sound"), { source } = sound.dataset;
  const embedded = sound.textContent.length > 0;
  audio.addEventListener("error", () => {
    const message = document.getElementById("sound-error");
    const what = embedded ? "This browser cannot play Ogg Vorbis" : `${decodeURIComponent(source)} cannot be played from here`;
    message.textContent = `${what}; the plots and the table work without sound.`;
    message.hidden = false;
  });
  if (embedded) audio.src = URL.createObjectURL(new Blob([bytesOf(sound.textContent)], { type: "audio/ogg" }));
  else if (source) audio.src = source;

  const player = {
    get now() { return target ?? audio.currentTime * 1000; },
    get playing() { return !audio.paused && !audio.ended; },
    seek(ms) {
      target = Math.min(facts.end, Math.max(0, ms));
      audio.currentTime = target / 1000;
      draw();
    },
    toggle() {
      if (player.playing) audio.pause();
      else audio.play().catch((fault) => { if (fault.name !== "AbortError") throw fault; });
    },
    /* Bring a moment into view, keeping the zoom. */
    reveal(ms) {
      const span = view.end - view.start;
      if (ms < view.start || ms > view.end) view.show(ms - span * 0.1, ms + span * 0.9);
    },
  };

  function draw() {
    const x = view.xOf(player.now);
    const visible = player.now >= view.start - 1 && player.now <= view.end + 1;
    line.style.transform = `translateX(${x.toFixed(1)}px)`;
    line.style.visibility = visible ? "visible" : "hidden";
    line.dataset.ms = player.now.toFixed(1);
    document.getElementById("time").textContent = clockText(player.now);
    document.getElementById("place").textContent = placeText(player.now);
    onMove(player.now);
  }

  let running = false;
  function run() {
    running = player.playing;
    if (follow.getAttribute("aria-pressed") === "true" && view.end - view.start < facts.end) player.reveal(player.now);
    draw();
    if (running) requestAnimationFrame(run);
  }

  audio.addEventListener("seeked", () => { target = null; draw(); });
  for (const name of ["play", "pause", "ended"]) {
    audio.addEventListener(name, () => {
      play.classList.toggle("playing", player.playing);
      play.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      if (player.playing && !running) run();
    });
  }
  play.addEventListener("click", player.toggle);
  document.getElementById("back").addEventListener("click", () => { player.seek(0); player.reveal(0); });
  document.getElementById("volume").addEventListener("input", (event) => { audio.volume = event.target.valueAsNumber; });
  follow.addEventListener("click", () => follow.setAttribute("aria-pressed", String(follow.getAttribute("aria-pressed") !== "true")));
  view.onChange(draw);
  return player;
}
