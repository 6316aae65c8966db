/* Images and files in a text: pasted, dropped or chosen, sent to the incident they belong to, and named where the
   cursor stands. Without this they are added on the page of the files, which says what to write. */
const FAULTS = {
  403: "you may not add files here, or have been signed out.",
  413: "this is larger than the server takes.",
};
const AREA = "form[data-files] textarea[data-markdown]";

const areaOf = (event) => event.target.closest?.(AREA);
const carries = (transfer) => [...transfer?.types ?? []].includes("Files");

function put(area, text, from, to) {
  area.setRangeText(text, from, to, area.selectionStart === to ? "end" : "preserve");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/* Other things may have been typed meanwhile: what stands for the file is looked for again. */
function replace(area, from, to) {
  const at = area.value.indexOf(from);
  if (at >= 0) put(area, to, at, at + from.length);
}

/* What went wrong with a file stands beside the field until the next one. */
function say(area, words) {
  const place = area.closest(".entry-f");
  place.querySelector(".file-said")?.remove();
  if (!words) return;
  const told = document.createElement("p");
  told.className = "error small file-said";
  told.setAttribute("role", "alert");
  told.textContent = words;
  area.after(told);
}

async function add(area, file) {
  const words = `[${file.name.replace(/[[\]]/g, "")} is on its way ...]`, data = new FormData();
  put(area, words, area.selectionEnd, area.selectionEnd);
  data.set("file", file);
  data.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
  let text = "";
  try {
    const answer = await fetch(area.form.dataset.files, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "error" });
    const told = answer.ok || answer.status === 422 ? await answer.json() : {};
    text = told.markdown ?? "";
    if (!text) say(area, `${file.name}: ${told.error ?? FAULTS[answer.status] ?? `the server answered ${answer.status}.`}`);
  } catch { say(area, `${file.name}: the server cannot be reached, or you have been signed out.`); }
  replace(area, words, text);
}

async function addAll(area, files) {
  say(area, "");
  area.focus();
  area.setAttribute("aria-busy", "true");
  for (const file of files) await add(area, file);
  area.removeAttribute("aria-busy");
}

document.addEventListener("paste", (event) => {
  const area = areaOf(event), files = [...event.clipboardData?.files ?? []];
  if (!area || !files.length || event.clipboardData.getData("text/plain")) return; // a table comes as text and as a picture
  event.preventDefault();
  addAll(area, files);
});
document.addEventListener("dragover", (event) => {
  if (areaOf(event) && carries(event.dataTransfer)) { event.preventDefault(); areaOf(event).classList.add("dropping"); }
});
document.addEventListener("dragleave", (event) => areaOf(event)?.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  const area = areaOf(event), files = [...event.dataTransfer?.files ?? []];
  area?.classList.remove("dropping");
  if (!area || !files.length) return;
  event.preventDefault();
  addAll(area, files);
});

/* A button in the toolbar that opens the browser's own choice of files. */
function furnish(area) {
  const bar = document.querySelector(`[role=toolbar][aria-controls="${area.id}"]`);
  if (!bar || bar.querySelector("[data-file]")) return;
  const chosen = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true, tabIndex: -1 });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn sm ghost", textContent: "File", title: "Image or file; you can paste or drop one, too", tabIndex: -1 });
  button.dataset.file = "";
  button.setAttribute("aria-label", "Image or file");
  button.addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", () => { addAll(area, [...chosen.files]); chosen.value = ""; });
  chosen.addEventListener("input", (event) => event.stopPropagation()); // choosing is not typing
  bar.lastElementChild.before(button);
  bar.after(chosen);
}
const begin = () => document.querySelectorAll(AREA).forEach(furnish);
begin();
document.addEventListener("written", begin);
