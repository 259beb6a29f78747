// Makes the pages livelier; everything works without it. No dependency; Vega is loaded only when a chart comes into view.

const sessions = form => form.elements.horizon?.value ?? "10";
const stockAddress = (symbol, horizon) => `/stocks/${encodeURIComponent(symbol)}?horizon=${horizon}`;

// Suggestions while typing: the combobox pattern of the ARIA Authoring Practices, laid over a plain form.
function suggestFor(input, number) {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  const inList = input.dataset.suggest === "list"; // several names with commas
  let found = [], active = -1, asked = 0, timer = 0;

  Object.assign(list, { id: `suggestions-${number}`, className: "options", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "unseen";
  status.setAttribute("role", "status");
  const box = document.createElement("div");
  box.className = "combobox";
  input.replaceWith(box);
  box.append(input, list, status);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  const typed = () => (inList ? input.value.slice(input.value.lastIndexOf(",") + 1) : input.value).trim();

  function show(instruments) {
    [found, active] = [instruments, -1];
    list.replaceChildren(...instruments.map((one, at) => {
      const option = document.createElement("li");
      const [symbol, name, place] = ["strong", "span", "small"].map(tag => document.createElement(tag));
      [symbol.textContent, name.textContent, place.textContent] = [one.symbol, one.name, one.exchange];
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.append(symbol, " ", name, " ", place);
      option.addEventListener("mousedown", event => event.preventDefault()); // the field keeps the focus
      option.addEventListener("click", () => choose(at)); // not at the first touch, which may begin to scroll
      return option;
    }));
    list.hidden = !instruments.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    status.textContent = "";
  }

  function tell() {
    const count = found.length;
    status.textContent = count === 0 ? "No suggestions" : count === 1 ? "1 suggestion" : `${count} suggestions`;
  }

  function move(to) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = (to + found.length) % found.length;
    const option = list.children[active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function choose(at) {
    const one = found[at];
    if (inList) {
      const before = input.value.slice(0, input.value.lastIndexOf(",") + 1);
      input.value = `${before ? `${before} ` : ""}${one.symbol}, `;
      show([]);
    } else {
      location.href = stockAddress(one.symbol, sessions(input.form));
    }
  }

  async function ask() {
    const question = typed(), number = ++asked;
    if (!question) return show([]);
    try {
      const answer = await fetch(`/suggest?q=${encodeURIComponent(question)}`);
      const instruments = answer.ok ? await answer.json() : [];
      if (number !== asked || document.activeElement !== input) return;
      show(instruments);
      tell();
    } catch {
      show([]); // offline: the form still works when the line is back
    }
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 90); });
  input.addEventListener("blur", () => { asked++; show([]); });
  input.addEventListener("keydown", event => {
    if (event.isComposing) return; // its Enter ends a word of Chinese or Japanese
    if (event.key === "ArrowDown" && list.hidden) return void ask();
    if (list.hidden) return;
    const act = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active < 0 ? -1 : active - 1),
      Escape: () => show([]),
      Enter: () => choose(active),
    }[event.key];
    if (!act || (event.key === "Enter" && active < 0)) return;
    event.preventDefault();
    act();
  });
}

// Sorting a table in place; its headings are links that do the same on the server.
function sortInPlace(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.querySelector("a").addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const before = heading.getAttribute("aria-sort");
    const up = before ? before === "descending" : column === 0;
    headings.forEach(each => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const figure = row => row.cells[column].dataset.v;
    const compare = column === 0 ? (a, b) => a.localeCompare(b) : (a, b) => a - b;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [figure(a), figure(b)];
      if (x === "" || y === "") return (x === "") - (y === ""); // what has no figure comes last either way
      return up ? compare(x, y) : compare(y, x);
    });
    table.tBodies[0].append(...rows);
    const address = new URL(heading.querySelector("a").href);
    address.searchParams.set("order", up ? "up" : "down");
    address.hash = "";
    history.replaceState(null, "", address);
  }));
}

// The live chart takes the place of its picture once that is in view and the page is at rest.
const dark = matchMedia("(prefers-color-scheme: dark)");
const phone = matchMedia("(max-width: 30rem)");
let vega;

function loadVega(address) {
  vega ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, onload: done, onerror: failed });
    document.head.append(script);
  });
  return vega;
}

async function draw(place) {
  const words = place.querySelector("img")?.alt ?? place.querySelector(".live").getAttribute("aria-label");
  const turn = place.dataset.turn = String(Number(place.dataset.turn ?? 0) + 1);
  const shape = phone.matches ? "narrow" : "wide";
  const width = Math.floor(place.clientWidth);
  const height = Math.floor(width * (phone.matches ? 5 / 6 : 3 / 4)); // as the stylesheet has it for the picture
  const address = `${place.dataset.live.replace("theme=light", `theme=${dark.matches ? "dark" : "light"}`)}`
    .replace("shape=wide", `shape=${shape}`);
  const [answer] = await Promise.all([fetch(address), loadVega(place.dataset.script)]);
  if (!answer.ok || place.dataset.turn !== turn) return; // it was turned again meanwhile
  const stage = document.createElement("div");
  stage.className = "live coming"; // over the old one, unseen, so that the page does not jump
  stage.style.height = `${height}px`;
  stage.style.width = `${width}px`;
  place.append(stage);
  // ast: expressions are interpreted, for our security policy lets no text become code
  const options = { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };
  await vegaEmbed(stage, { ...(await answer.json()), width, height }, options);
  if (place.dataset.turn !== turn) return stage.remove();
  stage.setAttribute("role", "img"); // after Vega, which calls everything "Vega visualization"
  stage.setAttribute("aria-label", words);
  stage.classList.remove("coming");
  place.replaceChildren(stage);
}

function liven(place) {
  const seen = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    seen.disconnect();
    const begin = () => draw(place).catch(() => place.querySelector(".coming")?.remove()); // the picture stays
    "requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 2000 }) : setTimeout(begin, 300);
  });
  seen.observe(place);
  const again = () => place.querySelector("picture") || draw(place).catch(() => {});
  dark.addEventListener("change", again);
  let width = place.clientWidth, timer = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    clearTimeout(timer);
    timer = setTimeout(again, 150); // when the phone has been turned
  }).observe(place);
}

// What the service was still working out is asked for again, a few times, and put in its place.
async function fillIn(tries = 0) {
  const waiting = [...document.querySelectorAll("[data-fill]")];
  if (!waiting.length || tries === 8) return;
  await new Promise(done => setTimeout(done, 1000 * 1.5 ** tries));
  const answer = await fetch(location.href).catch(() => null); // offline: perhaps next time
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of waiting) {
    const part = fresh && fresh.getElementById(place.id);
    if (!part || part.dataset.fill !== undefined) continue;
    place.replaceWith(part);
    enliven(part);
  }
  fillIn(tries + 1);
}

function enliven(part) {
  part.querySelectorAll("[data-sortable]").forEach(sortInPlace);
  if (!navigator.connection?.saveData) part.querySelectorAll("[data-live]").forEach(liven);
}

document.querySelectorAll("[data-suggest]").forEach(suggestFor);
enliven(document);
fillIn();
