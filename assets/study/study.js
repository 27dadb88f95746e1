// The pages of a listening study: every answer is sent the moment it is given, and kept in the browser until it is stored.
(() => {
  "use strict";

  const words = document.body.dataset;
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const step = find("#step")?.dataset.step ?? find("#next")?.dataset.step;

  // --- Sending -------------------------------------------------------------------------------------------------------

  const OUTLIVES_THE_PAGE = 20000; // letters; browsers refuse to send more of them once a page is gone

  function post(path, content = {}) {
    const body = JSON.stringify(content);
    const headers = { "Content-Type": "application/json", "X-Study": "1" };
    return fetch(path, { method: "POST", credentials: "same-origin", headers, body, keepalive: body.length < OUTLIVES_THE_PAGE });
  }

  function tell(text, trouble = false) {
    const net = find("#net");
    if (net.textContent !== text) net.textContent = text;
    net.classList.toggle("trouble", trouble);
  }

  // What is not stored yet stands in localStorage under the participant's name, so that neither a closed tab nor another
  // participant on the same device can lose or mix it. It is sent in order, one at a time; sending twice changes nothing.
  const queue = {
    key: `study:${words.study}:${words.mode}:${words.participant}`,
    spare: [],
    busy: false,
    tries: 0,
    timer: 0,
    drained: null,
    kept: true,
    read() {
      try { return this.kept ? JSON.parse(localStorage.getItem(this.key) ?? "[]") : this.spare; } catch { return this.spare; }
    },
    write(items) {
      this.spare = items;
      try {
        if (items.length) localStorage.setItem(this.key, JSON.stringify(items));
        else localStorage.removeItem(this.key);
        this.kept = true;
      } catch { this.kept = false; } // private windows: what waits is then in memory only
    },
    put(path, body, name) {
      const items = this.read().filter((item, place) => item.name !== name || (this.busy && place === 0));
      this.write([...items, { path, body, name, id: `${Date.now()}-${Math.random()}` }]);
      this.pump();
    },
    async pump() {
      clearTimeout(this.timer);
      const [item] = this.read();
      if (this.busy) return;
      if (!item) return this.drained?.();
      this.busy = true;
      let answer = null;
      try { answer = await post(item.path, item.body); } catch { /* no connection */ }
      this.busy = false;
      if (!answer || answer.status >= 500 || answer.status === 429) return this.later();
      this.write(this.read().filter((other) => other.id !== item.id));
      if (this.tries) tell(words.stored);
      this.tries = 0;
      arrived(item, answer);
      this.pump();
    },
    later() {
      tell(words.waiting, true);
      this.timer = setTimeout(() => this.pump(), Math.min(15000, 500 * 2 ** this.tries++));
    },
  };

  function arrived(item, answer) {
    const { question, step: there } = item.body;
    if (item.path === "next" || item.path === "headphones" || answer.status === 410) turn();
    else if (!answer.ok) tell(words.failed, true);
    else if (there === step) find(`#question-${question}`)?.classList.add("stored");
  }

  // The address holds no parameters afterwards: a platform's id does not stay in the history.
  const turn = () => (location.search ? location.replace("./") : location.reload());

  window.addEventListener("online", () => queue.pump());

  // --- Clips ---------------------------------------------------------------------------------------------------------

  const rated = find("#step");
  const players = all(".player");
  const isOpen = () => rated?.dataset.open === "true";

  function share(video) {
    let played = 0;
    for (let part = 0; part < video.played.length; part++) played += video.played.end(part) - video.played.start(part);
    return video.duration > 0 ? played / video.duration : 0;
  }

  function playing(player) {
    const video = find("video", player);
    const scale = Number(player.dataset.duration) / video.duration || 0; // containers and browsers differ by a frame
    const ranges = [];
    for (let part = 0; part < video.played.length; part++) ranges.push([video.played.start(part) * scale, video.played.end(part) * scale]);
    return { ranges, plays: player.plays };
  }

  const report = () => queue.put("played", { step, stimuli: players.map(playing) }, `played ${step}`);

  function show(player) {
    const video = find("video", player);
    const { play, stop, again } = player.dataset;
    const bar = find("progress", player);
    bar.value = Math.max(bar.value, Math.min(1, share(video)));
    player.classList.toggle("heard", bar.value >= 0.98);
    find(".play", player).textContent = video.paused ? (player.classList.contains("heard") ? again : play) : stop;
    if (!isOpen() && players.every((one) => one.classList.contains("heard"))) open();
  }

  function open() {
    rated.dataset.open = "true";
    report(); // before the first answer
    find("#lock").disabled = find("#next").disabled = false;
    const gate = find("#gate");
    gate.textContent = gate.dataset.open;
    gate.classList.add("open");
    prefetch();
  }

  // The next clip is fetched once this one is through, so that they do not fight for the line.
  function prefetch() {
    for (const name of rated.dataset.upcoming.split(" ").filter(Boolean)) fetch(`stimuli/${name}`, { priority: "low" }).then((answer) => answer.blob()).catch(() => {});
  }

  function prepare(player) {
    const video = find("video", player);
    const button = find(".play", player);
    player.plays = 0;
    button.addEventListener("click", () => (video.paused ? video.play().catch(() => {}) : video.pause()));
    video.addEventListener("play", () => {
      for (const other of players) if (other !== player) find("video", other).pause();
      if (video.currentTime < 0.2) player.plays += 1; // going on after a pause is no new start
      show(player);
    });
    video.addEventListener("ratechange", () => { if (video.playbackRate !== 1) video.playbackRate = 1; });
    video.addEventListener("timeupdate", () => show(player));
    for (const event of ["pause", "ended"]) video.addEventListener(event, () => { show(player); report(); });
    video.addEventListener("error", () => { find(".notice", player).hidden = false; });
    video.addEventListener("loadeddata", () => { find(".notice", player).hidden = true; });
    find(".reload", player).addEventListener("click", () => video.load());
    show(player);
  }

  // --- Questions -----------------------------------------------------------------------------------------------------

  function valueOf(question) {
    const { kind } = question.dataset;
    if (kind === "text") return find("textarea", question).value.trim();
    if (kind === "slider") {
      const line = find("input", question);
      return line.hasAttribute("data-set") ? line.value : "";
    }
    return all("input:checked", question).map((input) => input.value).join(" ");
  }

  function store(question) {
    const value = valueOf(question);
    if (value === (question.sent ?? "")) return;
    question.sent = value;
    question.classList.remove("lacking", "stored");
    if (find("#missing").textContent) countMissing();
    const name = question.dataset.question;
    queue.put("answer", { step, question: name, value }, `answer ${step} ${name}`);
  }

  function prepareSlider(question) {
    const line = find("input", question);
    const touch = () => {
      line.setAttribute("data-set", "");
      line.removeAttribute("aria-valuetext");
      find("output", question).textContent = line.value;
    };
    const finish = () => { touch(); store(question); };
    line.addEventListener("input", touch);
    line.addEventListener("change", finish);
    line.addEventListener("click", finish); // a click in the middle changes no value and is an answer all the same
    line.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); finish(); } });
  }

  function prepareQuestion(question) {
    question.sent = valueOf(question);
    const { kind } = question.dataset;
    if (kind === "slider") return prepareSlider(question);
    if (kind === "text") {
      let timer = 0;
      question.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => store(question), 800); });
    }
    return question.addEventListener("change", () => store(question));
  }

  function countMissing() {
    const lacking = all(".question[data-required]").filter((question) => valueOf(question) === "");
    for (const question of all(".question")) question.classList.toggle("lacking", lacking.includes(question));
    const { missing, missingOne } = rated.dataset;
    find("#missing").textContent = !lacking.length ? "" : lacking.length === 1 ? missingOne : missing.replace("#", lacking.length);
    return lacking;
  }

  function leave(event) {
    event.preventDefault();
    for (const sound of all("video")) sound.pause();
    for (const question of all(".question")) store(question);
    const [first] = countMissing();
    if (first) find("input:checked, input, textarea", first).focus();
    else goOn();
  }

  function goOn() {
    const button = find("#next");
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    queue.put("next", { step }, `next ${step}`);
  }

  // --- Volume and headphones -----------------------------------------------------------------------------------------

  function prepareVolume(button) {
    const sound = find("#calibration");
    button.addEventListener("click", () => (sound.paused ? sound.play() : sound.pause()));
    for (const event of ["play", "pause"]) sound.addEventListener(event, () => {
      button.textContent = sound.paused ? button.dataset.play : button.dataset.stop;
      find("#next").disabled = false;
    });
    find("#next").addEventListener("click", () => { sound.pause(); goOn(); });
  }

  function prepareHeadphones(section) {
    const trials = all(".tones", section);
    const answers = [];
    trials.forEach((trial, place) => {
      const sound = find("audio", trial);
      const button = find(".play-tones", trial);
      const label = button.textContent;
      button.addEventListener("click", () => sound.play().then(() => { button.disabled = true; button.textContent = button.dataset.playing; }).catch(() => sound.load()));
      sound.addEventListener("ended", () => { button.textContent = label; find("fieldset", trial).disabled = false; find(".tone", trial).focus(); });
      for (const choice of all(".tone", trial)) choice.addEventListener("click", () => {
        if (answers.length > place) return;
        answers.push(Number(choice.value));
        if (!trials[place + 1]) return queue.put("headphones", { answers, attempt: Number(section.dataset.attempt) }, "headphones");
        trial.hidden = true;
        trials[place + 1].hidden = false;
        find("audio", trials[place + 1]).preload = "auto";
        return find("h2", trials[place + 1]).focus();
      });
    });
  }

  // --- The rest ------------------------------------------------------------------------------------------------------

  function prepareSend(button) {
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-busy")) return;
      button.setAttribute("aria-busy", "true");
      tell("");
      let answer = null;
      try { answer = await post(button.dataset.send, JSON.parse(button.dataset.body ?? "{}")); } catch { /* no connection */ }
      if (answer?.ok) return location.replace(button.dataset.go ?? "./");
      button.removeAttribute("aria-busy");
      return tell(words.failed, true);
    });
  }

  function prepareForm(form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const hint = find(".hint", form);
      hint.textContent = "";
      let answer = null;
      try { answer = await post(form.dataset.send, Object.fromEntries(new FormData(form))); } catch { /* no connection */ }
      if (answer?.ok) return location.replace(form.dataset.go);
      hint.textContent = !answer || answer.status >= 500 ? words.failed : answer.status === 429 ? form.dataset.many : form.dataset.unknown;
      return find("input", form).focus();
    });
  }

  function preparePause(button) {
    const dialog = find("#paused");
    button.addEventListener("click", () => { for (const sound of all("video, audio")) sound.pause(); dialog.showModal(); });
    find("#go-on").addEventListener("click", () => dialog.close());
  }

  function prepareCopy(button) {
    const code = find("#completion");
    button.addEventListener("click", async () => {
      getSelection().selectAllChildren(code);
      try { await navigator.clipboard.writeText(code.textContent); } catch { document.execCommand("copy"); } // without https
      button.textContent = button.dataset.copied;
    });
  }

  const each = (selector, prepareOne) => all(selector).forEach(prepareOne);

  each(".player", prepare);
  each(".question", prepareQuestion);
  each("#questions", (form) => form.addEventListener("submit", leave));
  each("#calibrate", prepareVolume);
  each("#headphones", prepareHeadphones);
  each("[data-send]:not(form)", prepareSend);
  each("form[data-send]", prepareForm);
  each("#pause", preparePause);
  each("#copy", prepareCopy);
  each("#jump", (choice) => choice.addEventListener("change", () => choice.form.submit()));
  each("[data-refresh]", (dashboard) => setInterval(() => { if (!document.hidden) location.reload(); }, 1000 * dashboard.dataset.refresh));
  if (rated && isOpen()) { find("#gate")?.classList.add("open"); prefetch(); }

  // A text in the middle of a word is stored too when the page goes away.
  window.addEventListener("pagehide", () => {
    for (const question of all('.question[data-kind="text"]')) store(question);
  });

  // What an earlier visit could not send is stored first; then the page shows it.
  if (queue.read().length) {
    queue.drained = turn;
    queue.pump();
  }
})();
