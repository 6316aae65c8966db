/* Drag on the board. A drop presses what the card's own Move menu holds for that column, so that there is one way to
   change things; whoever drops on Done or Declined is asked for words. Keyboard and touch use the menu. */
const board = document.querySelector(".board[data-group]");
const group = board?.dataset.group;
let dragged = null;

const target = (column) => dragged?.querySelector(`[data-move="${CSS.escape(group)}:${CSS.escape(column.dataset.value)}"]`);

if (group) {
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".tk[draggable]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    dragged.classList.add("dragged");
  });
  board.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    board.querySelectorAll(".over").forEach((column) => column.classList.remove("over"));
    dragged = null;
  });
  board.addEventListener("dragover", (event) => {
    const column = event.target.closest(".col");
    board.querySelectorAll(".over").forEach((other) => other !== column && other.classList.remove("over"));
    if (!column || !target(column)) return;
    event.preventDefault();
    column.classList.add("over");
  });
  board.addEventListener("drop", (event) => {
    const control = target(event.target.closest(".col") ?? board);
    if (!control) return;
    event.preventDefault();
    control.click();
  });
}
