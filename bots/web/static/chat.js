// The contact page, made quicker. Everything also works without this file, by plain forms.
// Laws: typed text is never lost; the same message always travels with the same client_id;
// what came from a person is only ever set with textContent.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const log = byId("log"), choices = byId("choices"), note = byId("note"), say = byId("say");
  const box = byId("text"), exit = byId("exit"), words = byId("words").dataset;
  const formToken = say.elements.form_token.value;
  const unsent = []; // {body, path, item} in the order of writing
  let newest = 0, sending = false, wait = 0, timer = 0, stream = null;

  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const clockTime = (iso) =>
    new Date(iso).toLocaleTimeString(root.lang, { hour: "2-digit", minute: "2-digit" });

  // ---- showing ----
  const author = (message) => {
    if (message.author === "you") return words.you;
    if (message.author === "service") return words.service;
    return message.name ? words.volunteerNamed.replace("{name}", message.name) : words.volunteer;
  };
  const lineOf = (message) => {
    const item = make("li", "line " + message.author);
    item.dataset.id = message.id;
    if (message.seq) item.dataset.seq = message.seq;
    const who = make("p", "who", author(message) + " ");
    if (message.at) {
      const time = make("time", "", clockTime(message.at));
      time.dateTime = message.at;
      who.append(time);
    }
    if (message.edited) who.append(make("span", "", " (" + words.edited + ")"));
    const text = make("p", "text", message.text);
    text.dir = "auto";
    item.append(who, text);
    return item;
  };
  const hidden = (name, value) => {
    const input = make("input");
    Object.assign(input, { type: "hidden", name, value });
    return input;
  };
  const offer = (buttons) => {
    choices.replaceChildren(...buttons.map((button) => {
      const form = make("form");
      Object.assign(form, { method: "post", action: "/send" });
      form.dataset.press = "";
      const press = make("button", "choice", button.label);
      press.dir = "auto";
      form.append(hidden("form_token", formToken), hidden("client_id", newId()),
        hidden("press", button.id), hidden("text", button.label), press);
      return form;
    }));
  };
  const shown = (id) => Array.from(log.children).some((item) => item.dataset.id === id);
  const show = (message) => {
    if (message.seq !== null) {
      if (shown(message.id)) return;
      newest = Math.max(newest, message.seq);
    } else {
      const before = log.querySelector('[data-id="fallback"]');
      if (before && before.querySelector(".text").textContent === message.text) return;
      before?.remove();
    }
    byId("empty")?.remove();
    const mine = message.author === "you" &&
      unsent.find((entry) => entry.item.isConnected && entry.item.querySelector(".text").textContent === message.text);
    const item = lineOf(message);
    if (mine) mine.item.replaceWith(item);
    else {
      const later = message.seq === null ? null : Array.from(log.children).find((other) =>
        Number(other.dataset.seq) > message.seq || unsent.some((entry) => entry.item === other));
      log.insertBefore(item, later || null);
    }
    if (message.author === "you") offer([]);
    else if (message.buttons.length) offer(message.buttons);
    // The last wins where not all fits: the words matter more than what follows them.
    [say, choices, item].forEach((part) => part.scrollIntoView({ block: "nearest" }));
  };
  const tell = (text) => note.replaceChildren(...(text ? [make("p", "", text)] : []));
  const mark = (entry, state) => {
    entry.item.classList.toggle("unsent", state !== words.sending);
    entry.item.querySelector(".who").textContent = words.you + " · " + state;
  };

  // ---- sending ----
  const put = (path, body) => {
    const entry = { path, body, item: make("li") };
    if (body.text !== undefined) {
      entry.item = lineOf({ id: "", author: "you", text: body.text, at: null, edited: false });
      mark(entry, words.sending);
      byId("empty")?.remove();
      log.append(entry.item);
      entry.item.scrollIntoView({ block: "nearest" });
    }
    offer([]);
    unsent.push(entry);
    flush();
  };
  const later = (entry) => {
    if (entry.body.text !== undefined && entry.item.isConnected) mark(entry, words.waiting);
    if (!navigator.onLine) tell(words.offline);
    wait = Math.min(wait ? wait * 2 : 2, 20);
    clearTimeout(timer);
    timer = setTimeout(flush, wait * 1000);
  };
  const flush = async () => {
    if (sending || !unsent.length) return;
    sending = true;
    clearTimeout(timer);
    const entry = unsent[0];
    let answer = null, refused = null;
    try {
      const response = await fetch(entry.path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Handrail-Chat": "1" },
        body: JSON.stringify({ ...entry.body, after: newest }),
      });
      if (response.ok) answer = await response.json();
      else if (response.status === 413 || response.status === 422) refused = response.status;
    } catch { /* the network: try again below */ }
    sending = false;
    if (refused) return giveBack(entry, refused);
    if (answer) {
      answer.messages.forEach(show);
      if (answer.stored) {
        entry.item.remove();
        unsent.shift();
        wait = 0;
        tell(answer.notes.map((key) => words["note" + key[0].toUpperCase() + key.slice(1)]).join(" "));
        listen();
        return flush();
      }
    }
    later(entry);
  };
  // Sending the same again would never work: the words go back into the box.
  const giveBack = (entry, status) => {
    unsent.shift();
    entry.item.remove();
    if (entry.body.text && !entry.body.press) box.value = entry.body.text + (box.value ? "\n" + box.value : "");
    tell(status === 413 ? words.noteTooLarge : words.noteNotTaken);
    flush();
  };

  // ---- listening ----
  const listen = () => {
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    stream = new EventSource("/api/v1/chat/events?after=" + newest);
    stream.onmessage = (event) => show(JSON.parse(event.data));
    stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000); };
  };

  // ---- leaving ----
  const leave = (event) => {
    event?.preventDefault();
    stream?.close();
    document.title = "";
    document.body.replaceChildren();
    location.replace(exit.href);
  };
  exit.addEventListener("click", leave);
  let lastEscape = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (event.timeStamp - lastEscape < 1500) leave(event);
      lastEscape = event.timeStamp;
    }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  addEventListener("online", () => { tell(""); flush(); });

  // ---- writing ----
  const touch = () => matchMedia("(pointer: coarse)").matches;
  document.addEventListener("submit", (event) => {
    const form = event.target, data = form.dataset;
    if (data.press === undefined && data.start === undefined && data.say === undefined) return;
    event.preventDefault();
    const id = newId();
    if (data.start !== undefined) return put("/api/v1/chat/start", { client_id: id });
    if (data.press !== undefined) {
      put("/api/v1/chat/messages",
        { client_id: id, press: form.elements.press.value, text: form.elements.text.value });
      if (!touch()) box.focus({ preventScroll: true }); // on a phone this would open the keyboard
      return undefined;
    }
    const text = box.value.trim();
    if (!text) return;
    const draftId = say.elements.client_id.value; // a draft that failed keeps its id
    say.elements.client_id.value = newId();
    box.value = "";
    put("/api/v1/chat/messages", { client_id: draftId, text });
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch()) {
      event.preventDefault();
      say.requestSubmit();
    }
  });

  root.classList.add("scripted");
  log.querySelectorAll("time").forEach((time) => { time.textContent = clockTime(time.dateTime); });
  newest = Math.max(0, ...Array.from(log.children, (item) => Number(item.dataset.seq) || 0));
  log.lastElementChild?.scrollIntoView({ block: "nearest" });
  listen();
})();
