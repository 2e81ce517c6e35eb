// What htmx does with refusals: a fragment (a form with its errors) is put in place like any answer; of a whole error page the
// heading and its sentences are shown as a notice, so that what somebody typed stays where it is.
const EXPLAINED = new Set([400, 403, 404, 409, 422]);

export function answers() {
  document.addEventListener("htmx:beforeRequest", clearNotices);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (!EXPLAINED.has(xhr.status)) return;
    if (/<html[\s>]/i.test(xhr.responseText)) {
      showPage(xhr.responseText);
    } else {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (!EXPLAINED.has(event.detail.xhr.status)) showTemplate("notice-failed");
  });
  document.addEventListener("htmx:sendError", () => showTemplate("notice-offline"));
  document.addEventListener("htmx:timeout", () => showTemplate("notice-offline"));
}

function clearNotices() {
  for (const notice of document.querySelectorAll("#notices [data-from-script]")) notice.remove();
}

function showTemplate(id) {
  const template = document.getElementById(id);
  if (template) show(template.content.querySelector(".alert").cloneNode(true));
}

function showPage(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const template = document.getElementById("notice-failed");
  const notice = template.content.querySelector(".alert").cloneNode(true);
  const text = notice.querySelector("p");
  const sentences = [...page.querySelectorAll("#main h1, #main [data-explain]")].map((part) => part.textContent.trim());
  if (sentences.length) text.textContent = sentences.join(" ");
  show(notice);
}

function show(notice) {
  const place = document.getElementById("notices");
  if (!place) return;
  clearNotices();
  notice.dataset.fromScript = "";
  place.append(notice);
  notice.scrollIntoView({ block: "nearest" });
}
