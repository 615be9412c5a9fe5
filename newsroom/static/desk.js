// Enhancements of the pages. Everything also works without scripts.
"use strict";

// Times in the reader's zone, by the reader's locale; UTC on hover. The footer has the choice, kept in this browser.
const times = document.getElementById("times");
const kept = (name, otherwise) => {
  try {
    return localStorage.getItem(`onestory-${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const localize = (root) => {
  const zone = kept("zone", "local") === "UTC" ? "UTC" : undefined;
  const hours = { 12: { hour12: true }, 24: { hourCycle: "h23" } }[kept("hours", "")] ?? {};
  // "1:56 AM", but "01:56": Intl pads neither or both.
  const asked = new Intl.DateTimeFormat(navigator.language, { hour: "numeric", ...hours }).resolvedOptions();
  const hour = asked.hour12 ? "numeric" : "2-digit";
  const parts = { year: "numeric", month: "short", day: "numeric", hour, minute: "2-digit" };
  const format = new Intl.DateTimeFormat(navigator.language, { ...parts, ...hours, timeZone: zone });
  for (const one of root.querySelectorAll("time[datetime*=T]")) {
    one.dataset.utc ??= one.title || one.textContent;
    const local = format.format(new Date(one.dateTime));
    if ("relative" in one.dataset) {
      one.title = zone ? one.dataset.utc : `${local} (${one.dataset.utc})`;
    } else {
      one.textContent = zone && !kept("hours", "") ? one.dataset.utc : zone ? `${local} UTC` : local;
      one.title = one.dataset.utc;
    }
  }
  const short = { month: "short", day: "numeric", hour, minute: "2-digit" };
  const tick = new Intl.DateTimeFormat(navigator.language, { ...short, ...hours, timeZone: zone });
  for (const one of root.querySelectorAll("svg [data-at]")) {
    const at = new Date(one.dataset.at);
    const before = one.dataset.before;
    one.textContent = before === undefined ? tick.format(at) : `${before}${format.format(at)}${zone ? " UTC" : ""}`;
  }
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.getElementById("zone-told").textContent = zone || name === "UTC" ? "all times are UTC" : `times in ${name}; point at one for UTC`;
};
if (times) {
  for (const choice of times.querySelectorAll("select")) {
    choice.value = kept(choice.name, choice.value);
    choice.addEventListener("change", () => {
      try {
        localStorage.setItem(`onestory-${choice.name}`, choice.value);
      } catch {
        return;
      }
      localize(document);
    });
  }
  times.hidden = false;
  localize(document);
}

// Search as you type: fetch the page that the form would show, and replace the list.
const form = document.querySelector("form[data-live-search]");
if (form) {
  const told = document.getElementById("told");
  let timer = 0;
  let asking = null;

  const address = () => {
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    return query ? `/?${query}` : "/";
  };

  const show = async () => {
    asking?.abort();
    asking = new AbortController();
    const asked = address();
    try {
      const answer = await fetch(asked, { signal: asking.signal, headers: { Accept: "text/html" } });
      if (!answer.ok && answer.status !== 422) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const list = fresh.getElementById("list");
      if (!list) return;
      document.getElementById("list").replaceWith(document.adoptNode(list));
      localize(list);
      const live = fresh.getElementById("newcomers");
      if (live) document.getElementById("newcomers").replaceWith(document.adoptNode(live));
      history.replaceState(null, "", asked);
      const count = list.querySelectorAll("[data-story]").length;
      told.textContent = count ? `${count} ${count === 1 ? "story" : "stories"} shown` : "No stories match";
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };

  const soon = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(show, pause);
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "search") soon(250);
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "search") soon(0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(0);
  });
}

// Announce new stories without moving the list.
if (document.getElementById("newcomers")?.dataset.live) {
  let stream = null;
  let timer = 0;

  const announce = async () => {
    const place = document.getElementById("newcomers");
    if (!place.dataset.live) return;
    const query = new URLSearchParams({ since: place.dataset.since });
    const answer = await fetch(`${place.dataset.live}&${query}`);
    if (!answer.ok) return;
    const shown = new Set([...document.querySelectorAll("[data-story]")].map((one) => one.dataset.story));
    const fresh = (await answer.json()).stories.filter((story) => !shown.has(story.id)).length;
    if (fresh === 0) return;
    const link = document.createElement("a");
    link.href = location.pathname + location.search;
    link.textContent = `${fresh} new or growing ${fresh === 1 ? "story" : "stories"}: show`;
    place.replaceChildren(link);
  };

  const happened = () => {
    clearTimeout(timer);
    timer = setTimeout(announce, 500);
  };

  const listen = () => {
    if (document.hidden) {
      stream?.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource("/v1/events/stream?kind=story.created&kind=story.grew");
      // The stream has no events from before it opened.
      stream.addEventListener("open", happened);
      stream.addEventListener("story.created", happened);
      stream.addEventListener("story.grew", happened);
      stream.addEventListener("reset", happened);
    }
  };

  document.addEventListener("visibilitychange", listen);
  listen();
}

// Wait for a result that the API is going to have, then show the page that has it.
for (const place of document.querySelectorAll("[data-awaits]")) {
  const { awaits, field, was } = place.dataset;
  let left = 90;
  const look = async () => {
    const answer = await fetch(awaits, { headers: { Accept: "application/json" } });
    if (answer.ok && String((await answer.json())[field] ?? "") !== was) {
      location.reload();
    } else if (--left) {
      setTimeout(look, 2000);
    } else {
      place.textContent = "No result yet. Check that a crawler is running.";
    }
  };
  setTimeout(look, 1000);
}

// The day picker means a day of the reader's zone.
const zone = document.querySelector("[data-zone]");
if (zone) {
  zone.value = kept("zone", "local") === "UTC" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = zone.form.elements.day;
  const tell = () => { zone.disabled = !day.value; };
  day.addEventListener("input", tell);
  tell();
}

// Keyboard shortcuts, unless they are switched off in the footer or the reader types.
const stories = () => [...document.querySelectorAll("ol.stories > li a[href^='/stories/']:first-of-type")]
  .filter((one, at, all) => one.closest("h2, h3") && one.checkVisibility());
const step = (by) => {
  const links = stories();
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1)];
  next?.focus();
  next?.closest("li").scrollIntoView({ block: "nearest" });
};
const shortcuts = {
  "/": () => (document.getElementById("q") ? document.getElementById("q").focus() : location.assign("/#q")),
  j: () => step(1),
  k: () => step(-1),
  o: () => stories().includes(document.activeElement) && document.activeElement.click(),
  "?": () => document.getElementById("shortcuts").showModal(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || kept("keys", "") === "off") return;
  const act = shortcuts[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
