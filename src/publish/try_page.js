// The page works without this: as one types, it requests what the button would, and shows it in the same place.
const form = document.getElementById("search");
const results = document.getElementById("results");
const status = document.getElementById("status");
// Which page it is: of its searches, the last one alone is wanted.
const pageName = Math.random().toString(36).slice(2);
const parameters = () => new URLSearchParams(new FormData(form)).toString();
let shown = parameters();
let timer;
let request;
let goesOn = 0;

async function search() {
  const wanted = parameters();
  if (wanted === shown) return;
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const address = `${form.getAttribute("action")}?${wanted}`;
  try {
    const response = await fetch(address, { signal, headers: { Accept: "text/html", "Siftwire-Page": pageName } });
    if (response.status === 503 || response.status === 409) return later(1000);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.getElementById("results");
    // Perhaps a page to sign in.
    if (!found) return location.assign(address);
    shown = wanted;
    const open = [...results.querySelectorAll("details[open]")].map((details) => details.id);
    results.replaceChildren(...found.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    const told = page.getElementById("status");
    status.textContent = told.textContent;
    status.toggleAttribute("data-goes-on", told.hasAttribute("data-goes-on"));
    document.title = page.title;
    for (const link of document.querySelectorAll("link[rel=alternate]")) link.remove();
    document.head.append(...page.querySelectorAll("link[rel=alternate]"));
    history.replaceState(null, "", address);
    writeTimes();
    goOn();
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = "There is no answer. What is shown is of an earlier filter.";
  }
}

function later(wait) {
  goesOn = 0;
  clearTimeout(timer);
  timer = setTimeout(search, wait);
}

// Older entries are still being searched. What has the focus is not taken away.
function goOn() {
  const isOver = !status.hasAttribute("data-goes-on") || goesOn++ > 20;
  if (isOver || results.contains(document.activeElement)) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    shown = null;
    search();
  }, 600);
}

form.addEventListener("input", () => later(200));
form.addEventListener("change", (event) => {
  const { q, sources } = Object.fromEntries(new FormData(form));
  // An output to start from fills the fields.
  if (event.target.name === "output" && event.target.value && !q && !sources) form.submit();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  shown = null;
  later(0);
});
writeTimes();
goOn();
