import { announce } from "./copy.js";

// Puts the chosen snippet behind the remarks at once; without this the same button sends the form, which comes back with it.
export function snippets() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert-snippet]");
    const place = button && document.getElementById(button.dataset.insertSnippet);
    const chosen = button?.form?.elements.namedItem("snippet")?.selectedOptions?.[0];
    if (!place || !chosen) return;
    event.preventDefault();
    const before = place.value.trimEnd();
    place.value = before ? `${before}\n\n${chosen.dataset.text}` : chosen.dataset.text;
    place.dispatchEvent(new Event("input", { bubbles: true }));
    place.focus();
    announce(button.dataset.inserted);
  });
}
