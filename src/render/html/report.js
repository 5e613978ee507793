"use strict";
// Filters. Without this the document is whole: everything opens and closes by itself.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filter");
  const said = byId("shown");
  const START = "<details";
  // Findings of one report that are opened, or printed, at once.
  const MOST = 1000;
  const FEW = 25;
  const gates = {};
  for (const rule of document.querySelectorAll("#rule-list > details")) gates[rule.dataset.r] = rule.dataset.g;
  const rows = document.querySelectorAll("#matrix tbody tr");
  const chunks = new Map();
  const of = (chunk) => chunks.get(chunk) || (chunks.set(chunk, { shown: 0 }), chunks.get(chunk));
  const pools = Array.from(document.querySelectorAll("#list details.pool"), (box, index) => {
    const row = rows[index];
    const both = [box.parentElement].concat(row ? [row.closest(".chunk")] : []);
    const data = box.dataset;
    return {
      box, row, chunks: both.map(of), list: box.querySelector(".fs"), size: Number(data.c),
      a: data.a.split(" "), n: data.n.split(" "), o: data.o, match: null,
    };
  });
  const boxes = new Map(pools.map((pool) => [pool.box, pool]));
  const total = pools.reduce((sum, pool) => sum + pool.size, 0);

  // In a large report the findings of a pool lie in a <noscript>, which a browser that runs scripts keeps as text: the
  // markup that it would have read without scripts. It is read, as it stands, when somebody opens the pool.
  const source = (pool) => {
    if (pool.source === undefined) {
      const kept = pool.list.querySelector("noscript");
      pool.source = kept ? kept.textContent : pool.list.innerHTML;
    }
    return pool.source;
  };
  const lower = (pool) => (pool.lower === undefined ? (pool.lower = source(pool).toLowerCase()) : pool.lower);
  const SIGNS = { "&#38;": "&", "&#60;": "<", "&#62;": ">", "&#34;": '"', "&#39;": "'", "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };
  const words = (markup) => markup.replace(/<[^>]*>/g, " ").replace(/&(#\d\d|amp|lt|gt|quot);/g, (sign) => SIGNS[sign] || sign);
  // Fifty thousand of them: the verdict stands first, everything else is looked for when it is asked for.
  const VERDICT = ' data-v="';
  const findings = (pool) => {
    if (!pool.findings) {
      pool.findings = source(pool).split(START).slice(1).map((markup) => {
        const at = VERDICT.length;
        return { markup, v: markup.slice(at, markup.indexOf('"', at)) };
      });
    }
    return pool.findings;
  };
  const attribute = (found, name) => {
    const start = ` data-${name}="`;
    const at = found.markup.slice(0, found.markup.indexOf(">")).indexOf(start);
    return at < 0 ? "" : found.markup.slice(at + start.length, found.markup.indexOf('"', at + start.length));
  };
  // The number of the rule, `r`, or of the evidence, `e`, that a finding leads to.
  const link = (found, to) => {
    const start = ` href="#${to}`;
    const at = found.markup.indexOf(start);
    return at < 0 ? "" : found.markup.slice(at + start.length, found.markup.indexOf('"', at + start.length));
  };
  // Evidence that many findings share stands with its rule.
  const shared = Array.from(document.querySelectorAll("#rule-list .shared"), (each) => [each.id, each.textContent.toLowerCase()]);
  const told = Object.fromEntries(shared);
  const text = (found) => {
    if (found.text === undefined) {
      const visible = words(found.markup.slice(found.markup.indexOf(">") + 1));
      found.text = `${visible} ${told["e" + link(found, "e")] || ""}`.toLowerCase();
    }
    return found.text;
  };
  const label = (pool) => {
    if (pool.label === undefined) {
      const about = pool.box.querySelector("p");
      const row = pool.row ? pool.row.textContent : "";
      pool.label = [row, pool.box.querySelector("summary").textContent, about.textContent].join(" ").toLowerCase();
    }
    return pool.label;
  };

  const fill = (pool) => {
    const kept = pool.list.querySelector("noscript");
    if (kept) {
      source(pool);
      const page = new DOMParser().parseFromString(kept.textContent, "text/html");
      for (const link of page.querySelectorAll('a[href^="#e"]')) {
        const there = byId(link.hash.slice(1));
        const [term, here] = [link.parentElement.previousElementSibling, link.parentElement];
        term.replaceWith(...there.cloneNode(true).children);
        here.remove();
      }
      kept.replaceWith(...page.body.children);
    }
    mark(pool);
  };
  const mark = (pool) => {
    if (pool.list.querySelector("noscript")) return;
    Array.from(pool.list.children).forEach((each, index) => {
      each.hidden = pool.match !== null && !pool.match[index];
    });
  };

  // Which findings of a pool match: null for all, false for none and not even the pool.
  const matching = (pool, want, wanted) => {
    if (want.o && pool.o !== want.o) return false;
    if (want.a && !pool.a.includes(want.a)) return false;
    if (want.n && !pool.n.includes(want.n)) return false;
    const open = wanted.filter((word) => !label(pool).includes(word));
    const several = (want.a && pool.a.length > 1) || (want.n && pool.n.length > 1);
    if (!want.g && !want.v && !want.b && !open.length && !several) return null;
    if (open.length) {
      // A look at the text as a whole, before it is taken apart: up to the first sign that markup writes otherwise.
      const begin = (word) => word.split(/[&<>"']/)[0];
      const known = (word) => shared.some(([, text]) => text.includes(word));
      if (!open.every((word) => known(word) || lower(pool).includes(begin(word)))) return false;
    }
    let any = false;
    const match = findings(pool).map((found) => {
      const hit = (!want.v || found.v === want.v)
        && (!want.g || gates[link(found, "r")].includes(want.g))
        && (!want.b || attribute(found, "b").split(" ").includes(want.b))
        && (!want.a || (attribute(found, "a") || pool.a[0]) === want.a)
        && (!want.n || (attribute(found, "n") || pool.n[0]) === want.n)
        && open.every((word) => text(found).includes(word));
      any = any || hit;
      return hit;
    });
    return any && match;
  };

  let number = total;
  const apply = () => {
    const want = Object.fromEntries(new FormData(form));
    const wanted = want.q.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Object.values(want).some((value) => value.trim());
    for (const chunk of chunks.values()) chunk.shown = 0;
    number = 0;
    let some = 0;
    let known = 0;
    for (const pool of pools) {
      const match = matching(pool, want, wanted);
      const shown = match !== false;
      pool.match = match || null;
      // What was opened for few findings closes when there are others.
      if (pool.helped) pool.box.open = pool.helped = false;
      pool.box.hidden = !shown;
      if (pool.row) pool.row.hidden = !shown;
      known += pool.row ? 1 : 0;
      if (!shown) continue;
      some += pool.row ? 1 : 0;
      number += match ? match.filter(Boolean).length : pool.size;
      for (const chunk of pool.chunks) chunk.shown += 1;
      mark(pool);
    }
    for (const [element, chunk] of chunks) element.hidden = chunk.shown === 0;
    byId("none").hidden = !active || [...chunks.values()].some((chunk) => chunk.shown);
    const counted = (n, all, noun) => `${n} of ${all} ${noun}${all === 1 ? "" : "s"}`;
    said.textContent = `${counted(number, total, "finding")}, ${counted(some, known, "pool")} shown`;
    byId("open").disabled = number > MOST;
    for (const pool of pools) {
      if (active && number <= FEW && !pool.box.hidden && !pool.box.open) {
        fill(pool);
        pool.box.open = pool.helped = true;
      }
    }
  };
  const show = (open) => {
    for (const pool of pools) {
      if (open && pool.box.hidden) continue;
      if (open) fill(pool);
      pool.box.open = open;
    }
  };

  document.addEventListener("toggle", (event) => {
    const pool = boxes.get(event.target);
    if (pool && pool.box.open) fill(pool);
  }, true);
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 60);
  });
  form.addEventListener("reset", () => setTimeout(apply, 0));
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("open").addEventListener("click", () => {
    show(true);
    for (const found of document.querySelectorAll("#list .fs > details")) found.open = !found.hidden;
  });
  byId("close").addEventListener("click", () => show(false));
  // A pool that filters hide is shown again to whoever follows a link to it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#p"]');
    const target = link && byId(link.hash.slice(1));
    const pool = target && boxes.get(target.parentElement);
    if (pool) {
      pool.box.open = true;
      fill(pool);
    }
  });
  addEventListener("beforeprint", () => {
    if (number > MOST) return;
    for (const pool of pools) if (!pool.box.hidden) fill(pool);
  });
  form.hidden = false;
  apply();
})();
