/* Ties the players of the page to their pictures: a line on each time axis (and a dot on the plane) follows what is
   played, the pointer and the arrow keys tell the values of a moment, and a click on a time axis goes there. Without this
   script the page only loses that; the pictures and the players stand for themselves. */
() => {
  const told = new WeakMap();

  const timelines = () => [...document.querySelectorAll(".timeline")];
  const playerOf = (element) => document.querySelector(element.dataset.player);
  const playing = (element) => { const player = playerOf(element); return Boolean(player) && !player.paused; };

  const moments = (element) => { /* the element stays when other music is drawn into it */
    const source = element.dataset.moments, known = told.get(element);
    if (known?.source === source) return known.read;
    const read = JSON.parse(source);
    told.set(element, { source, read });
    return read;
  };

  const clock = (seconds) => {
    const whole = Math.floor(seconds), rest = String(whole % 60).padStart(2, "0"), minutes = Math.floor(whole / 60);
    return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
  };

  const between = ([times, values], at) => {
    const next = times.findIndex((time) => time > at);
    if (next <= 0) return values.at(next);
    const share = (at - times[next - 1]) / (times[next] - times[next - 1]);
    return values[next - 1] + share * (values[next] - values[next - 1]);
  };

  /* Says what holds at a moment: beside each lane, above the lanes, and to those who hear the page. */
  const tell = (element, at) => {
    const { curves, told } = moments(element), words = [clock(at)], values = {};
    for (const [name, curve] of Object.entries(curves)) {
      values[name] = between(curve, at);
      words.push(`${name} ${values[name].toFixed(1)}`);
    }
    for (const [name, changes] of Object.entries(told)) {
      const said = changes.findLast(([start]) => start <= at)?.[1] ?? "";
      if (said) words.push(name.startsWith("_") ? said : `${name} ${said}`);
      const place = element.querySelector(`[data-tells="${name}"]`);
      if (place) place.textContent = said;
    }
    const readout = element.querySelector(".readout"), text = words.join(" · ");
    if (readout) readout.textContent = readout.dataset.short === undefined ? text : words[0];
    mark(values);
    return text;
  };

  const mark = ({ valence, arousal }) => {
    if (valence === undefined) return;
    const dot = document.querySelector(".plane .moment");
    dot?.setAttribute("cx", valence);
    dot?.setAttribute("cy", 10 - arousal);
    dot?.classList.add("followed");
  };

  const nowOf = (element) => {
    const { duration } = moments(element), player = playerOf(element);
    return Math.min(player ? player.currentTime : Number(element.dataset.now ?? 0), duration);
  };

  const show = (element, at) => {
    const cursor = element.querySelector(".cursor");
    element.style.setProperty("--now", `${(100 * at) / moments(element).duration}%`);
    element.classList.add("followed");
    element.dataset.now = at;
    cursor.setAttribute("aria-valuenow", at.toFixed(1));
    const text = element.classList.contains("pointed") ? null : tell(element, at);
    if (text && !playing(element)) cursor.setAttribute("aria-valuetext", text);
  };

  const follow = (element) => {
    if (!element.isConnected) return;
    show(element, nowOf(element));
    if (playing(element)) requestAnimationFrame(() => follow(element));
  };

  for (const name of ["loadedmetadata", "play", "pause", "seeked"])
    document.addEventListener(name, (event) => {
      for (const element of timelines()) if (event.target === playerOf(element)) follow(element);
    }, true);

  const under = (event) => {
    const plot = event.target.closest?.(".timeline .plot");
    if (!plot) return null;
    const element = plot.closest(".timeline"), { left, width } = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return { element, at: share * moments(element).duration };
  };

  const unpoint = () => {
    for (const element of document.querySelectorAll(".timeline.pointed")) {
      element.classList.remove("pointed");
      tell(element, nowOf(element));
    }
  };

  document.addEventListener("pointermove", (event) => {
    const place = under(event);
    if (!place) return unpoint();
    const { element, at } = place;
    element.classList.add("pointed");
    element.style.setProperty("--at", `${(100 * at) / moments(element).duration}%`);
    tell(element, at);
  });
  document.addEventListener("pointerleave", unpoint);
  document.addEventListener("pointerup", (event) => { if (event.pointerType !== "mouse") setTimeout(unpoint, 0); });

  const go = (element, at) => {
    const player = playerOf(element);
    if (player) player.currentTime = at;
    show(element, at);
    return player;
  };

  document.addEventListener("click", (event) => {
    const place = under(event), exactly = event.target.closest?.("[data-from]")?.dataset.from; /* of a chord or a cut */
    const player = place && go(place.element, exactly === undefined ? place.at : Number(exactly));
    if (player?.tagName === "AUDIO") player.play().catch(() => {});
  });

  const ARROWS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".timeline .cursor")) return;
    const element = event.target.closest(".timeline"), { duration } = moments(element), player = playerOf(element);
    const step = ARROWS[event.key] * Math.min(1, duration / 10);
    const next = { Home: 0, End: duration }[event.key] ?? nowOf(element) + step;
    if (event.key === " " && player) player.paused ? player.play().catch(() => {}) : player.pause();
    else if (!Number.isNaN(next)) go(element, Math.min(duration, Math.max(0, next)));
    else return;
    event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.(".timeline .cursor")) show(event.target.closest(".timeline"), nowOf(event.target.closest(".timeline")));
  });
}
