"use strict";
(async () => {
  /* What is packed is gzip in base64; the evidence of a run is unpacked when its first case is opened. */
  const unpack = async (id) => {
    const octets = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([octets]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  };
  if (!("DecompressionStream" in window)) {
    document.getElementById("main").prepend("This browser is too old for the case pages; everything else stands below.");
    return;
  }
  document.documentElement.classList.add("js");
  const D = await unpack("data");
  const unpacked = new Map();
  const evidence = (run) => {
    if (!unpacked.has(run)) unpacked.set(run, unpack(`evidence-${run}`));
    return unpacked.get(run);
  };
  const $ = (query, from = document) => from.querySelector(query);
  const $$ = (query, from = document) => [...from.querySelectorAll(query)];
  const SVG = "http://www.w3.org/2000/svg";

  /* Elements are made of text alone, so nothing that a subject said can become markup. */
  const el = (tag, given = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  };
  const sign = (word) => {
    const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "sign");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#s-${word || "none"}`);
    svg.append(use);
    return svg;
  };
  const verdict = (word) => el("span", { class: `v v-${word || "none"}` }, sign(word), word || "not run");
  const link = (to, ...text) => el("a", { href: to }, ...text);
  const requirementLink = (id, ...text) => link(`#/requirement/${encodeURIComponent(id)}`, ...text);
  const record = (key) => { const [run, n] = key.split(".").map(Number); return D.runs[run] && D.runs[run].r[n]; };

  /* The address: #/page/argument?filters. */
  const where = () => {
    const [path, query = ""] = location.hash.slice(1).split("?");
    const [, page = "summary", ...rest] = path.split("/");
    let argument = rest.join("/");
    try { argument = decodeURIComponent(argument); } catch { argument = ""; }
    return { page: page || "summary", argument, filters: new URLSearchParams(query) };
  };
  const address = (page, filters) => {
    const query = [...filters].map(([k, v]) => `${k}=${encodeURIComponent(v).replaceAll("%2C", ",")}`).join("&");
    return `#/${page}${query ? `?${query}` : ""}`;
  };
  let listAddress = "#/cases";

  /* Filters of a page: what its controls say goes into the address, and what the address says into the controls. */
  const readControls = (form) => {
    const filters = new URLSearchParams();
    const pressed = $$("[aria-pressed=true]", form).map((b) => b.dataset.verdict);
    if (pressed.length) filters.set("verdict", pressed.join(","));
    for (const control of $$("select, input", form)) if (control.value && control.value !== control.options?.[0].value) filters.set(control.name, control.value);
    const requirement = where().filters.get("requirement");
    if (requirement && form.dataset.filters === "cases") filters.set("requirement", requirement);
    return filters;
  };
  const setControls = (form, filters) => {
    const pressed = (filters.get("verdict") || "").split(",");
    for (const button of $$("[data-verdict]", form)) button.setAttribute("aria-pressed", pressed.includes(button.dataset.verdict));
    for (const control of $$("select, input", form)) {
      const value = filters.get(control.name);
      if (control.options) control.value = [...control.options].some((o) => o.value === value) ? value : control.options[0].value;
      else control.value = value || "";
    }
  };
  const changed = (form) => {
    history.replaceState(null, "", address(form.dataset.filters, readControls(form)));
    apply[form.dataset.filters](where().filters);
  };

  const rows = D.rows.map(([key, variant, keys, reason, known]) => ({ key, variant, keys, reason, known, run: Number(key.split(".")[0]), record: record(key), text: "" }));
  const several = D.runs.length > 1, CHUNK = 300;
  let matches = rows, put = 0;
  const mark = (known) => (known ? el("span", { class: "known", title: known }, "known") : "");
  const rowOf = (item) => el("tr", { "data-k": item.key }, el("td", {}, verdict(item.record.shown), " ", mark(item.known)),
    el("td", {}, link(`#/case/${item.key}`, item.record.id), item.variant ? [" ", el("span", { class: "variant" }, item.variant)] : ""),
    several ? el("td", { class: "who" }, D.runs[item.run].name) : "",
    el("td", { class: "keys" }, item.keys.flatMap((k) => [el("code", {}, k), " "])), el("td", {}, item.reason));
  const putMore = (upTo = put + CHUNK) => {
    $("#cases tbody").append(...matches.slice(put, upTo).map(rowOf));
    put = Math.min(upTo, matches.length);
    $("#cases .more").hidden = put >= matches.length;
    $("#cases .more button").textContent = `Show more (${matches.length - put} left)`;
  };
  const inProtocol = (id, protocol) => protocol === null || id.startsWith(`${protocol}/`);
  const apply = {
    cases(filters) {
      listAddress = address("cases", filters);
      const words = (filters.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = (filters.get("verdict") || "").split(",").filter(Boolean);
      const run = filters.get("run"), role = filters.get("role"), requirement = filters.get("requirement");
      const protocol = filters.get("protocol"), known = filters.get("known");
      matches = rows.filter((item) => {
        const r = item.record;
        if (words.length && !item.text)
          item.text = [r.id, item.variant, several ? D.runs[item.run].name : "", ...item.keys, item.reason, item.known, ...Object.keys(r.asks)].join(" ").toLowerCase();
        return (!wanted.length || wanted.includes(r.shown)) && (run === null || item.run === Number(run)) && inProtocol(r.id, protocol) &&
          (known === null || Boolean(item.known) === (known === "known")) &&
          (role === null || D.cases[r.id]?.role === role) && (requirement === null || requirement in r.asks) && words.every((w) => item.text.includes(w));
      });
      $("#cases tbody").replaceChildren();
      put = 0;
      putMore();
      $("#cases .found").textContent = `${matches.length} of ${rows.length}${requirement ? ` that decide ${requirement}` : ""}`;
      $("#cases .nothing").hidden = matches.length > 0;
    },
    matrix(filters) {
      const show = filters.get("show") || "", protocol = filters.get("protocol");
      let shown = 0;
      for (const body of $$("#matrix tbody")) {
        let any = 0;
        for (const row of $$("tr[data-row]", body)) {
          row.hidden = show !== "" && !row.dataset.row.split(" ").includes(show);
          any += !row.hidden;
        }
        body.hidden = !any;
        shown += protocol === null || body.parentNode.dataset.protocol === protocol ? any : 0;
      }
      for (const table of $$("#matrix table")) table.hidden = (protocol !== null && table.dataset.protocol !== protocol) || !$("tbody:not([hidden])", table);
      $("#matrix .found").textContent = `${shown} requirement${shown === 1 ? "" : "s"}`;
    },
    documents(filters) {
      const colour = filters.get("colour") || $("#documents select").options[0]?.value || "all";
      const protocol = filters.get("protocol");
      for (const part of $$("#documents [data-protocol]")) part.hidden = protocol !== null && part.dataset.protocol !== protocol;
      for (const chip of $$("#documents .chip")) {
        const word = colour === "all" ? chip.dataset.all : D.codes[chip.dataset.v[Number(colour)]] || "";
        chip.className = `chip v v-${word || "none"}`;
        $("use", chip).setAttribute("href", `#s-${word || "none"}`);
        $("small", chip).textContent = colour === "all" && !chip.dataset.met.endsWith("/0") ? chip.dataset.met : "";
      }
    },
  };

  /* Hexdumps. */
  const octetsOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const dump = (message) => {
    const [text, fields, more] = message, octets = octetsOf(text), width = matchMedia("(max-width: 50rem)").matches ? 8 : 16;
    const out = el("div", { class: "dump", tabindex: "0", role: "region", "aria-label": "octets" });
    const put = (mark, offset, hex, ascii, path) => out.append(el("div", mark ? { class: "changed" } : {},
      el("b", {}, mark ? ">>" : "  "), el("i", {}, offset.toString(16).padStart(4, "0")), el("b", {}, hex), el("u", {}, ascii), el("s", {}, path)));
    let at = 0;
    for (const [path, start, shown, total, mark] of fields) {
      if (!total) put(mark, start, "(empty)".padEnd(width * 3), " ".repeat(width), path);
      for (let n = 0; n < shown; n += width) {
        const piece = [...octets.subarray(at + n, at + Math.min(n + width, shown))];
        let hex = piece.map((o) => o.toString(16).padStart(2, "0"));
        if (width === 16 && hex.length > 8) hex = [...hex.slice(0, 8), "", ...hex.slice(8)];
        put(mark, start + n, hex.join(" ").padEnd(width * 3), piece.map((o) => (o > 31 && o < 127 ? String.fromCharCode(o) : ".")).join("").padEnd(width), n ? "" : path);
      }
      if (shown < total) put(mark, start + shown, `… ${total - shown} octets more`.padEnd(width * 3), "", "");
      at += shown;
    }
    if (more > 0) out.append(el("div", {}, "", "", el("u", {}, `… ${more} fields more`)));
    return out;
  };
  const fill = (details, part, E) => {
    if (details.dataset.filled) return;
    details.dataset.filled = "1";
    for (const [at, arrow, title, message] of part.events)
      details.append(el("div", { class: "event" }, el("time", {}, `${at.toFixed(3)} s`), el("span", { class: "arrow" }, arrow),
        el("div", {}, title, message >= 0 ? dump(E.messages[message]) : null)));
    if (part.more) details.append(el("p", { class: "note" }, `… ${part.more} events more`));
  };
  const partOf = (E) => (number, place, all) => {
    const part = E.parts[number], head = part.health && all.slice(0, place).every((n) => E.parts[n].control);
    const details = el("details", { class: "part", open: !part.control },
      el("summary", {}, el("b", {}, head ? `twin (the case before): ${part.title}` : part.title), el("span", {}, ` · ${part.ended}`)),
      part.changes.map((change) => el("p", { class: "change" }, "what was changed: ", el("b", {}, change))));
    if (part.control) details.addEventListener("toggle", () => fill(details, part, E));
    else fill(details, part, E);
    return details;
  };

  /* Pages that are made when they are opened. */
  const block = (title, ...content) => el("div", { class: "block" }, el("h2", {}, title), ...content);
  const copy = (text) => {
    const button = el("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } catch { getSelection().selectAllChildren(button.previousSibling); }
    });
    return button;
  };
  const rowNear = (key) => {
    const [run, r] = [Number(key.split(".")[0]), record(key)];
    return rows.find((item) => item.key === key) || rows.find((item) => item.run === run && item.record.id === r?.id && item.record.shown === r.shown);
  };
  const neighbour = (key, step) => { const at = matches.indexOf(rowNear(key)); return at < 0 ? undefined : matches[at + step]?.key; };
  const variantsOf = (key, r) => {
    const run = key.split(".")[0], all = D.runs[Number(run)].r.map((other, n) => [`${run}.${n}`, other]).filter(([, other]) => other.id === r.id);
    return all.length < 2 ? "" : block("In every variant", el("p", { class: "variants" }, all.flatMap(([k, other]) =>
      [el("a", { href: `#/case/${k}`, class: `v v-${other.shown}`, "aria-current": k === key && "true" }, sign(other.shown), other.variant || "as it is"), " "])));
  };
  let opened = 0;
  const showCase = async (key) => {
    const page = $("#case"), r = record(key);
    if (!r) { page.replaceChildren(el("p", { class: "note" }, "There is no such case here. ", link("#/cases", "All cases"))); return; }
    const run = D.runs[Number(key.split(".")[0])], known = D.cases[r.id] || {}, again = run.again + (known.quoted || `'${r.id.replaceAll("'", "'\\''")}'`);
    const before = neighbour(key, -1), after = neighbour(key, 1);
    page.replaceChildren(
      el("p", { class: "crumbs" }, link(listAddress, "← Cases"), el("span", { class: "end" }, before ? link(`#/case/${before}`, "Previous") : ""), after ? link(`#/case/${after}`, "Next") : ""),
      el("div", { class: "headline" }, verdict(r.shown), mark(r.known?.[0]), el("h1", {}, r.id), r.variant ? el("span", { class: "variant" }, r.variant) : ""),
      el("p", { class: "note" }, [run.name, known.role, known.exchange, `${r.s} s`].filter(Boolean).join(" · ")),
      el("p", { class: "lede" }, known.doc || ""),
      el("dl", {}, known.expect ? [el("dt", {}, "expected"), el("dd", {}, known.expect)] : "", el("dt", {}, "seen"), el("dd", {}, r.why),
        r.known ? [el("dt", {}, "known"), el("dd", {}, r.known[0], r.known[1] ? [" ", el("code", {}, r.known[1])] : "", el("span", { class: "note" }, r.known[3] ? ` until ${r.known[3]}` : ""))] : ""),
      block("Asked for", ...Object.entries(r.asks).map(([id, word]) => {
        const q = D.requirements[id];
        return el("div", { class: "ask" }, verdict(word), el("div", {}, requirementLink(id, q ? `${q.cite} · ${q.key}` : id), " ", el("span", { class: "level" }, q ? q.level : ""), el("br"), q ? q.text : ""));
      })),
      block("Run it again", el("p", { class: "again" }, el("code", {}, again), copy(again))));
    const finding = ([what, why, id, measure]) => el("li", {}, el("b", {}, what), what === "not counted" ? " (the shim and not the implementation decides this)" : "", `: ${why}`,
      el("span", { class: "note" }, [id && ` (${id})`, measure && ` ${measure}`].filter(Boolean).join("")));
    if (r.found) page.append(block("Findings", el("ul", {}, r.found.map(finding))));
    page.append(variantsOf(key, r));
    const command = run.look + (known.quoted || `'${r.id.replaceAll("'", "'\\''")}'`);
    if (!r.parts) {
      if (r.s) page.append(el("p", { class: "note" }, r.shown === "pass" ? "Cases that passed carry no octets in this file. The stored run has them: " :
        run.left && !["unsupported", "not-applicable"].includes(r.shown) ? "Left out to keep this file small. The stored run has it: " : "What was sent stands in the stored run: "),
        el("p", { class: "again" }, el("code", {}, command), copy(command)));
      return;
    }
    const place = block("What was sent and what came back"), mine = ++opened;
    page.append(place);
    const E = await evidence(Number(key.split(".")[0]));
    if (mine === opened) place.append(...r.parts.map(partOf(E)));
  };
  const showRequirement = (id) => {
    const page = $("#requirement"), q = D.requirements[id];
    if (!q) { page.replaceChildren(el("p", { class: "note" }, "There is no such requirement here. ", link("#/documents", "Documents"))); return; }
    const deciding = rows.filter((item) => id in item.record.asks);
    page.replaceChildren(
      el("p", { class: "crumbs" }, link("#/documents", "← Documents")),
      el("div", { class: "headline" }, el("h1", {}, `${q.cite} · ${q.key}`), el("span", { class: "level" }, q.level), el("code", { class: "variant" }, id)),
      el("p", { class: "lede" }, q.text),
      el("p", { class: "note" }, `asked of ${q.roles.join(", ")}`, q.ambiguous ? " · can be read in more than one way" : "", q.reason ? ` · not tested: ${q.reason}` : ""),
      block("Implementations", ...q.cells.map(([word, key, why], n) => !key && why === "not in this run's plan" ? "" : el("div", { class: "ask" }, verdict(word), el("div", {}, key ? link(`#/case/${key}`, D.runs[n].name) : D.runs[n].name, el("br"), el("span", { class: "note" }, why)))),
        ...D.absent.map(([title, why]) => el("div", { class: "ask" }, verdict(""), el("div", {}, title, el("br"), el("span", { class: "note" }, why))))));
    if (deciding.length) page.append(block("Decided by", ...deciding.slice(0, 60).map((item) => el("div", { class: "ask" }, verdict(item.record.asks[id]),
      el("div", {}, link(`#/case/${item.key}`, item.record.id), " ", el("span", { class: "variant" }, item.variant), D.runs.length > 1 ? el("span", { class: "note" }, ` ${D.runs[Number(item.key.split(".")[0])].name}`) : ""))),
      el("p", {}, link(address("cases", new URLSearchParams({ requirement: id })), `All ${deciding.length} in the list`))));
  };

  const go = () => {
    const raw = location.hash;
    if (raw && !raw.startsWith("#/")) return;
    const { page, argument, filters } = where();
    const view = document.getElementById(page)?.classList.contains("view") ? page : "summary";
    for (const section of $$(".view")) section.classList.toggle("on", section.id === view);
    document.documentElement.dataset.view = view;
    document.documentElement.classList.toggle("single", view === "case" || view === "requirement");
    if (document.documentElement.classList.contains("single")) document.documentElement.dataset.single = view; else delete document.documentElement.dataset.single;
    const current = { case: "cases", requirement: "documents" }[view] || view;
    for (const a of $$("nav a")) if (a.hash === `#/${current}`) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    const form = $(`[data-filters="${view}"]`);
    if (form) { setControls(form, filters); apply[view](filters); }
    if (view === "case") showCase(argument);
    if (view === "requirement") showRequirement(argument);
    scrollTo(0, 0);
    const at = lastKey && view === "cases" ? matches.indexOf(rowNear(lastKey)) : -1;
    if (at >= put) putMore(at + CHUNK);
    const last = at < 0 ? null : $("#cases tbody").children[at];
    if (last) { last.scrollIntoView({ block: "center" }); $("a", last).focus({ preventScroll: true }); }
    else if (raw) $("#main").focus({ preventScroll: true });
    lastKey = view === "case" ? argument : lastKey && view === "cases" ? lastKey : "";
  };
  let lastKey = "";

  for (const form of $$("[data-filters]")) {
    form.addEventListener("input", () => changed(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-verdict]");
      if (!button) return;
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
      changed(form);
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      history.replaceState(null, "", `#/${form.dataset.filters}`);
      setControls(form, new URLSearchParams());
      apply[form.dataset.filters](new URLSearchParams());
    });
  }
  for (const a of $$("[data-jump]")) a.addEventListener("click", (event) => {
    event.preventDefault();
    const there = document.getElementById(a.hash.slice(1)), details = $("details", there);
    if (details) details.open = true;
    there.scrollIntoView();
  });
  $("#cases .more button").addEventListener("click", () => putMore());
  addEventListener("beforeprint", () => putMore(matches.length));
  $("#keys-button").addEventListener("click", () => $("#keys").showModal());

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("#keys").open) return;
    const typing = event.target.matches("input, select, textarea"), { page, argument } = where();
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else if (page === "case" || page === "requirement") location.hash = page === "case" ? listAddress : "#/documents";
      return;
    }
    if (typing) return;
    if (event.key === "/") {
      event.preventDefault();
      if (page !== "cases") { location.hash = listAddress; go(); }
      $("#cases input").focus();
    } else if (event.key === "?") $("#keys").showModal();
    else if (/^[1-9]$/.test(event.key)) { const a = $$("nav a")[Number(event.key) - 1]; if (a) location.hash = a.hash; }
    else if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      if (page === "case") { const next = neighbour(argument, step); if (next) location.hash = `#/case/${next}`; return; }
      const links = $$(".view.on .list tbody tr:not([hidden]) td:nth-child(2) a"), at = links.indexOf(document.activeElement);
      if (page === "cases" && step > 0 && at === links.length - 1 && put < matches.length) { putMore(); links.push(...$$("#cases tbody td:nth-child(2) a").slice(links.length)); }
      const next = links[at < 0 ? (step > 0 ? 0 : -1) : at + step];
      if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
    }
  });
  /* Why a cell shows what it shows, when one points at it: in every cell it would double the file. */
  $("#matrix")?.addEventListener("pointerover", (event) => {
    const a = event.target.closest("td a"), r = a && !a.title && record(a.hash.split("/")[2] || "");
    if (r) a.title = `${r.shown}: ${r.why}`;
  });
  addEventListener("hashchange", go);
  apply.cases(new URLSearchParams());
  go();
})();
