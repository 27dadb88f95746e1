/* The chords on the timeline under the video: Tab reaches one block, the arrow keys the others, and a click tells a second
   of its chord. The block of the chord that is being replaced stays pressed when the timeline is drawn anew. It is given
   to gr.HTML, which offers element and trigger. */
const blocks = () => [...element.querySelectorAll(".chord-lane button")];
const sounding = (second) => blocks().findLast((block) => Number(block.dataset.from) <= second);
let focused = null;

const press = () => {
  const chosen = document.querySelector("#chord-editor [data-chosen]")?.dataset.chosen;
  const pressed = chosen && sounding(Number(chosen)), reached = pressed ?? blocks()[0];
  for (const block of blocks()) {
    block.setAttribute("aria-pressed", block === pressed);
    block.tabIndex = block === reached ? 0 : -1;
  }
  if (focused !== null && document.activeElement === document.body) sounding(focused)?.focus({ preventScroll: true });
};

element.addEventListener("click", ({ target }) => {
  const block = target.closest(".chord-lane button");
  if (block) trigger("select", { at: Number(block.dataset.at) });
});
element.addEventListener("keydown", (event) => {
  const row = blocks(), here = row.indexOf(document.activeElement);
  const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: row.length - 1 }[event.key];
  if (here < 0 || next === undefined) return;
  event.preventDefault();
  row.at(Math.min(row.length - 1, Math.max(0, next))).focus();
});
document.addEventListener("focusin", ({ target }) => {
  focused = element.contains(target) && target.matches(".chord-lane button") ? Number(target.dataset.at) : null;
});
new MutationObserver(press).observe(element.closest("#result") ?? element, { childList: true, subtree: true });
press();
