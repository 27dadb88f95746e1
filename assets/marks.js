/* Cuts on the timeline under the video, one flag each: those that were found, those that a person set, and found ones that
   are left out. The text of the latter two, "12.5; not 4.2", is the value of the field. It is given to gr.HTML, which
   offers element, props and trigger. */
const NEAR_S = 0.15, REACH_PX = 22;
const [mark, chosen, count] = [".mark", ".chosen", ".count"].map((name) => element.querySelector(name));
const [which, moved, field, remove] = [".which", "label", "input", ".remove"].map((name) => chosen.querySelector(name));
let own = [], out = [], at = null, known = null;

const tidy = (seconds) => Math.round(seconds * 100) / 100;
const near = (one, other) => Math.abs(one - other) <= NEAR_S;
const lane = () => document.querySelector("#why .cut-flags");
const video = () => document.querySelector("#piece video");
const numbers = (name) => JSON.parse(lane()?.dataset[name] ?? "[]");
const clock = (second) => {
  const rest = tidy(second % 60);
  return `${Math.floor(second / 60)}:${rest < 10 ? "0" : ""}${rest}`;
};
const seconds = (typed) => typed.trim().replace(",", ".").split(":").reduce((sum, part) => 60 * sum + Number(part || NaN), 0);

const KINDS = { found: "found in the picture", own: "set by you", out: "found, left out by you", missed: "set by you, but the music could not change there" };

/* Every flag, in order of time; a cut of one's own stands for a found one beside it. */
const flags = () => {
  const missed = numbers("missed"), found = numbers("found").filter((cut) => !own.some((one) => near(one, cut)));
  const kind = (cut) => (out.some((one) => near(one, cut)) ? "out" : "found");
  return [
    ...found.map((cut) => ({ cut, kind: kind(cut) })),
    ...own.map((cut) => ({ cut, kind: missed.some((one) => Math.abs(one - cut) < 0.01) ? "missed" : "own" })),
  ].sort((one, other) => one.cut - other.cut);
};
const current = (all = flags()) => all.find(({ cut }) => cut === at);

const read = (text) => {
  const parts = (text ?? "").split(";").map((part) => part.trim()).filter(Boolean);
  own = parts.filter((part) => !part.startsWith("not")).map(seconds);
  out = parts.filter((part) => part.startsWith("not")).map((part) => seconds(part.slice(3)));
};
const write = () => [...own, ...out.map((cut) => `not ${cut}`)].join("; ");

const flag = ({ cut, kind }, reached) => {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: kind, tabIndex: reached ? 0 : -1 });
  button.dataset.from = cut;
  button.style.left = `${(100 * cut) / Number(lane().dataset.duration)}%`;
  button.setAttribute("aria-label", `Cut at ${clock(cut)}, ${KINDS[kind]}`);
  button.setAttribute("aria-pressed", cut === at);
  button.append(Object.assign(document.createElement("i"), { textContent: { out: "×", missed: "!" }[kind] ?? "" }));
  return button;
};

const tell = (all) => {
  const heap = (kinds) => all.filter(({ kind }) => kinds.includes(kind)).length;
  const parts = [[heap(["found"]), "found"], [heap(["own", "missed"]), "set by you"], [heap(["out"]), "left out"]];
  const lost = all.filter(({ kind }) => kind === "missed").map(({ cut }) => clock(cut));
  const words = parts.filter(([number]) => number).map(([number, what]) => `${number} ${what}`).join(", ");
  count.textContent = `Cuts: ${words || "none"}.${lost.length ? ` The music could not change at ${lost.join(", ")}.` : ""}`;
};

const draw = () => {
  const place = lane(), all = flags(), reached = current(all) ?? all[0], held = place?.contains(document.activeElement);
  if (!place) return;
  place.replaceChildren(...all.map((one) => flag(one, one === reached)));
  if (held) place.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  tell(all);
  const cut = current(all);
  chosen.hidden = !cut;
  if (!cut) return;
  const mine = cut.kind === "own" || cut.kind === "missed";
  which.textContent = mine ? "" : `Cut at ${clock(cut.cut)}, ${KINDS[cut.kind]}`;
  [which.hidden, moved.hidden] = [mine, !mine];
  field.value = clock(cut.cut);
  remove.textContent = cut.kind === "out" ? "Bring it back" : mine ? "Remove" : "Leave it out";
};
const change = (chosenAt) => {
  at = chosenAt;
  own.sort((one, other) => one - other);
  draw();
  props.value = write();
  trigger("change");
};

const moment = () => tidy(Math.min(video()?.currentTime ?? 0, Number(lane()?.dataset.duration ?? 0)));
const markHere = () => {
  const now = moment(), there = flags().find(({ cut }) => near(cut, now));
  if (!there) own.push(now);
  else if (there.kind === "out") out = out.filter((one) => !near(one, there.cut));
  change(there?.cut ?? now);
};
const drop = () => {
  const cut = current();
  if (!cut) return;
  if (cut.kind === "out") out = out.filter((one) => !near(one, at));
  else if (cut.kind === "found") out.push(at);
  else own = own.filter((one) => one !== at);
  change(cut.kind === "own" || cut.kind === "missed" ? null : at);
};
const offer = () => {
  const now = moment();
  mark.textContent = `Mark a cut at ${clock(now).split(".")[0]}.${Math.floor((10 * now) % 10)}`;
  mark.disabled = !(now >= 0.5 && now < Number(lane()?.dataset.duration ?? 0));
};

/* The timeline was drawn anew: for another piece, or for one with other cuts, which go before what was being set.
   Drawing may keep the place and only empty it. */
const adopt = () => {
  const place = lane(), its = place && `${place.dataset.piece} ${place.dataset.set}`;
  if (!place || (its === known && place.childElementCount === flags().length)) return;
  if (its !== known) {
    [known, at] = [its, null];
    read(place.dataset.set);
    props.value = write();
    trigger("change");
  }
  draw();
  offer();
};
const here = (handler) => (event) => element.isConnected && handler(event); /* not for a field that is gone */

mark.addEventListener("click", markHere);
remove.addEventListener("click", drop);
field.addEventListener("change", () => {
  const to = tidy(seconds(field.value));
  if (Number.isNaN(to)) return draw();
  own = own.map((one) => (one === at ? to : one));
  change(to);
});
document.addEventListener("click", here(({ target, clientX, detail }) => {
  const place = target.closest?.(".plot")?.querySelector(".cut-flags");
  if (!place) return;
  const left = place.getBoundingClientRect().left, wide = place.clientWidth / Number(place.dataset.duration);
  const away = ({ cut }) => Math.abs(left + cut * wide - clientX); /* flags may lie over one another */
  const closest = flags().filter((one) => away(one) <= REACH_PX).sort((one, other) => away(one) - away(other))[0];
  at = detail ? closest?.cut ?? null : Number(target.dataset.from);
  if (at !== null && video()) video().currentTime = at;
  draw();
}));
document.addEventListener("keydown", here((event) => {
  const place = event.target.closest?.(".cut-flags"), row = place ? [...place.children] : [], now = row.indexOf(event.target);
  const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: row.length - 1 }[event.key];
  const typing = event.target.matches("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey;
  if (now >= 0 && next !== undefined) row.at(Math.min(row.length - 1, Math.max(0, next))).focus();
  else if (now >= 0 && ["Delete", "Backspace"].includes(event.key)) [at] = [Number(event.target.dataset.from)], drop();
  else if (event.key.toLowerCase() === "m" && !typing && event.target.closest("#piece, #why, #marks") && !mark.disabled) markHere();
  else return;
  event.preventDefault();
}));
for (const name of ["loadedmetadata", "timeupdate", "seeked"])
  document.addEventListener(name, here(({ target }) => target === video() && offer()), true);
document.addEventListener("forget-marks", here(() => {
  known = null;
  adopt();
}));
new MutationObserver(adopt).observe(document.querySelector("#result") ?? document.body, { childList: true, subtree: true });
adopt();
