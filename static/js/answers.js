// The rejection: what belongs to a term unfolds with its tick, and goes out only with it. Without this it is all there,
// unfolded by hand.
export function rejectTerms(root) {
  for (const term of root.querySelectorAll("[data-reject-term]")) {
    const tick = term.querySelector("input[type=checkbox]");
    const details = term.querySelector("details");
    const fields = details.querySelector("fieldset");
    // Something was typed without the tick: the tick belongs to it.
    if (details.open) tick.checked = true;
    const follow = () => {
      details.hidden = fields.disabled = !tick.checked;
      details.open = tick.checked;
    };
    tick.addEventListener("change", follow);
    follow();
  }
}

// One box that ticks all the others of its list.
export function tickAll(root) {
  for (const label of root.querySelectorAll("[data-tick-all]")) {
    const all = label.querySelector("input");
    const boxes = [...label.closest("form").querySelectorAll("input[name=chosen]")];
    const follow = () => { all.checked = boxes.every((box) => box.checked); };
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
    for (const box of boxes) box.addEventListener("change", follow);
    label.hidden = boxes.length < 2;
    follow();
  }
}
