/* Says what the controls of a run show to those who hear the page: each stage once, the place in line, the end. What is
   drawn ten times a second would be said as often, so the words stand in a place of their own that is changed only when
   they change. */
const voice = document.createElement("p");
voice.setAttribute("role", "status");
voice.style.cssText = "position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%);";
document.body.append(voice);

new MutationObserver(() => {
  const working = element.dataset.working !== undefined, told = element.querySelector("[data-told]")?.dataset.told;
  const words = told ?? (working && !element.querySelector(".card") ? "Ready." : "");
  element.toggleAttribute("data-working", Boolean(element.querySelector(".working")));
  if (words !== voice.textContent) voice.textContent = words;
}).observe(element, { childList: true, subtree: true });
