// The page of `feedpub preview`: shows what the server found out, and drafts rules. Decides nothing about articles.
"use strict";

const TAGS = new Set(("div span p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th blockquote " +
  "figure figcaption pre code b strong i em u s sub sup q cite mark small del ins br hr abbr kbd ruby rt rp").split(" "));
const KEPT = /^(class|title|lang|dir|colspan|rowspan|data-[a-z]+)$/;
const WORDS = { remove: "always remove", keep: "keep", title: "title:", author: "author:", date: "date:" };
const MOST_OF_IT = 0.4; // of the article's text: a rule that would take as much is not what was meant

const state = { articles: [], number: 0, draft: [], drafts: new Map(), base: new Map(), chosen: null, rule: "", inner: "", asked: 0, busy: 0 };
const $ = id => document.getElementById(id);

async function ask(what, told = {}) {
  const answer = await fetch(what, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.problem);
  return said;
}

// ---- what is written is made of nothing but known tags; a parsed document loads nothing ----

function inert(html) {
  const into = document.createDocumentFragment();
  copy(new DOMParser().parseFromString(html, "text/html").body, into);
  return into;
}

function copy(from, into) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) into.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const tag = node.localName;
    if (tag === "img") into.append(element("span", "picture", `picture${node.alt ? `: ${node.alt}` : ""}`));
    else if (tag === "a") copy(node, into.appendChild(element("span", "link")));
    else {
      const made = TAGS.has(tag) ? into.appendChild(document.createElement(tag)) : into;
      if (made !== into) for (const { name, value } of node.attributes) if (KEPT.test(name)) made.setAttribute(name, value);
      copy(node, made);
    }
  }
}

function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

// ---- the draft ----

function asDraft() {
  const draft = { remove: [], keep: [] };
  for (const { act, rule } of state.draft) {
    if (act === "remove" || act === "keep") draft[act].push(rule);
    else draft[act] = rule;
  }
  return draft;
}

function act(what) {
  const wanted = what === "remove" || what === "keep" ? state.rule : state.inner || state.rule;
  const found = rules(state.chosen).find(each => each.rule === wanted);
  const block = rules(state.chosen).filter(each => !each.text && !each.inner);
  const usable = what === "remove" || (found && !found.text) ? found : block[0];
  if (!usable) return tell("Nothing names this block: no rule would find it.", true);
  if (state.draft.some(each => each.act === what && each.rule === usable.rule)) return tell("This rule is there already.");
  state.draft = state.draft.filter(each => (what === "remove" || what === "keep") || each.act !== what);
  state.draft.push({ act: what, rule: usable.rule });
  return show();
}

function undo() {
  if (!state.draft.length) return tell("There is nothing to undo.");
  state.draft.pop();
  return show();
}

async function save() {
  if (!state.draft.length) return tell("There is nothing to save.");
  try {
    const toml = await ask("save", { number: state.number, draft: asDraft() });
    state.draft = [];
    state.base = new Map();
    await show();
    tell(`Saved to ${toml.file}. New articles obey it from now on; feedpub reclean applies it to those that are there.`);
  } catch (error) {
    tell(error.message, true);
  }
}

// ---- what is shown ----

async function show() {
  const turn = ++state.asked;
  const told = { number: state.number, draft: asDraft() };
  busy(1);
  try {
    const look = await ask("look", told);
    if (turn !== state.asked) return;
    showOriginal(look);
    showArticle(look);
    showRules(look);
    if (!state.draft.length) return;
    const effects = await ask("effects", told);
    if (turn === state.asked) showEffects(effects);
  } catch (error) {
    if (turn === state.asked) tell(error.message, true);
  } finally {
    busy(-1);
  }
}

function busy(more) {
  state.busy += more;
  document.body.setAttribute("aria-busy", state.busy > 0);
}

function showOriginal(look) {
  const pane = $("original"), focused = pane.contains(document.activeElement), top = pane.scrollTop;
  const chosen = state.chosen?.dataset.n;
  if (look.original) pane.replaceChildren(inert(look.original));
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
  const again = chosen === undefined ? null : $(`block-${chosen}`);
  state.chosen = null;
  if (again) return choose(again, { focus: focused, rule: state.rule });
  const start = pane.querySelector(".kept") || pane.querySelector(".block"); // not the menus above the article
  if (!start) return;
  start.tabIndex = 0;
  if (first) pane.scrollTop = start.offsetTop - pane.offsetTop - pane.clientHeight / 3;
}

function showArticle({ article, effect }) {
  const pane = $("cleaned");
  if (!article) return pane.replaceChildren(element("p", "soft", `There is no article: ${effect.problem || "nothing was found"}`));
  const date = article.published ? article.published.replace("T", " ").slice(0, 16) : "";
  const byline = [article.authors.join(", "), date, article.site].filter(Boolean).join(" · ");
  const text = element("div", "text");
  text.append(inert(article.html));
  pane.replaceChildren(element("h1", "", article.title), element("p", "byline", byline), text);
  pane.lang = article.language || "";
}

function showRules({ effect, toml }) {
  $("draft").replaceChildren(...state.draft.map((each, at) => {
    const line = element("li"), off = element("button", "", "×");
    off.type = "button";
    off.setAttribute("aria-label", `Take back: ${WORDS[each.act]} ${each.rule}`);
    off.addEventListener("click", () => { state.draft.splice(at, 1); show(); });
    const said = element("span", "", `${WORDS[each.act]} `);
    said.append(element("code", "", each.rule));
    line.append(said, off);
    return line;
  }));
  const some = state.draft.length > 0;
  $("none").hidden = some;
  $("undo").disabled = !some;
  $("save").disabled = !some || toml.reason_refused !== "";
  $("effect").replaceChildren(...changes(effect, some));
  $("effects").replaceChildren(element("p", "soft", some ? "looking …" : "Nothing changes without new rules."));
  $("file").textContent = toml.file || "The rules";
  $("toml").textContent = toml.text.trim();
  const last = state.draft.at(-1);
  const said = effect.problem ? "no article would be left" : counted(effect.changed);
  tell(some ? `${WORDS[last.act]} ${last.rule}: ${said}.${toml.reason_refused ? ` It cannot be saved here: ${toml.reason_refused}.` : ""}` : "");
}

function showEffects(effects) {
  const changed = effects.filter(each => each.changed || each.problem);
  const pane = $("effects");
  const same = effects.length - changed.length;
  pane.replaceChildren(element("p", "soft", effects.length
    ? `${changed.length} of ${effects.length} change, ${same} stay as they are.` : "None is stored of this site."));
  for (const each of changed) {
    const about = element("details");
    about.append(element("summary", "", `${each.title}: ${each.problem ? "no article left" : counted(each.changed)}`));
    about.append(...changes(each, true));
    pane.append(about);
  }
}

function changes(effect, some) {
  if (effect.problem) return [element("p", "soft", effect.problem)];
  const head = element("p", "soft", some || effect.changed ? `${counted(effect.changed)}.` : "As it is now.");
  const list = element("ul", "lines");
  for (const line of effect.lines) {
    const text = line.slice(1);
    const item = element("li", line[0] === "+" ? "plus" : "minus", `${line[0] === "+" ? "+" : "−"} ${text.slice(0, 200)}`);
    list.append(item);
  }
  return effect.lines.length ? [head, list] : [head];
}

function counted(lines) {
  return lines ? `${lines} line${lines === 1 ? "" : "s"} change${lines === 1 ? "s" : ""}` : "nothing changes";
}

function tell(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

// ---- the block that is chosen, and the rules that would find it ----

const blocks = () => [...$("original").querySelectorAll(".block")];

function rules(block) {
  const found = [];
  if (!block) return found;
  for (let at = block; at.id !== "original"; at = at.parentElement) {
    const { selector, matches } = at.dataset;
    if (selector && !found.some(each => each.rule === selector)) {
      found.push({ rule: selector, named: "named" in at.dataset, matches: Number(matches || 1), share: share(selector) });
    }
  }
  for (const at of [...block.querySelectorAll("[data-selector]")].reverse()) { // inside of it: a name, a date
    const { selector, matches } = at.dataset;
    if (!found.some(each => each.rule === selector)) {
      found.unshift({ rule: selector, inner: true, named: true, matches: Number(matches), share: 0 });
    }
  }
  if (block.dataset.start) found.unshift({ rule: `text:${block.dataset.start}`, text: true, named: false, matches: 1, share: 0 });
  return found;
}

function boxes(selector) {
  return [...$("original").querySelectorAll("[data-selector]")].filter(each => each.dataset.selector === selector);
}

function share(selector) { // of the article's text, that stands inside of what is found
  const length = some => some.reduce((sum, each) => sum + each.textContent.length, 0);
  const all = length(blocks().filter(each => each.classList.contains("kept")));
  const inside = new Set();
  for (const box of boxes(selector)) {
    for (const block of box.matches(".block") ? [box] : box.querySelectorAll(".block")) {
      if (block.classList.contains("kept")) inside.add(block);
    }
  }
  return all ? length([...inside]) / all : 0;
}

function preferred(found) {
  const whole = each => each.named && !each.inner && each.share < MOST_OF_IT;
  return found.find(whole) || found.find(each => each.text) || found[0];
}

function choose(block, { focus = true, rule = "" } = {}) {
  for (const each of blocks()) {
    each.tabIndex = each === block ? 0 : -1;
    each.setAttribute("aria-selected", each === block);
  }
  state.chosen = block;
  const found = rules(block);
  const first = found.find(each => each.rule === rule) || preferred(found);
  const options = found.map(each => {
    const how = each.text ? "" : ` — ${each.matches === 1 ? "1 place" : `${each.matches} places`}${
      each.share >= 0.01 ? `, ${Math.round(100 * each.share)} % of the article` : ""}`;
    const option = new Option(each.rule + how, each.rule);
    return option;
  });
  $("rule").replaceChildren(...options);
  $("wide").hidden = !found.length;
  const why = block.dataset.reason ? `Removed: ${block.dataset.reason} (${block.dataset.rule})` : `Kept: ${block.dataset.start}`;
  $("hint").textContent = why;
  for (const button of document.querySelectorAll("[data-act]")) button.disabled = !found.length;
  ruled(first ? first.rule : "");
  if (focus) block.focus();
}

function ruled(rule) {
  state.rule = rule;
  state.inner = "";
  $("rule").value = rule;
  for (const each of document.querySelectorAll(".inside")) each.classList.remove("inside");
  for (const box of boxes(rule)) box.classList.add("inside");
}

function step(by) {
  const all = blocks(), at = all.indexOf(state.chosen);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) choose(next);
}

function widen(by) {
  const found = rules(state.chosen).map(each => each.rule);
  const next = found[found.indexOf(state.rule) + by];
  if (next === undefined) return;
  ruled(next);
  tell(`Rule: ${$("rule").selectedOptions[0].textContent}`);
}

// ---- articles, panes, keys ----

function turn(number) {
  if (number < 0 || number >= state.articles.length || number === state.number) return;
  const [before, after] = [state.number, number].map(each => state.articles[each].site);
  if (before !== after) { // rules are for a site: each keeps its own draft
    state.drafts.set(before, state.draft);
    state.draft = state.drafts.get(after) || [];
  }
  Object.assign(state, { number, base: new Map(), chosen: null, rule: "" });
  $("article").value = String(number);
  $("original").scrollTop = $("cleaned").scrollTop = 0;
  for (const button of document.querySelectorAll("[data-act]")) button.disabled = true;
  firstLook();
}

async function firstLook() { // what is changed is told against the article without the draft
  const draft = state.draft;
  if (draft.length) {
    state.draft = [];
    await show();
    state.draft = draft;
  }
  await show();
}

function pane(name) {
  document.body.dataset.pane = name;
  for (const each of document.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", each.dataset.show === name);
}

const KEYS = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity),
  ArrowLeft: () => widen(-1), ArrowRight: () => widen(1),
  r: () => act("remove"), k: () => act("keep"), t: () => act("title"), d: () => act("date"), a: () => act("author"),
  u: undo, s: save, n: () => turn(state.number + 1), p: () => turn(state.number - 1), "?": () => $("help").showModal(),
};

function key(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open || target.matches("select, input, textarea")) return;
  const inList = $("original").contains(target);
  const arrow = event.key.length > 1;
  if (!(event.key in KEYS) || (arrow && !inList)) return;
  event.preventDefault();
  KEYS[event.key]();
}

function begin() {
  document.addEventListener("keydown", key);
  $("original").addEventListener("click", event => {
    const block = event.target.closest(".block");
    if (!block) return;
    choose(block);
    const inner = event.target.closest("[data-selector]"); // a name, a date: who says what they are means them
    if (inner && inner !== block && block.contains(inner)) state.inner = inner.dataset.selector;
  });
  $("original").addEventListener("focusin", event => {
    const block = event.target.closest(".block");
    if (block && block !== state.chosen) choose(block, { focus: false });
  });
  $("rule").addEventListener("change", event => ruled(event.target.value));
  $("article").addEventListener("change", event => turn(Number(event.target.value)));
  $("next").addEventListener("click", () => turn(state.number + 1));
  $("previous").addEventListener("click", () => turn(state.number - 1));
  $("undo").addEventListener("click", undo);
  $("save").addEventListener("click", save);
  $("help-button").addEventListener("click", () => $("help").showModal());
  $("done").addEventListener("click", async () => {
    await ask("done");
    document.body.replaceChildren(element("p", "", "Done: this page can be closed."));
  });
  for (const each of document.querySelectorAll("[data-act]")) each.addEventListener("click", () => act(each.dataset.act));
  for (const each of document.querySelectorAll("[data-show]")) each.addEventListener("click", () => pane(each.dataset.show));
}

async function open() {
  begin();
  try {
    state.articles = await ask("articles");
  } catch (error) {
    return tell(error.message, true);
  }
  $("article").replaceChildren(...state.articles.map(({ title, url }, at) => new Option(title || url, String(at))));
  return show();
}

open();
