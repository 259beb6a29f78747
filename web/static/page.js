// Makes the pages livelier; everything works without it. No dependency.

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
    const figure = row => row.cells[column].dataset.v ?? row.cells[column].textContent.toLowerCase();
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

// What a chart shows on the day under a finger or the pointer, or the one that arrow keys choose. The picture stays;
// its values are fetched when somebody first asks for them.
function tellOf(place) {
  const picture = place.querySelector("img");
  const line = document.createElement("div"), note = document.createElement("p");
  let address = "", values = null, at = -1, turn = 0;
  line.className = "under-finger";
  note.className = "told";
  note.setAttribute("role", "status");
  line.hidden = note.hidden = true;
  place.append(line, note);

  async function known() {
    const now = picture.currentSrc.replace("/chart.svg", "/chart.json"); // of the theme and shape that are shown
    if (now !== address) {
      address = now;
      values = fetch(now).then(answer => (answer.ok ? answer.json() : null)).catch(() => null);
    }
    return values;
  }

  function hide() {
    line.hidden = note.hidden = true;
    [at, turn] = [-1, turn + 1];
  }

  async function show(choose) {
    const mine = ++turn, told = await known();
    if (!told || mine !== turn) return; // the finger has gone on meanwhile
    at = Math.max(0, Math.min(told.sessions.length - 1, choose(told.sessions)));
    const { x, day, price } = told.sessions[at], { offsetWidth: width, offsetHeight: height } = picture;
    const when = document.createElement("strong");
    when.textContent = day;
    note.replaceChildren(when, " ", price);
    line.hidden = note.hidden = false;
    Object.assign(line.style, { left: `${x * width}px`, top: `${told.top * height}px`, height: `${(told.bottom - told.top) * height}px` });
    const left = x * width < width / 2 ? x * width + 10 : x * width - 10 - note.offsetWidth;
    note.style.left = `${Math.max(0, Math.min(width - note.offsetWidth, left))}px`;
  }

  const nearest = event => {
    const box = picture.getBoundingClientRect(), x = (event.clientX - box.left) / box.width;
    return sessions => sessions.reduce((best, one, n) => (Math.abs(one.x - x) < Math.abs(sessions[best].x - x) ? n : best), 0);
  };
  for (const name of ["pointerdown", "pointermove"]) place.addEventListener(name, event => show(nearest(event)));
  place.addEventListener("pointerleave", event => event.pointerType === "mouse" && hide());
  place.addEventListener("blur", hide);
  place.addEventListener("keydown", event => {
    const far = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") return hide();
    if (!far) return;
    event.preventDefault();
    show(sessions => (at < 0 ? sessions.length - 1 : at) + far);
  });
  picture.addEventListener("load", hide); // another theme, shape or past

  const nav = place.parentElement.querySelector(".pasts");
  nav?.addEventListener("click", event => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const past = new URL(link.href).searchParams.get("past");
    for (const each of place.querySelectorAll("source, img")) {
      const name = each.srcset ? "srcset" : "src", wanted = new URL(each[name], location);
      past ? wanted.searchParams.set("past", past) : wanted.searchParams.delete("past");
      each[name] = wanted.pathname + wanted.search;
    }
    nav.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    history.replaceState(null, "", link.href);
  });
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
  part.querySelectorAll("[data-live]").forEach(tellOf);
}

document.querySelectorAll("[data-suggest]").forEach(suggestFor);
enliven(document);
fillIn();
