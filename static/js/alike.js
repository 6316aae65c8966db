/* While a title or a summary is typed: the incidents like it, as the server tells them. */
const WAIT_MS = 600;
const TELLING = /^(?:new|\d+\/(?:overview|impact))$/;
let timer, asked = "", control = new AbortController();

const fields = () => [...document.querySelectorAll("form[data-place] :is([name=title], [name=summary])")].filter((field) => TELLING.test(field.form.dataset.place));

function told(place) {
  const count = place.querySelectorAll("li").length, same = place.querySelectorAll(".chip").length;
  return count ? `${count} similar ${count === 1 ? "incident" : "incidents"}${same ? `, ${same} likely the same` : ""}` : "No similar incidents";
}

async function ask() {
  const place = document.querySelector("[data-alike]"), all = fields(), data = new FormData();
  if (!place || !all.length) return;
  for (const field of all) data.set(field.name, field.value);
  const text = JSON.stringify([...data]);
  if (text === asked) return;
  control.abort();
  control = new AbortController();
  data.set("place", all[0].form.dataset.place);
  data.set("csrfmiddlewaretoken", all[0].form.elements.csrfmiddlewaretoken.value);
  try {
    const answer = await fetch(place.dataset.alike, { method: "POST", body: data, redirect: "error", signal: control.signal });
    if (!answer.ok) return;
    const html = (await answer.text()).trim(), said = place.parentElement.querySelector("[role=status]");
    asked = text;
    if (place.dataset.shown === html || place.contains(document.activeElement)) return;
    place.dataset.shown = html;
    place.innerHTML = html; // made and escaped by the server, as every page is
    if (said.textContent !== told(place)) said.textContent = told(place);
  } catch { /* a newer question, or nobody answers: what is shown stays */ }
}

document.addEventListener("input", (event) => {
  if (!fields().includes(event.target)) return;
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT_MS);
});

// What was typed, or put back by the browser, before this ran.
if (fields().some((field) => field.value !== field.defaultValue)) ask();
