/* The sections of the clip, one row each: from, to, mood. Their text, "0-12:tense; 12-20:exciting", is the value of the
   field. Where props.lane names a place on a timeline, they are drawn there as well, and begin with what it knows. It is
   given to gr.HTML, which offers element, props, trigger and watch. */
const rows = element.querySelector(".rows"), cut = element.querySelector(".cut"), moods = props.moods;
let sections = [];

const tidy = (seconds) => Math.round(seconds * 10) / 10;
const numbers = ({ from, to }) => [Number(from), Number(to)];

/* Seconds of what a person typed: "65", "65,5" or "1:05"; anything else stays as it is, and is refused below the rows. */
const seconds = (typed) => {
  const parts = typed.trim().replace(",", ".").split(":");
  if (!typed.trim() || parts.length > 3 || parts.some((part) => !/^\d+(\.\d+)?$/.test(part))) return typed.trim();
  return String(tidy(parts.reduce((sum, part) => 60 * sum + Number(part), 0)));
};

const clock = (at) => `${Math.floor(at / 60)}:${at % 60 < 10 ? "0" : ""}${(at % 60).toFixed(1).replace(/\.0$/, "")}`;

const typedIn = (field) => Number(seconds(document.querySelector(`${field} input`)?.value ?? "")) || 0;
const clipSeconds = () => Number(document.querySelector("#clip-card [data-seconds]")?.dataset.seconds ?? 0);
const lane = () => (props.lane ? document.querySelector(props.lane) : null);
const begin = () => (props.lane ? 0 : typedIn("#from-s"));
const end = () => tidy(props.lane ? Number(lane()?.dataset.duration ?? 0) : (typedIn("#to-s") || clipSeconds()) - begin());
const moment = () => tidy((document.querySelector(props.player)?.currentTime ?? 0) - begin());

const otherThan = (mood) => moods.find((one) => one !== mood);

const read = (text) =>
  (text ?? "").split(";").filter((part) => part.trim()).map((part) => {
    const [, from, to, mood] = part.match(/^\s*([^-]*)-([^:]*):\s*(\S*)\s*$/) ?? [null, part, "", ""];
    return { from: from.trim(), to: to.trim(), mood };
  });
const write = () => sections.map(({ from, to, mood }) => `${from}-${to}:${mood}`).join("; ");

const input = (words, value) => {
  const label = document.createElement("label"), field = document.createElement("input");
  Object.assign(field, { type: "text", inputMode: "decimal", autocomplete: "off", value });
  label.append(Object.assign(document.createElement("span"), { textContent: words }), field);
  return label;
};

const choice = (mood) => {
  const label = document.createElement("label"), field = document.createElement("select");
  field.append(...moods.map((one) => new Option(one[0].toUpperCase() + one.slice(1), one, false, one === mood)));
  label.append(Object.assign(document.createElement("span"), { textContent: "Mood" }), field);
  return label;
};

const row = ({ from, to, mood }, place) => {
  const group = document.createElement("div"), remove = document.createElement("button");
  group.className = "section";
  group.dataset.place = place;
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Section ${place + 1}`);
  Object.assign(remove, { type: "button", className: "remove", textContent: "×" });
  remove.setAttribute("aria-label", `Remove section ${place + 1}`);
  group.append(input("From", from), input("to", to), choice(mood), remove);
  return group;
};

const band = ({ from, to, mood }, place) => {
  const button = document.createElement("button"), [start, stop] = [Number(from), Math.min(Number(to), end())];
  Object.assign(button, { type: "button", className: mood, tabIndex: place ? -1 : 0 });
  button.dataset.place = place;
  button.dataset.from = start;
  button.style.cssText = `left:${(100 * start) / end()}%;width:${(100 * (stop - start)) / end()}%`;
  button.setAttribute("aria-label", `Section ${place + 1}, ${mood}, ${clock(start)} to ${clock(stop)}`);
  button.append(Object.assign(document.createElement("b"), { textContent: mood }));
  return button;
};
const shownBands = () => sections.map(band).filter((one) => parseFloat(one.style.width) > 0);
const bands = () => lane()?.replaceChildren(...shownBands());
const draw = () => {
  rows.replaceChildren(...sections.map(row));
  bands();
};
const tell = () => { props.value = write(); trigger("change"); };
const change = (focused) => {
  draw();
  tell();
  (rows.querySelectorAll(".section")[focused]?.querySelector("select") ?? element.querySelector(".add")).focus();
};

/* A section after the last one; where the last one fills the clip, it gives its second half. */
const add = () => {
  const last = sections.at(-1), room = end();
  if (!last) sections.push({ from: "0", to: String(room > 0 ? room : 10), mood: moods[0] });
  else {
    const [from, to] = numbers(last), full = room > 0 && to >= room, start = full ? tidy((from + to) / 2) : to;
    if (full) last.to = String(start);
    sections.push({ from: String(start), to: String(room > start ? room : start + 10), mood: otherThan(last.mood) });
  }
  change(sections.length - 1);
};

/* Where the clip stands, one section ends and another begins. */
const cutHere = () => {
  const at = moment(), room = end(), around = sections.findIndex((one) => Number(one.from) < at && at < Number(one.to));
  if (at <= 0 || at >= room) return;
  if (around >= 0) {
    const { to, mood } = sections[around];
    sections[around].to = String(at);
    sections.splice(around + 1, 0, { from: String(at), to, mood: otherThan(mood) });
    return change(around + 1);
  }
  const after = sections.findIndex((one) => Number(one.from) >= at), place = after < 0 ? sections.length : after;
  if (!sections.length && !props.lane) sections.push({ from: "0", to: String(at), mood: moods[0] });
  const next = Math.max(place, sections.length === 1 && Number(sections[0].to) === at ? 1 : place);
  const mood = otherThan(sections[next - 1]?.mood);
  sections.splice(next, 0, { from: String(at), to: String(sections[next]?.from ?? room), mood });
  change(next);
};

const offerCut = () => {
  const at = moment(), usable = at > 0 && at < end();
  cut.hidden = !document.querySelector(props.player);
  cut.disabled = !usable;
  const words = props.lane ? "Section from" : "Change the mood at";
  cut.textContent = usable ? `${words} ${clock(at + begin())}` : "Pause the clip where the mood changes";
};

/* Neighbours that touch go on touching when the moment between them is moved. */
element.addEventListener("change", ({ target }) => {
  const group = target.closest(".section"), place = Number(group?.dataset.place);
  if (!group) return;
  const [from, to] = group.querySelectorAll("input"), before = { ...sections[place] };
  const now = { from: seconds(from.value), to: seconds(to.value), mood: group.querySelector("select").value };
  if (sections[place - 1]?.to === before.from) sections[place - 1].to = now.from;
  if (sections[place + 1]?.from === before.to) sections[place + 1].from = now.to;
  sections[place] = now;
  rows.querySelectorAll(".section").forEach((one, index) => {
    const [first, last] = one.querySelectorAll("input");
    [first.value, last.value] = [sections[index].from, sections[index].to];
  });
  bands();
  tell();
});

element.addEventListener("click", ({ target }) => {
  if (target.closest(".add")) add();
  else if (target.closest(".cut")) cutHere();
  else if (target.closest(".remove")) {
    remove(Number(target.closest(".section").dataset.place));
  }
});

for (const name of ["loadedmetadata", "timeupdate", "seeked"])
  document.addEventListener(name, ({ target }) => target === document.querySelector(props.player) && offerCut(), true);
document.addEventListener("change", ({ target }) => target.closest("#range") && offerCut());

const show = () => {
  if (props.value === write()) return;
  sections = read(props.value);
  draw();
};
watch("value", show);
show();
offerCut();

/* The timeline was drawn anew: for another piece, or for one with other sections, which go before what was being set.
   Drawing may keep the place and only empty it. */
let known = null;
const adopt = () => {
  const place = lane(), its = place && `${place.dataset.piece} ${place.dataset.set}`;
  if (!place || (its === known && place.childElementCount === shownBands().length)) return;
  if (its !== known) {
    known = its;
    sections = read(place.dataset.set);
    draw();
    tell();
  } else bands();
  offerCut();
};
const remove = (place) => {
  sections.splice(place, 1);
  change(Math.min(place, sections.length - 1));
};
if (props.lane) {
  const bandOf = ({ target }) => element.isConnected && target.closest?.(`${props.lane} button`);
  document.addEventListener("click", (event) => {
    const chosen = bandOf(event);
    if (chosen) rows.children[chosen.dataset.place]?.querySelector("select").focus({ preventScroll: event.detail > 0 });
  });
  document.addEventListener("keydown", (event) => {
    const chosen = bandOf(event), beside = { ArrowRight: "nextSibling", ArrowLeft: "previousSibling" }[event.key];
    if (!chosen) return;
    if (beside) chosen[beside]?.focus();
    else if (["Delete", "Backspace"].includes(event.key)) remove(Number(chosen.dataset.place));
    else return;
    event.preventDefault();
  });
  document.addEventListener("forget-marks", () => {
    known = null;
    adopt();
  });
  new MutationObserver(adopt).observe(document.querySelector("#result") ?? document.body, { childList: true, subtree: true });
  adopt();
}
