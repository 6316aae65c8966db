/* Writing a postmortem: forms are sent without leaving the page, so that a failed answer loses nothing, and what is
   typed is kept on the server while it is typed, in the browser when that fails. */
const KEEP_MS = 1500;
const LOCAL = "hindsight-typed:";
const MESSAGES = {
  401: "You have been signed out.",
  403: "The server did not take this: the form had gone stale, or you may not do this any more.",
  404: "There is nothing at this address any more.",
  413: "This is more than the server takes at once. Shorten it, or save it in parts.",
  429: "Too many requests; wait a minute.",
  503: "The database is busy or away.",
};
const main = () => document.querySelector("main");
const together = () => document.querySelector("section.of-all");
const forms = () => document.querySelectorAll("form[data-place]");
const storageKey = (form) => `${LOCAL}${main().dataset.me ?? ""}:${form.dataset.place}`;
let leaving = false;
let shownPath = location.pathname;

function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  made.append(...inside);
  return made;
}

/* What a form would send, without its token and which button sent it. */
function typedIn(form) {
  const data = new FormData(form);
  data.delete("csrfmiddlewaretoken");
  return data;
}
const asText = (data) => new URLSearchParams([...data].map(([name, value]) => [name, String(value)])).toString();

/* ---- kept while it is typed ---- */
const states = new WeakMap(); // form: {kept: what is kept anywhere, timer}

function say(form, words, bad = false) {
  const bar = form.querySelector(".kept-at");
  if (bar) { bar.textContent = words; bar.classList.toggle("error", bad); }
}

/* Who else is writing in the section. */
function tell(form, others) {
  const place = form.closest("[data-part]")?.querySelector("[data-others]"), words = others ? `${others}.` : "";
  if (!place || place.lastElementChild.textContent === words) return;
  place.hidden = !words;
  place.lastElementChild.textContent = words;
}

function clock() {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function keepHere(form, text) {
  try { localStorage.setItem(storageKey(form), JSON.stringify({ text, at: Date.now() })); return true; } catch { return false; }
}
function forget(form) {
  try { localStorage.removeItem(storageKey(form)); } catch { /* not allowed here */ }
}

async function keep(form) {
  const state = states.get(form), data = typedIn(form), text = asText(data);
  clearTimeout(state.timer);
  state.timer = 0;
  if (text === state.kept) return;
  data.set("place", form.dataset.place);
  data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  try {
    const answer = await fetch("/writing/keep/", { method: "POST", body: data, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    state.kept = text;
    tell(form, (await answer.json()).others);
    if (asText(typedIn(form)) === text) { forget(form); say(form, `Not saved yet; kept on the server at ${clock()}`); }
  } catch {
    say(form, keepHere(form, asText(typedIn(form))) ? `The server does not answer; kept in this browser at ${clock()}` : "The server does not answer, and this browser keeps nothing: do not close this page.", true);
    if (!leaving) state.timer = setTimeout(() => keep(form), KEEP_MS * 6);
  }
}

function typed(event) {
  const form = event.target.closest?.("form[data-place]"), state = form && states.get(form);
  if (!state) return;
  const text = asText(typedIn(form));
  if (text === state.kept) return;
  keepHere(form, text);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => keep(form), KEEP_MS);
}
document.addEventListener("input", typed);
document.addEventListener("change", typed);
addEventListener("pagehide", () => {
  leaving = true;
  for (const form of forms()) {
    const state = states.get(form), data = typedIn(form);
    if (!state?.timer || asText(data) === state.kept) continue;
    data.set("place", form.dataset.place);
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    navigator.sendBeacon?.("/writing/keep/", data);
  }
});
addEventListener("pageshow", () => { leaving = false; });

/* What this browser kept because the server could not: put back, unless it is what the form shows anyway. */
function putBack(form) {
  let held;
  try { held = JSON.parse(localStorage.getItem(storageKey(form))); } catch { return; }
  if (!held || held.text === states.get(form).kept) { forget(form); return; }
  const values = new URLSearchParams(held.text);
  for (const field of form.elements) {
    if (!field.name || field.name === "csrfmiddlewaretoken" || field.type === "submit") continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.getAll(field.name).includes(field.value);
    else if (values.has(field.name)) field.value = values.get(field.name);
  }
  const drop = element("button", { class: "btn sm", type: "button" }, "Drop it, show what is saved");
  drop.addEventListener("click", () => { forget(form); location.reload(); });
  form.before(element("div", { class: "note amber", role: "status" }, element("div", { class: "cluster" },
    element("span", {}, element("b", {}, `This is what you typed ${new Date(held.at).toLocaleString()}.`), " It was kept in this browser and is not saved yet."), drop)));
  keep(form);
}

/* ---- sent without leaving the page ---- */
async function send(form, submitter, again = false) {
  const data = new FormData(form, submitter);
  const where = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
  const part = together() && form.closest("[data-part]")?.dataset.part; // what the server need make anew of a page of all sections
  const answer = await fetch(where, { method: "POST", body: data, headers: part ? { "X-Part": part } : {} });
  if (answer.status === 403 && !again && await freshToken()) return send(form, submitter, true);
  return answer;
}

/* A sign-in in another tab makes every open form stale: its token is taken from a fresh copy of the page. */
async function freshToken() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token ?? field.value;
    return Boolean(token);
  } catch { return false; }
}

function trouble(form, words, link) {
  document.querySelector(".trouble")?.remove();
  const told = element("div", { class: "note red alert-f trouble", role: "alert", tabindex: "-1" },
    element("p", {}, element("b", {}, "Not saved. "), words, " What you typed is still here", link ? "; " : ": try again.", ...(link ? [link] : [])));
  form.before(told);
  told.focus();
}

function signIn() {
  const link = element("a", { href: `/sign-in/?next=${encodeURIComponent(location.pathname)}`, target: "_blank", rel: "opener" }, "sign in in a new tab");
  return link;
}

document.addEventListener("submit", async (event) => {
  const form = event.target, submitter = event.submitter;
  const inPlace = form.dataset.place || "tools" in form.dataset;
  if (!inPlace || form.dataset.sending) { if (inPlace) event.preventDefault(); return; }
  event.preventDefault();
  form.dataset.sending = "yes";
  submitter?.setAttribute("aria-busy", "true");
  const near = form.dataset.place ? form : form.closest("[data-part]").querySelector(".filed");
  try {
    const answer = await send(form, submitter);
    const at = new URL(answer.url);
    if (answer.redirected && at.pathname.startsWith("/sign-in/")) trouble(near, "You have been signed out.", element("span", {}, signIn(), ", come back and try again."));
    else if (answer.ok || answer.status === 409 || answer.status === 422) {
      if (answer.ok) done(form);
      show(await answer.text(), at, submitter, form);
    } else trouble(near, MESSAGES[answer.status] ?? `The server answered ${answer.status}.`);
  } catch {
    if (!leaving) trouble(near, "The server cannot be reached.");
  } finally {
    delete form.dataset.sending;
    submitter?.removeAttribute("aria-busy");
  }
});

function done(form) {
  clearTimeout(states.get(form)?.timer);
  if (form.dataset.place) forget(form);
  states.delete(form);
}

/* Puts the page that came in the place of this one, and the focus where the person was. */
function show(html, at, submitter, from) {
  const page = new DOMParser().parseFromString(html, "text/html"), next = page.querySelector("main");
  const writing = page.querySelector("form[data-place]");
  if (!writing) { location.assign(at.href); return; }
  const focused = submitter?.id || null, part = together() && from?.closest("[data-part]");
  const instead = part && page.querySelector(`[data-part="${part.dataset.part}"]`);
  if (instead) part.replaceWith(instead); // the other sections stay as they are, with what is typed there
  else {
    main().replaceWith(next);
    document.title = page.title;
    if (at.pathname !== location.pathname) history.pushState({}, "", at.pathname);
    shownPath = at.pathname;
  }
  begin();
  const changed = at.searchParams.get("changed") ?? at.searchParams.get("moved");
  const shown = instead ?? next, ids = instead ? `${instead.dataset.part}-` : "";
  const target = shown.querySelector(".alert-f") ?? shown.querySelector("[autofocus]") ??
    (focused && document.getElementById(focused)) ?? (changed && document.getElementById(`${ids}edit-${changed}`));
  if (target) target.focus(); else if (instead) { instead.tabIndex = -1; instead.focus({ preventScroll: true }); } else { next.focus({ preventScroll: true }); next.scrollIntoView(); }
}
/* Going back to another page; links within this one change nothing but the place. */
addEventListener("popstate", () => { if (location.pathname !== shownPath) location.reload(); });

/* "Edit" opens a row in its place. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-in-place]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href);
    if (!answer.ok || answer.redirected) throw new Error("not here");
    show(await answer.text(), new URL(answer.url), null, link);
    document.querySelector("li > form .field")?.focus();
  } catch { location.assign(link.href); }
});

function begin() {
  document.querySelector(".alert-f")?.focus();
  for (const form of forms()) {
    if (states.has(form)) continue;
    states.set(form, { kept: asText(typedIn(form)), timer: 0 });
    form.querySelector(".cluster:last-child")?.append(element("span", { class: "kept-at small muted", role: "status" }));
    putBack(form);
  }
  document.dispatchEvent(new Event("written"));
}
begin();
