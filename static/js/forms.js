// The error summary takes the focus, and its links lead into the field.
export function focusErrors(root) {
  root.querySelector("[data-error-summary]")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  const place = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!place) return;
  const control = place.matches("input, select, textarea") ? place : place.querySelector("input, select, textarea");
  if (!control) return;
  event.preventDefault();
  control.focus();
  control.scrollIntoView({ block: "center" });
});

// A form goes out once, however often its button is pressed. data-repeatable exempts a form, for a download for instance.
export function submitOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "repeatable" in form.dataset) return;
    if ("sent" in form.dataset) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "";
    // Not 'disabled': the pressed button's own value must still be sent.
    for (const button of submitButtons(form)) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of submitButtons(form)) button.removeAttribute("aria-disabled");
    }
  });
}

function submitButtons(form) {
  return [...form.elements].filter((element) => element.type === "submit");
}

// A form with data-warn-unsaved asks before the page is left with changes in it.
export function warnUnsaved() {
  const changed = new Set();
  const note = (event) => {
    const form = event.target.closest?.("form[data-warn-unsaved]");
    if (form) changed.add(form);
  };
  document.addEventListener("input", note);
  document.addEventListener("change", note);
  document.addEventListener("submit", (event) => changed.delete(event.target));
  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });
}
