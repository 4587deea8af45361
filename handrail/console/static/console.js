// What plain forms cannot do: keep the newest message in view, announce it, keep typed text safe,
// and tell the service that somebody is still here. Everything else works without this file.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  let touched = false;
  let pinned = true;
  let last = null;
  let top = 0;

  const box = () => byId("messages");
  const show = (id, visible) => { const el = byId(id); if (el) el.hidden = !visible; };

  function toEnd() {
    const messages = box();
    if (messages) messages.scrollTop = messages.scrollHeight;
  }

  function announce() {
    const messages = box();
    if (!messages) return;
    const newest = messages.dataset.last;
    if (last !== null && newest !== last && newest !== "0") {
      const said = byId("m-" + newest);
      const text = said ? said.querySelector(".text") : null;
      byId("announce").textContent = messages.dataset.words + (text ? ": " + text.textContent : "");
      if (document.hidden && !document.title.startsWith("● ")) document.title = "● " + document.title;
    }
    last = newest;
  }

  function announceDesk() {
    const offer = document.querySelector("#desk [data-announce]");
    const words = offer ? offer.dataset.announce : "";
    const place = byId("announce");
    if (place && document.getElementById("desk") && place.textContent !== words) place.textContent = words;
  }

  const unsent = () => [...document.querySelectorAll(".write textarea")].some((t) => t.value.trim() !== "");

  document.addEventListener("DOMContentLoaded", () => { toEnd(); announce(); });
  for (const kind of ["keydown", "pointerdown", "scroll"]) {
    document.addEventListener(kind, () => { touched = true; }, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.title = document.title.replace(/^● /, "");
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "reply-text") {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id !== "beat") return;
    event.detail.parameters.set("active", touched ? "yes" : "");
    touched = false;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const messages = box();
    if (event.target.id === "panel" && messages) {
      pinned = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
      top = messages.scrollTop;
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "panel") {
      if (pinned) toEnd();
      else if (box()) box().scrollTop = top;
      announce();
    }
    if (event.target.id === "desk") announceDesk();
    show("unreachable", false);
  });

  document.addEventListener("written", (event) => {
    if (event.target.id !== "reply") return; // after a note, the next words must not land in the reply
    const reply = byId("reply-text");
    if (reply) reply.focus();
  });

  for (const kind of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.closest(".write")) show("unreachable", true);
      else show("stream-state", true);
    });
  }
  document.addEventListener("htmx:sseError", () => show("stream-state", true));
  document.addEventListener("htmx:sseOpen", () => show("stream-state", false));

  let leaving = false;
  document.addEventListener("submit", (event) => { 
    if (event.target.closest(".write")) leaving = true;
    // A plain form leaves this page: no heartbeat may cross its path.
    if (!event.target.hasAttribute("hx-post") && byId("beat")) byId("beat").remove();
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsent() && !leaving) event.preventDefault();
  });
  document.addEventListener("htmx:beforeRequest", () => { leaving = false; });
})();
