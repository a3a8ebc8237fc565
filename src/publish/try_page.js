// The page works without this: as one types, it requests what the button would, and shows it in the same place.
const form = document.getElementById("search");
const results = document.getElementById("results");
const status = document.getElementById("status");
const parameters = () => new URLSearchParams(new FormData(form)).toString();
let shown = parameters();
let timer;
let request;

async function search() {
  const wanted = parameters();
  if (wanted === shown) return;
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const address = `${form.getAttribute("action")}?${wanted}`;
  try {
    const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
    if (response.status === 503) return later(1000);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.getElementById("results");
    // Perhaps a page to sign in.
    if (!found) return location.assign(address);
    shown = wanted;
    const open = [...results.querySelectorAll("details[open]")].map((details) => details.id);
    results.replaceChildren(...found.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    status.textContent = page.getElementById("status").textContent;
    document.title = page.title;
    for (const link of document.querySelectorAll("link[rel=alternate]")) link.remove();
    document.head.append(...page.querySelectorAll("link[rel=alternate]"));
    history.replaceState(null, "", address);
    writeTimes();
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = "There is no answer. What is shown is of an earlier filter.";
  }
}

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(search, wait);
}

form.addEventListener("input", () => later(200));
form.addEventListener("change", (event) => {
  const { q, sources } = Object.fromEntries(new FormData(form));
  // An output to start from fills the fields.
  if (event.target.name === "output" && event.target.value && !q && !sources) form.submit();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  later(0);
});
writeTimes();
