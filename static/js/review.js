/* Selected words become what a comment is about. The page works without: the field can be filled by hand. */
let chosen = { section: "", words: "" };

document.addEventListener("selectionchange", () => {
  const selection = getSelection();
  const words = selection.toString().replace(/\s+/g, " ").trim();
  const from = selection.anchorNode?.parentElement?.closest("[data-section]");
  if (!words || !from || selection.anchorNode.parentElement.closest(".remarks")) return;
  chosen = { section: from.dataset.section, words: words.slice(0, 1000) };
});

for (const details of document.querySelectorAll(".new-remark")) {
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    const passage = details.querySelector("[name=passage]");
    if (!passage.value && chosen.section === details.parentElement.dataset.remarks) passage.value = chosen.words;
    details.querySelector("textarea").focus();
  });
}

document.getElementById("problem")?.focus();

/* A link to a resolved comment opens it. */
const target = location.hash.startsWith("#comment-") && document.getElementById(location.hash.slice(1));
if (target) target.querySelector(":scope > details:not(.reply)")?.setAttribute("open", "");
