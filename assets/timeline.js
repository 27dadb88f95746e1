/* Ties the player of the second tab to its pictures: a line on the time axis and a dot on the plane follow the music,
   the pointer reads values off the curves, and a click on the time axis plays from there. Without this script the page
   only loses that; the pictures and the player stand for themselves. */
() => {
  const told = new WeakMap();

  const timeline = () => document.querySelector(".timeline");
  const player = () => document.querySelector("#player audio");

  const moments = (element) => {
    if (!told.has(element)) told.set(element, JSON.parse(element.dataset.moments));
    return told.get(element);
  };

  const clock = (seconds) => {
    const whole = Math.floor(seconds), rest = String(whole % 60).padStart(2, "0"), minutes = Math.floor(whole / 60);
    return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
  };

  const between = (times, values, at) => {
    const next = times.findIndex((time) => time > at);
    if (next <= 0) return values.at(next);
    const share = (at - times[next - 1]) / (times[next] - times[next - 1]);
    return values[next - 1] + share * (values[next] - values[next - 1]);
  };

  const show = (element, at) => {
    const { duration, time, valence, arousal, chords } = moments(element);
    const [v, a] = [between(time, valence, at), between(time, arousal, at)];
    const chord = chords.findLast(([start]) => start <= at)?.[1];
    element.style.setProperty("--now", `${(100 * at) / duration}%`);
    element.classList.add("followed");
    element.querySelector(".readout").textContent =
      [clock(at), `valence ${v.toFixed(1)}`, `arousal ${a.toFixed(1)}`, chord].filter(Boolean).join(" · ");
    const dot = document.querySelector(".plane .moment");
    dot?.setAttribute("cx", v);
    dot?.setAttribute("cy", 10 - a);
    dot?.classList.add("followed");
  };

  const follow = () => {
    const sound = player(), element = timeline();
    if (!sound || !element) return;
    show(element, Math.min(sound.currentTime, moments(element).duration));
    if (!sound.paused) requestAnimationFrame(follow);
  };

  const under = (event) => {
    const plot = event.target.closest?.(".timeline .plot");
    if (!plot) return null;
    const { left, width } = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return share * moments(timeline()).duration;
  };

  for (const name of ["play", "seeked"])
    document.addEventListener(name, (event) => { if (event.target === player()) follow(); }, true);

  let pointing = false;
  document.addEventListener("pointermove", (event) => {
    const at = under(event), sound = player();
    if (sound && !sound.paused) return;
    if (at !== null) show(timeline(), at);
    else if (pointing) follow();
    pointing = at !== null;
  });

  document.addEventListener("click", (event) => {
    const at = under(event), sound = player();
    if (at === null || !sound) return;
    sound.currentTime = at;
    sound.play().catch(() => {});
  });
}
