import { announce } from "./copy.js";

// On a telephone a filter starts folded, and what it found is read aloud.
export function filterBars() {
  const narrow = window.matchMedia("(max-width: 639.98px)");
  const fold = () => {
    for (const part of document.querySelectorAll(".filter-fold")) part.open = !narrow.matches;
  };
  fold();
  narrow.addEventListener("change", fold);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.detail.requestConfig?.elt?.matches(".filter-bar")) return;
    const count = event.target.querySelector("[data-count]") ?? event.target;
    announce(count.textContent.trim().slice(0, 200));
  });
}
