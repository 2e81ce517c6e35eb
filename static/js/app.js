import { rejectTerms, tickAll } from "./answers.js";
import { copyButtons } from "./copy.js";
import { filterBars } from "./filters.js";
import { focusErrors, submitOnce, warnUnsaved } from "./forms.js";
import { answers } from "./htmx.js";
import { menus } from "./menus.js";
import { snippets } from "./snippets.js";

menus();
submitOnce();
warnUnsaved();
answers();
filterBars();
snippets();
copyButtons(document);
rejectTerms(document);
tickAll(document);
focusErrors(document);

// Parts of the page that htmx replaced get the same care as the page.
document.addEventListener("htmx:load", (event) => {
  copyButtons(event.target);
  tickAll(event.target);
  focusErrors(event.target);
});
