/* Suggestions while typing: an editable combobox with list autocomplete, as the ARIA Authoring Practices describe it.
   The list comes from the server as HTML: places that links lead to, or names (data-value) to choose for a field; a field
   with data-several holds names with commas between them. */
const WAIT_MS = 120;
const LONGEST = 100; // characters; what is longer was pasted

function made(attributes) {
  const element = document.createElement("div");
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  return element;
}

function combobox(input) {
  const list = made({ id: `${input.id}-suggested`, class: "suggested", role: "listbox", "aria-label": "Suggestions", hidden: "" });
  const said = made({ class: "visually-hidden", "aria-live": "polite" });
  let timer, active = null;
  let asked = { text: "", answered: Promise.resolve(), abort() {} }; // what the list shows, or will when it is answered
  const several = "several" in input.dataset;
  input.removeAttribute("list"); // the browser's own list of names
  input.parentElement.append(list, said);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]])
    input.setAttribute(name, value);

  /* Where in the box the words stand that are being typed. */
  function span() {
    const { value, selectionStart: at } = input;
    if (!several) return [0, value.length];
    const end = value.indexOf(",", at), from = value.slice(0, at).lastIndexOf(",") + 1;
    return [from + value.slice(from).search(/\S|$/), end < 0 ? value.length : end];
  }
  const words = () => input.value.slice(...span()).trim();

  /* Puts a name into the field; what is new may be asked more about, in a field that is folded away until then. */
  function choose({ value, then }) {
    const next = then && input.form.elements[then], fold = next && next.closest("details");
    input.setRangeText(value, ...span(), "end");
    input.dispatchEvent(new Event("input", { bubbles: true })); // what keeps what is typed hears of it
    if (fold) fold.open = true;
    next?.focus();
  }

  function mark(option) {
    active?.removeAttribute("aria-selected");
    active = option;
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function show(open) {
    mark(null);
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    if (!open) said.textContent = "";
  }

  /* Ends whatever is under way, so that nothing opens by itself later. */
  function close() {
    clearTimeout(timer);
    asked.abort();
    asked.text = "";
    show(false);
  }

  /* Opens the list for what the box holds; true when there is something in it. An answer that came too late is dropped. */
  async function open() {
    clearTimeout(timer);
    const text = words();
    if (text !== asked.text) {
      asked.abort();
      const control = new AbortController();
      asked = { text, answered: ask(text, control.signal), abort: () => control.abort() };
    }
    const mine = asked;
    const some = await mine.answered;
    if (mine !== asked || mine.text !== text || document.activeElement !== input) return false;
    if (!some) show(false);
    else if (list.hidden) show(true);
    const count = list.querySelectorAll("[role=group] [role=option]").length;
    const rest = count ? "" : list.textContent.trim(); // what can be done where nothing is called so
    if (some !== undefined) said.textContent = (count === 1 ? "1 suggestion" : `${count || "No"} suggestions`) + (rest && `. ${rest}`);
    return some;
  }

  /* Fills the list; undefined when there is no answer. */
  async function ask(text, signal) {
    let html;
    try {
      const response = text && text.length <= LONGEST && await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { signal });
      if (response && response.ok && !response.redirected) html = await response.text();
    } catch { /* offline, or no longer wanted */ }
    if (signal.aborted) return undefined;
    mark(null);
    list.innerHTML = html ?? "";
    list.scrollTop = 0;
    return html === undefined ? undefined : list.childElementCount > 0;
  }

  async function move(by) {
    if (!await open()) return;
    const options = [...list.querySelectorAll("[role=option]")];
    const at = active ? options.indexOf(active) + by : Math.min(by, 0);
    mark(options.at(at % options.length));
  }

  const keys = {
    ArrowDown: (event) => { event.preventDefault(); event.altKey ? open() : move(1); },
    ArrowUp: (event) => { event.preventDefault(); event.altKey ? close() : move(-1); },
    Enter: (event) => {
      if (active) { event.preventDefault(); active.click(); } else close();
    },
    Escape: (event) => { if (!list.hidden) { event.preventDefault(); close(); } },
  };
  for (const key of ["Home", "End", "ArrowLeft", "ArrowRight"]) keys[key] = () => mark(null); // the caret moves by itself

  input.addEventListener("keydown", (event) => {
    // 229: the key that ends a composition in Safari, which says so after it.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    keys[event.key]?.(event);
  });
  const typed = (event) => {
    if (event.isComposing) return;
    mark(null);
    clearTimeout(timer);
    if (words()) timer = setTimeout(open, WAIT_MS); else close();
  };
  input.addEventListener("input", typed);
  input.addEventListener("compositionend", typed);
  input.addEventListener("blur", close);
  addEventListener("pagehide", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    // The search itself is the form's, with all its other fields and what has been typed since.
    if ("submit" in option.dataset) { event.preventDefault(); input.form.requestSubmit(); }
    if ("value" in option.dataset) choose(option.dataset);
    close();
  });
}

const begin = () => document.querySelectorAll("input[data-suggest]:not([role=combobox])").forEach(combobox);
begin();
document.addEventListener("written", begin); // a form of filing came anew
