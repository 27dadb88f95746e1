/* Looks at a chosen or dropped file before it is sent: one that is too large or too long is refused with a sentence under
   the field, and whatever was there stays. Another file takes the place of the one that is there, by its button or
   dropped upon it. Without this script the server says the same after the upload, and a file is removed by hand. */
((mostSeconds, mostBytes) => {
  const looked = new WeakSet();
  const FIELDS = "#clip, #sound", PATIENCE_MS = 3000;

  const clock = (seconds) => {
    const whole = Math.floor(seconds), hours = Math.floor(whole / 3600), rest = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };

  const until = async (find, tries = 100) => {
    for (; tries; tries -= 1) {
      const found = find();
      if (found) return found;
      await new Promise((go) => setTimeout(go, 50));
    }
    return null;
  };

  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

  const secondsOf = (file) => new Promise((tell) => { /* nothing for what this browser cannot play: the server looks then */
    const video = document.createElement("video"), source = URL.createObjectURL(file);
    const end = () => { tell(Number.isFinite(video.duration) ? video.duration : 0); URL.revokeObjectURL(source); };
    Object.assign(video, { preload: "metadata", onloadedmetadata: end, onerror: end, src: source });
    setTimeout(end, PATIENCE_MS);
  });

  const tooLarge = (file) => file.size > mostBytes
    && `It has ${megabytes(file.size)}, and ${megabytes(mostBytes)} is the most here. Choose a smaller one.`;

  const tooLong = (seconds) => seconds > mostSeconds
    && `It lasts ${clock(seconds)}, and ${clock(mostSeconds)} is the most here. Choose a shorter one, or cut it.`;

  const say = (field, file, sentence) => {
    field.parentElement.querySelector(".too-much")?.remove();
    if (!sentence) return;
    const card = Object.assign(document.createElement("div"), { className: "card notice refused too-much" });
    const title = Object.assign(document.createElement("strong"), { textContent: "This file was not sent" });
    const words = Object.assign(document.createElement("p"), { textContent: `${file.name}: ${sentence}` });
    card.setAttribute("role", "alert");
    field.after(card);
    card.append(title, words);
  };

  const inputOf = (field) => field.querySelector("input[type=file]");

  const emptied = (field) => { /* Gradio takes a file only where there is none; the new one is at hand by now */
    field.querySelector("button[aria-label=Clear]")?.click();
    return until(() => inputOf(field));
  };

  const look = async (field, files) => {
    const file = files[0];
    const sentence = tooLarge(file) || (field.id === "clip" && tooLong(await secondsOf(file)));
    say(field, file, sentence);
    if (sentence) {
      if (inputOf(field)) inputOf(field).value = "";
      return false;
    }
    const input = await emptied(field), go = new Event("change", { bubbles: true });
    input.files = files;
    looked.add(go);
    input.dispatchEvent(go);
    return true;
  };

  let picker = null; /* held here, or it may be gone before a file is chosen */

  const choose = (button) => {
    const { field, accept } = button.dataset;
    const fresh = () => [...document.querySelectorAll(`[data-field="${field}"]`)].find((other) => other !== button);
    picker = Object.assign(document.createElement("input"), { type: "file", accept });
    picker.addEventListener("change", async ({ target }) => {
      if (await look(document.getElementById(field), target.files)) (await until(fresh))?.focus();
    });
    picker.click();
  };

  const hold = (event, target, files) => {
    const field = target.closest?.(FIELDS);
    if (!field || !files?.length || looked.has(event)) return false;
    event.stopImmediatePropagation();
    look(field, files);
    return true;
  };

  document.addEventListener("change", (event) => hold(event, event.target, event.target.files), true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.another");
    if (button) choose(button);
    if (event.target.closest?.("[data-example]")) document.querySelector(".too-much")?.remove();
  });
  document.addEventListener("dragover", (event) => {
    if (event.target.closest?.(FIELDS)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!hold(event, event.target, event.dataTransfer?.files)) return;
    event.preventDefault();
    event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  }, true);
})
