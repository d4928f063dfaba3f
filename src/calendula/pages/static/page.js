// What the pages do beyond what HTML does. Without this file every form and link still works.

const told = () => document.getElementById("told");

/** Let a screen reader say something that can be seen anyway. */
function tell(text) {
  const region = told();
  if (region && text) region.textContent = text;
}

/** The same, of a page that has just come: a region is listened to once it is there. */
function tellLater(text) {
  setTimeout(tell, 200, text);
}

// A page comes without a reload. Whoever stays on a page keeps their place; on another, its heading
// (or what is wrong with the form, or the time that they came for) is read out. Either tells what has
// come of the step ([data-tell]).

let place = null;

document.addEventListener("htmx:before:swap", ({ detail }) => {
  if (detail.ctx?.select) return; // a part of the page is fetched anew, and nobody asked for it
  place = { path: location.pathname, id: document.activeElement?.id };
});

document.addEventListener("htmx:after:settle", ({ detail }) => {
  if (place && !detail.task.target.matches("[data-fresh]")) {
    const same = place.path === location.pathname && place.id && document.getElementById(place.id);
    const problem = document.querySelector("[data-problem]");
    const target = problem || same || document.querySelector(".slot[aria-current]") || document.querySelector("h1");
    if (target && document.activeElement !== target) {
      if (target.tabIndex < 0) target.tabIndex = -1;
      target.focus({ preventScroll: same === target });
    }
    if (target !== problem) tellLater(document.querySelector("[data-tell]")?.textContent);
    place = null;
  }
  wake();
});

// What was asked last wins, as it does in a browser without scripts, also over what is still on its
// way. That is given up; what it does at the server is done all the same.

let giveUp = () => {};

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.select) return; // a part of the page is fetched anew, and nobody asked for it
  giveUp();
  const request = new AbortController(); // a step back has none by which it could be given up
  giveUp = request.abort.bind(request);
  Object.assign(ctx.request, { signal: request.signal, abort: giveUp });
});

// The address of a page may hold a secret behind its #: it is sent nowhere.
document.addEventListener("htmx:config:request", (event) => {
  delete event.detail.ctx.request.headers["HX-Current-URL"];
});

// The link to an appointment has its token behind the #: the page's form takes it from there.
function open(form) {
  if (!form || !location.hash.startsWith("#mng_")) return;
  form.elements.token.value = location.hash.slice(1);
  form.requestSubmit();
}

addEventListener("hashchange", () => open(document.querySelector("[data-opens]")));

// It stays in the address when the language is switched.
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".languages")) target.action = target.getAttribute("action").split("#")[0] + location.hash;
});

// What the server could not do leaves the page as it is, with what was typed in it.
for (const name of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(name, (event) => {
    const status = event.detail.ctx?.response?.status ?? 0;
    const banner = document.getElementById("trouble");
    if (banner && (status === 0 || status >= 500)) {
      banner.hidden = false;
      banner.focus();
    }
  });
}

// Something of this page has changed elsewhere: [data-live] says where to hear of it, and the parts
// that are fetched anew have an id and [data-fresh].

const AGAIN = 30_000; // milliseconds until a server that had no room is asked again
const SPREAD = 1_000; // milliseconds over which all pages come that hear the same

let feed = null;

function listen() {
  const wanted = document.querySelector("[data-live]")?.dataset.live;
  if (feed?.path === wanted) return;
  feed?.source.close();
  feed = wanted ? { path: wanted, source: new EventSource(wanted) } : null;
  if (!feed) return;
  let opened = false;
  feed.source.addEventListener("open", () => {
    if (opened) refresh(); // who knows what was missed
    opened = true;
  });
  feed.source.addEventListener("changed", ({ data }) => {
    if (data === "*") setTimeout(refresh, Math.random() * SPREAD);
    else refresh();
  });
  feed.source.addEventListener("error", ({ target }) => {
    if (target.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(() => {
      if (feed?.source !== target) return;
      feed = null;
      listen();
    }, AGAIN);
  });
}

let refreshing = false;
let again = false;

async function refresh() {
  if (document.querySelector("form.htmx-request")) return; // what was sent is answered with news
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    for (const part of document.querySelectorAll("[data-fresh]")) {
      const before = new Map([...part.querySelectorAll("[data-name]")].map((it) => [it.id, it.dataset.name]));
      const focused = document.activeElement?.id;
      await htmx.ajax("GET", part.dataset.fresh || location.pathname + location.search, {
        source: part, // else a step back waits for it
        target: `#${part.id}`,
        select: `#${part.id}`,
        swap: "outerMorph",
      });
      if (!part.isConnected) return; // another page has come meanwhile
      const gone = [...before].filter(([id]) => !document.getElementById(id));
      if (gone.length) tell((document.body.dataset.gone || "") + " " + gone.map(([, name]) => name).join(", "));
      if (focused && gone.some(([id]) => id === focused)) {
        const heading = part.querySelector("[data-tell]") || part.querySelector("h2, h1");
        if (heading) {
          heading.tabIndex = -1;
          heading.focus();
        }
      }
    }
  } finally {
    refreshing = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

setInterval(() => document.visibilityState === "visible" && refresh(), 60_000);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());

// How long a time is still held: [data-until] is an instant, and its text counts down.

const MINUTE = 60_000;
const DIGITS = { numberingSystem: "latn" }; // which the server writes everywhere, in Egypt too

function count() {
  for (const clock of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(clock.dataset.until) - Date.now() + skew;
    const seconds = Math.max(0, Math.ceil(left / 1000));
    const format = (unit, value) =>
      new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long", ...DIGITS }).format(value);
    const text = seconds > 90 ? format("minute", Math.ceil(seconds / 60)) : format("second", seconds);
    if (clock.textContent !== text) clock.textContent = text;
    if (seconds === 0 && clock.dataset.over) {
      const over = document.getElementById(clock.dataset.over);
      const shown = clock.closest("[data-while]");
      if (over && over.hidden) {
        over.hidden = false;
        if (shown) shown.hidden = true;
        tell(over.textContent.trim());
      }
      continue;
    }
    const mark = [MINUTE, 2 * MINUTE].find((it) => left <= it);
    if (seconds > 0 && mark && clock.dataset.told !== String(mark)) {
      clock.dataset.told = mark;
      tell(clock.closest("[data-while]")?.innerText.trim().replace(/\s+/g, " "));
    }
  }
}

// The reader's clock may go wrong: the server's time at which the page was made is known.
let skew = 0;

setInterval(count, 1000);

// Where the reader's clock is another than the clinic's, [data-instant] says the reader's time too.
function localTimes() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const note of document.querySelectorAll("[data-instant]")) {
    const instant = new Date(note.dataset.instant);
    const say = (timeZone) =>
      new Intl.DateTimeFormat(note.dataset.locale, { dateStyle: "medium", timeStyle: "short", timeZone, ...DIGITS }).format(instant);
    const differs = say(zone) !== say(note.dataset.zone);
    note.hidden = !differs;
    const slot = note.querySelector("[data-mine]");
    if (differs && slot) slot.textContent = say(zone);
  }
}

/** Do what a page needs when it has come. */
function wake() {
  const made = document.querySelector("[data-now]")?.dataset.now;
  if (made && made !== wake.made) {
    skew = Date.now() - Date.parse(made);
    wake.made = made;
  }
  listen();
  count();
  localTimes();
  open(document.querySelector("[data-opens='now']"));
}

setTimeout(wake); // htmx begins like this too, before
