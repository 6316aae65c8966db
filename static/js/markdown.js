/* Fields of Markdown: a small toolbar, the keys people expect, lists that go on, addresses pasted over words, and a
   preview by the server. The field itself is a plain textarea. */
const LIST = /^(\s*)(?:([-*+])|(\d{1,9})([.)]))(\s+)(\[[ xX]\]\s+)?/;
const ADDRESS = /^https?:\/\/\S+$/;

/* Replaces the selection so that the browser's own undo takes it back. */
function put(area, text, from = area.selectionStart, to = area.selectionEnd) {
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function around(area, before, after = before) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const inside = value.slice(from, to);
  if (value.slice(from - before.length, from) === before && value.slice(to, to + after.length) === after) {
    put(area, inside, from - before.length, to + after.length);
    area.setSelectionRange(from - before.length, to - before.length);
    return;
  }
  put(area, before + inside + after);
  area.setSelectionRange(from + before.length, to + before.length);
}

function link(area) {
  const { selectionStart: from, selectionEnd: to, value } = area, inside = value.slice(from, to);
  if (ADDRESS.test(inside)) { put(area, `[](${inside})`); area.setSelectionRange(from + 1, from + 1); return; }
  put(area, `[${inside}](https://)`);
  const start = from + inside.length + 3;
  area.setSelectionRange(start, start + 8);
}

/* Puts something before every line of the selection, or takes it away where all have it. */
function lines(area, sign) {
  const { value } = area, from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const end = value.indexOf("\n", area.selectionEnd), to = end < 0 ? value.length : end;
  const rows = value.slice(from, to).split("\n");
  const has = rows.every((row) => row.startsWith(sign));
  put(area, rows.map((row, at) => has ? row.slice(sign.length) : (sign === "1. " ? `${at + 1}. ` : sign) + row).join("\n"), from, to);
}

function code(area) {
  const inside = area.value.slice(area.selectionStart, area.selectionEnd);
  if (inside.includes("\n")) put(area, `\`\`\`\n${inside}\n\`\`\``); else around(area, "`");
}

const TOOLS = [
  ["Bold", "B", "b", (area) => around(area, "**")],
  ["Italic", "I", "i", (area) => around(area, "*")],
  ["Link", "Link", "k", link],
  ["Code", "Code", "e", code],
  ["List", "List", "", (area) => lines(area, "- ")],
  ["Numbered list", "1. 2.", "", (area) => lines(area, "1. ")],
  ["Quote", "Quote", "", (area) => lines(area, "> ")],
];

/* Enter in a list begins the next item; on an empty one it ends the list. */
function goOn(event, area) {
  const { selectionStart: at, selectionEnd, value } = area;
  if (at !== selectionEnd || event.shiftKey) return;
  const start = value.lastIndexOf("\n", at - 1) + 1, found = LIST.exec(value.slice(start, at));
  if (!found) return;
  event.preventDefault();
  const [whole, indent, bullet, number, sign, space, task] = found;
  if (whole.length === at - start && !value.slice(at).split("\n")[0].trim()) { put(area, "", start, at); area.setSelectionRange(start, start); return; }
  put(area, `\n${indent}${bullet ?? Number(number) + 1 + sign}${space}${task ? "[ ] " : ""}`);
}

function keys(event) {
  const area = event.target;
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey) { goOn(event, area); return; }
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const tool = TOOLS.find(([, , key]) => key && key === event.key.toLowerCase());
  if (tool) { event.preventDefault(); tool[3](area); }
}

function pasted(event) {
  const area = event.target, text = event.clipboardData?.getData("text/plain").trim() ?? "";
  const inside = area.value.slice(area.selectionStart, area.selectionEnd);
  if (!ADDRESS.test(text) || !inside || inside.includes("\n") || ADDRESS.test(inside)) return;
  event.preventDefault();
  put(area, `[${inside}](${text})`);
}

async function preview(area, button, panel) {
  const open = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(open));
  panel.hidden = !open;
  area.hidden = open;
  if (!open) { area.focus(); return; }
  panel.textContent = "One moment ...";
  const data = new FormData();
  data.set("text", area.value);
  data.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
  try {
    const answer = await fetch("/writing/preview/", { method: "POST", body: data, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    panel.innerHTML = await answer.text(); // the server's own renderer, which readers' pages come from
  } catch { panel.textContent = "The server did not answer; the text is as it was."; }
}

function furnish(area) {
  if (area.dataset.markdown === "ready") return;
  area.dataset.markdown = "ready";
  const bar = document.createElement("div"), panel = document.createElement("div");
  bar.className = "md-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", `Format ${area.labels[0]?.firstChild.textContent.trim() ?? "text"}`);
  bar.setAttribute("aria-controls", area.id);
  for (const [name, words, key, act] of TOOLS) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn sm ghost", textContent: words, title: key ? `${name} (Ctrl+${key.toUpperCase()})` : name, tabIndex: bar.children.length ? -1 : 0 });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => act(area));
    bar.append(button);
  }
  const look = document.createElement("button");
  Object.assign(look, { type: "button", className: "btn sm ghost push", textContent: "Preview", tabIndex: -1 });
  look.setAttribute("aria-pressed", "false");
  panel.className = "md preview";
  panel.hidden = true;
  panel.tabIndex = 0;
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "Preview");
  look.addEventListener("click", () => preview(area, look, panel));
  bar.append(look);
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const all = [...bar.children], next = all.at((all.indexOf(document.activeElement) + by) % all.length);
    all.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
  });
  area.before(bar);
  area.after(panel);
  area.addEventListener("keydown", keys);
  area.addEventListener("paste", pasted);
}

/* Ctrl+Enter or Ctrl+S saves from any field. */
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-place]");
  if (!form || !(event.ctrlKey || event.metaKey) || !["Enter", "s"].includes(event.key)) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button[data-stay]") ?? form.querySelector("button.primary"));
});

/* The passage that shows a cause is marked in the text itself. */
function passages() {
  const text = document.getElementById("passages"), take = document.getElementById("take-passage"), field = document.querySelector("[data-evidence]");
  if (!text || !take || !field) return;
  const chosen = () => { const picked = getSelection(); return picked.rangeCount && text.contains(picked.anchorNode) && text.contains(picked.focusNode) ? picked.toString().replace(/\s+/g, " ").trim() : ""; };
  take.hidden = false;
  document.addEventListener("selectionchange", () => { take.disabled = !chosen(); });
  take.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays
  take.addEventListener("click", () => {
    field.value = chosen() || field.value;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.focus();
  });
}

function begin() {
  document.querySelectorAll("textarea[data-markdown]").forEach(furnish);
  document.querySelectorAll("[data-noscript]").forEach((each) => { each.hidden = true; });
  passages();
}
begin();
document.addEventListener("written", begin);
