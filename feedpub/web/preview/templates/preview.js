// The page of `feedpub preview`: shows the server's results and drafts rules. It makes no decisions about articles.
"use strict";

const TAGS = new Set(("div span p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th blockquote " +
  "figure figcaption pre code b strong i em u s sub sup q cite mark small del ins br hr abbr kbd ruby rt rp").split(" "));
const KEPT_ATTRIBUTES = /^(class|title|lang|dir|colspan|rowspan|data-[a-z]+)$/;
const LABELS = { remove: "always remove", keep: "keep", title: "title:", author: "author:", date: "date:" };
const MAX_SHARE = 0.4; // of the article's text; a rule for more is probably a mistake

const state = {
  articles: [], number: 0, // the list, and the index of the current article
  draft: [], drafts: new Map(), // rules of the current site, and of the other sites
  base: new Map(), // block number → kept without the draft
  selected: null, rule: "", inner: "", // the selected block, its rule, and the element clicked inside it
  requests: 0, busy: 0, // requests sent, and those in progress
};
const $ = id => document.getElementById(id);

async function send(command, args = {}) {
  const response = await fetch(command, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(args),
  });
  const result = await response.json();
  if (!response.ok) throw new Error(result.problem);
  return result;
}

// ---- Sanitised HTML: only known tags are copied, and a parsed document loads nothing ----

function sanitise(html) {
  const fragment = document.createDocumentFragment();
  copySanitised(new DOMParser().parseFromString(html, "text/html").body, fragment);
  return fragment;
}

function copySanitised(from, into) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) into.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const tag = node.localName;
    if (tag === "img") into.append(element("span", "picture", `picture${node.alt ? `: ${node.alt}` : ""}`));
    else if (tag === "a") copySanitised(node, into.appendChild(element("span", "link")));
    else {
      const target = TAGS.has(tag) ? into.appendChild(document.createElement(tag)) : into;
      if (target !== into) {
        for (const { name, value } of node.attributes) if (KEPT_ATTRIBUTES.test(name)) target.setAttribute(name, value);
      }
      copySanitised(node, target);
    }
  }
}

function element(tag, name = "", text = "") {
  const created = document.createElement(tag);
  if (name) created.className = name;
  created.textContent = text;
  return created;
}

// ---- The draft ----

function draftForServer() {
  const draft = { remove: [], keep: [] };
  for (const { act, rule } of state.draft) {
    if (act === "remove" || act === "keep") draft[act].push(rule);
    else draft[act] = rule;
  }
  return draft;
}

function addRule(act) {
  const isList = act === "remove" || act === "keep"; // the others have one rule each
  const wanted = isList ? state.rule : state.inner || state.rule;
  const candidates = rulesFor(state.selected);
  const found = candidates.find(each => each.rule === wanted);
  const fallback = candidates.find(each => !each.text && !each.inner);
  const usable = act === "remove" || (found && !found.text) ? found : fallback;
  if (!usable) return setStatus("No selector matches this block, so no rule can be added.", true);
  if (state.draft.some(each => each.act === act && each.rule === usable.rule)) return setStatus("This rule already exists.");
  if (!isList) state.draft = state.draft.filter(each => each.act !== act);
  state.draft.push({ act, rule: usable.rule });
  return refresh();
}

function undo() {
  if (!state.draft.length) return setStatus("There is nothing to undo.");
  state.draft.pop();
  return refresh();
}

async function save() {
  if (!state.draft.length) return setStatus("There is nothing to save.");
  try {
    const toml = await send("save", { number: state.number, draft: draftForServer() });
    state.draft = [];
    state.base = new Map();
    await refresh();
    setStatus(`Saved to ${toml.file}. It applies to new articles; run feedpub reclean to apply it to existing ones.`);
  } catch (error) {
    setStatus(error.message, true);
  }
}

// ---- The panes ----

async function refresh() {
  const request = ++state.requests;
  const args = { number: state.number, draft: draftForServer() };
  changeBusy(1);
  try {
    const result = await send("preview", args);
    if (request !== state.requests) return;
    showOriginal(result);
    showArticle(result);
    showRules(result);
    if (!state.draft.length) return;
    const effects = await send("effects", args);
    if (request === state.requests) showEffects(effects);
  } catch (error) {
    if (request === state.requests) setStatus(error.message, true);
  } finally {
    changeBusy(-1);
  }
}

function changeBusy(difference) {
  state.busy += difference;
  document.body.setAttribute("aria-busy", state.busy > 0);
}

function showOriginal({ original }) {
  const pane = $("original"), focused = pane.contains(document.activeElement), top = pane.scrollTop;
  const selected = state.selected?.dataset.n;
  if (original) pane.replaceChildren(sanitise(original));
  const first = !state.base.size;
  for (const block of blocks()) {
    block.id = `block-${block.dataset.n}`;
    block.setAttribute("role", "option");
    block.tabIndex = -1;
    const kept = block.classList.contains("kept");
    if (!kept) block.setAttribute("aria-description", `removed: ${block.dataset.reason}`);
    if (first) state.base.set(block.dataset.n, kept);
    else block.classList.toggle("changed", state.base.get(block.dataset.n) !== kept);
  }
  pane.scrollTop = top;
  const again = selected === undefined ? null : $(`block-${selected}`);
  state.selected = null;
  if (again) return select(again, { focus: focused, rule: state.rule });
  const start = pane.querySelector(".kept") || pane.querySelector(".block"); // below the menus, if possible
  if (!start) return;
  start.tabIndex = 0;
  if (first) pane.scrollTop = start.offsetTop - pane.offsetTop - pane.clientHeight / 3;
}

function showArticle({ article, effect }) {
  const pane = $("cleaned");
  if (!article) return pane.replaceChildren(element("p", "soft", `No article: ${effect.problem || "nothing was found"}`));
  const date = article.published ? article.published.replace("T", " ").slice(0, 16) : "";
  const byline = [article.authors.join(", "), date, article.site].filter(Boolean).join(" · ");
  const text = element("div", "text");
  text.append(sanitise(article.html));
  const reason = state.articles[state.number]?.content_reason || article.content_reason;
  const choice = reason ? [element("p", "byline", `Content: ${reason}`)] : [];
  pane.replaceChildren(element("h1", "", article.title), element("p", "byline", byline), ...choice, text);
  pane.lang = article.language || "";
}

function showRules({ effect, toml }) {
  $("draft").replaceChildren(...state.draft.map((each, at) => {
    const line = element("li"), off = element("button", "", "×");
    off.type = "button";
    off.setAttribute("aria-label", `Remove rule: ${LABELS[each.act]} ${each.rule}`);
    off.addEventListener("click", () => { state.draft.splice(at, 1); refresh(); });
    const text = element("span", "", `${LABELS[each.act]} `);
    text.append(element("code", "", each.rule));
    line.append(text, off);
    return line;
  }));
  const some = state.draft.length > 0;
  $("none").hidden = some;
  $("undo").disabled = !some;
  $("save").disabled = !some || toml.reason_refused !== "";
  $("effect").replaceChildren(...changes(effect, some));
  $("effects").replaceChildren(element("p", "soft", some ? "Checking …" : "Without new rules, nothing changes."));
  $("file").textContent = toml.file || "The rules";
  $("toml").textContent = toml.text.trim();
  const last = state.draft.at(-1);
  if (!some) return setStatus("");
  const summary = effect.problem ? "no article would remain" : describeCount(effect.changed);
  const refusal = toml.reason_refused ? ` It cannot be saved here: ${toml.reason_refused}.` : "";
  return setStatus(`${LABELS[last.act]} ${last.rule}: ${summary}.${refusal}`);
}

function showEffects(effects) {
  const changed = effects.filter(each => each.changed || each.problem);
  const pane = $("effects");
  const same = effects.length - changed.length;
  pane.replaceChildren(element("p", "soft", effects.length
    ? `${changed.length} of ${effects.length} change, ${same} stay the same.` : "No other article of this site is stored."));
  for (const each of changed) {
    const about = element("details");
    about.append(element("summary", "", `${each.title}: ${each.problem ? "no article would remain" : describeCount(each.changed)}`));
    about.append(...changes(each, true));
    pane.append(about);
  }
}

function changes(effect, some) {
  if (effect.problem) return [element("p", "soft", effect.problem)];
  const head = element("p", "soft", some || effect.changed ? `${describeCount(effect.changed)}.` : "Unchanged.");
  const list = element("ul", "lines");
  for (const line of effect.lines) {
    const text = line.slice(1);
    const item = element("li", line[0] === "+" ? "plus" : "minus", `${line[0] === "+" ? "+" : "−"} ${text.slice(0, 200)}`);
    list.append(item);
  }
  return effect.lines.length ? [head, list] : [head];
}

function describeCount(lines) {
  return lines ? `${lines} line${lines === 1 ? "" : "s"} change${lines === 1 ? "s" : ""}` : "nothing changes";
}

function setStatus(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

// ---- The selected block, and the rules that match it ----

const blocks = () => [...$("original").querySelectorAll(".block")];

function rulesFor(block) {
  const found = [];
  if (!block) return found;
  for (let at = block; at.id !== "original"; at = at.parentElement) {
    const { selector, matches } = at.dataset;
    if (selector && !found.some(each => each.rule === selector)) {
      found.push({ rule: selector, named: "named" in at.dataset, matches: Number(matches || 1), share: shareOfArticle(selector) });
    }
  }
  for (const at of [...block.querySelectorAll("[data-selector]")].reverse()) { // inside it: a name, a date
    const { selector, matches } = at.dataset;
    if (!found.some(each => each.rule === selector)) {
      found.unshift({ rule: selector, inner: true, named: true, matches: Number(matches), share: 0 });
    }
  }
  if (block.dataset.start) found.unshift({ rule: `text:${block.dataset.start}`, text: true, named: false, matches: 1, share: 0 });
  return found;
}

function elementsFor(selector) {
  return [...$("original").querySelectorAll("[data-selector]")].filter(each => each.dataset.selector === selector);
}

function shareOfArticle(selector) { // the share of the article's text inside the matching elements
  const length = some => some.reduce((sum, each) => sum + each.textContent.length, 0);
  const all = length(blocks().filter(each => each.classList.contains("kept")));
  const inside = new Set();
  for (const box of elementsFor(selector)) {
    for (const block of box.matches(".block") ? [box] : box.querySelectorAll(".block")) {
      if (block.classList.contains("kept")) inside.add(block);
    }
  }
  return all ? length([...inside]) / all : 0;
}

function preferredRule(found) {
  const isSafe = each => each.named && !each.inner && each.share < MAX_SHARE;
  return found.find(isSafe) || found.find(each => each.text) || found[0];
}

function select(block, { focus = true, rule = "" } = {}) {
  for (const each of blocks()) {
    each.tabIndex = each === block ? 0 : -1;
    each.setAttribute("aria-selected", each === block);
  }
  state.selected = block;
  const found = rulesFor(block);
  const first = found.find(each => each.rule === rule) || preferredRule(found);
  const options = found.map(each => {
    if (each.text) return new Option(each.rule, each.rule);
    const matches = each.matches === 1 ? "1 match" : `${each.matches} matches`;
    const share = each.share >= 0.01 ? `, ${Math.round(100 * each.share)} % of the article` : "";
    return new Option(`${each.rule} — ${matches}${share}`, each.rule);
  });
  $("rule").replaceChildren(...options);
  $("wide").hidden = !found.length;
  const why = block.dataset.reason ? `Removed: ${block.dataset.reason} (${block.dataset.rule})` : `Kept: ${block.dataset.start}`;
  $("hint").textContent = why;
  for (const button of document.querySelectorAll("[data-act]")) button.disabled = !found.length;
  selectRule(first ? first.rule : "");
  if (focus) block.focus();
}

function selectRule(rule) {
  state.rule = rule;
  state.inner = "";
  $("rule").value = rule;
  for (const each of document.querySelectorAll(".inside")) each.classList.remove("inside");
  for (const box of elementsFor(rule)) box.classList.add("inside");
}

function step(by) {
  const all = blocks(), at = all.indexOf(state.selected);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) select(next);
}

function widen(by) {
  const found = rulesFor(state.selected).map(each => each.rule);
  const next = found[found.indexOf(state.rule) + by];
  if (next === undefined) return;
  selectRule(next);
  setStatus(`Rule: ${$("rule").selectedOptions[0].textContent}`);
}

// ---- Articles, panes, keys ----

function openArticle(number) {
  if (number < 0 || number >= state.articles.length || number === state.number) return;
  const [before, after] = [state.number, number].map(each => state.articles[each].site);
  if (before !== after) { // each site has its own draft
    state.drafts.set(before, state.draft);
    state.draft = state.drafts.get(after) || [];
  }
  Object.assign(state, { number, base: new Map(), chosen: null, rule: "" });
  $("article").value = String(number);
  $("original").scrollTop = $("cleaned").scrollTop = 0;
  for (const button of document.querySelectorAll("[data-act]")) button.disabled = true;
  refreshFirst();
}

async function refreshFirst() { // changes are compared with the article without the draft
  const draft = state.draft;
  if (draft.length) {
    state.draft = [];
    await refresh();
    state.draft = draft;
  }
  await refresh();
}

function showPane(name) {
  document.body.dataset.pane = name;
  for (const each of document.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", each.dataset.show === name);
}

const KEYS = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity),
  ArrowLeft: () => widen(-1), ArrowRight: () => widen(1),
  r: () => addRule("remove"), k: () => addRule("keep"), t: () => addRule("title"), d: () => addRule("date"), a: () => addRule("author"),
  u: undo, s: save, n: () => openArticle(state.number + 1), p: () => openArticle(state.number - 1), "?": () => $("help").showModal(),
};

function handleKey(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open || target.matches("select, input, textarea")) return;
  const inList = $("original").contains(target);
  const arrow = event.key.length > 1;
  if (!(event.key in KEYS) || (arrow && !inList)) return;
  event.preventDefault();
  KEYS[event.key]();
}

function addListeners() {
  document.addEventListener("keydown", handleKey);
  $("original").addEventListener("click", event => {
    const block = event.target.closest(".block");
    if (!block) return;
    select(block);
    const inner = event.target.closest("[data-selector]"); // a name or a date, which the title, date and author buttons use
    if (inner && inner !== block && block.contains(inner)) state.inner = inner.dataset.selector;
  });
  $("original").addEventListener("focusin", event => {
    const block = event.target.closest(".block");
    if (block && block !== state.selected) select(block, { focus: false });
  });
  $("rule").addEventListener("change", event => selectRule(event.target.value));
  $("article").addEventListener("change", event => openArticle(Number(event.target.value)));
  $("next").addEventListener("click", () => openArticle(state.number + 1));
  $("previous").addEventListener("click", () => openArticle(state.number - 1));
  $("undo").addEventListener("click", undo);
  $("save").addEventListener("click", save);
  $("help-button").addEventListener("click", () => $("help").showModal());
  $("done").addEventListener("click", async () => {
    await send("done");
    document.body.replaceChildren(element("p", "", "Done. You can close this page."));
  });
  for (const each of document.querySelectorAll("[data-act]")) each.addEventListener("click", () => addRule(each.dataset.act));
  for (const each of document.querySelectorAll("[data-show]")) each.addEventListener("click", () => showPane(each.dataset.show));
}

async function open() {
  addListeners();
  try {
    state.articles = await send("articles");
  } catch (error) {
    return setStatus(error.message, true);
  }
  $("article").replaceChildren(...state.articles.map(({ title, url }, at) => new Option(title || url, String(at))));
  return refresh();
}

open();
