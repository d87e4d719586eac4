"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 100;
const make = (tag, text, name) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
};
const link = (text, target, act) => {
  const element = make("a", text);
  element.href = target;
  element.addEventListener("click", (event) => { event.preventDefault(); act(); });
  return element;
};

// Findings of each binding, by host and key.
const place = (host, key) => host + "\u0000" + key;
const counts = new Map();
for (const finding of data.findings) {
  if (finding.key === null || finding.host === null) continue;
  const at = place(finding.host, finding.key);
  counts.set(at, (counts.get(at) || 0) + 1);
}
const columns = [
  ["Host", (row) => data.hosts[row[0]]],
  ["Key", (row) => row[1]],
  ["Certificate", (row) => row[2] || ""],
  ["Store", (row) => row[3] || ""],
  ["Application", (row) => row[4]],
  ["Expires", (row) => data.expiries[row[2]] || ""],
  ["Findings", (row) => counts.get(place(row[0], row[1])) || 0],
];

const search = document.getElementById("search");
const body = document.querySelector("#bindings tbody");
const said = document.getElementById("shown");
let shown = data.bindings;
let page = 0;
let sorted = [1, 1];

const fill = () => {
  const rows = shown.slice(page * PAGE, (page + 1) * PAGE).map((row) => {
    const line = make("tr");
    columns.forEach(([name, value], at) => {
      const cell = make("td", undefined, at > 0 && at < 4 ? "mono" : "");
      if (name === "Findings" && value(row) > 0) {
        cell.append(link(String(value(row)), "#findings", () => findingsOf(data.hosts[row[0]], row[1])));
      } else {
        cell.textContent = value(row);
      }
      line.append(cell);
    });
    return line;
  });
  body.replaceChildren(...rows);
  const first = shown.length === 0 ? 0 : page * PAGE + 1;
  const last = Math.min(shown.length, (page + 1) * PAGE);
  said.textContent = `${first} to ${last} of ${shown.length}`;
};
const order = () => {
  const [at, direction] = sorted;
  const value = columns[at][1];
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  // A copy: what is searched next starts from the order of the audit.
  shown = shown.slice().sort((a, b) => direction * compare(value(a), value(b)));
};
const find = () => {
  const wanted = search.value.trim().toLowerCase();
  shown = data.bindings.filter((row) =>
    columns.some(([, value]) => String(value(row)).toLowerCase().includes(wanted)));
  page = 0;
  order();
  fill();
};
const head = document.querySelector("#bindings thead tr");
columns.forEach(([name], at) => {
  const cell = make("th");
  cell.scope = "col";
  const button = make("button", name);
  button.type = "button";
  button.addEventListener("click", () => {
    sorted = [at, sorted[0] === at ? -sorted[1] : 1];
    for (const other of head.children) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", sorted[1] > 0 ? "ascending" : "descending");
    page = 0;
    order();
    fill();
  });
  cell.append(button);
  head.append(cell);
});
search.addEventListener("input", find);
const turn = (by) => () => {
  page = Math.max(0, Math.min(page + by, Math.ceil(shown.length / PAGE) - 1));
  fill();
};
document.getElementById("previous").addEventListener("click", turn(-1));
document.getElementById("next").addEventListener("click", turn(1));

// Findings, rule by rule; of many the first, and more when they are asked for.
const list = document.getElementById("findings-of-rules");
const narrowed = document.getElementById("narrowed");
const bindingOf = (finding) => {
  search.value = finding.key;
  find();
  document.getElementById("bindings").scrollIntoView();
  search.focus();
};
const item = (finding) => {
  const line = make("li");
  const host = finding.host === null ? "" : data.hosts[finding.host] + " ";
  if (data.hosts.length > 1) line.append(host);
  if (finding.key === null) line.append(make("code", finding.subject));
  else {
    const anchor = link(finding.subject, "#bindings", () => bindingOf(finding));
    anchor.className = "mono";
    line.append(anchor);
  }
  const where = finding.line === null ? "" : ` (line ${finding.line})`;
  line.append(`${where}: ${finding.sentence}`);
  return line;
};
const tell = (findings, open) => {
  const groups = new Map();
  for (const finding of findings) {
    if (!groups.has(finding.rule)) groups.set(finding.rule, []);
    groups.get(finding.rule).push(finding);
  }
  list.replaceChildren(...[...groups].map(([id, found]) => {
    const rule = data.rules[id];
    const group = make("details");
    group.id = id;
    group.open = open;
    const summary = make("summary");
    summary.append(make("span", rule.severity, rule.severity), ` ${id}: ${rule.title} (${found.length})`);
    const places = make("ul");
    let told = 0;
    const more = make("button", "More");
    more.type = "button";
    const grow = () => {
      places.append(...found.slice(told, told + PAGE).map(item));
      told += PAGE;
      more.hidden = told >= found.length;
    };
    more.addEventListener("click", grow);
    const fillOnce = () => { if (group.open && told === 0) grow(); };
    group.addEventListener("toggle", fillOnce);
    group.append(summary, make("p", rule.why), make("p", rule.remedy), places, more);
    fillOnce();
    return group;
  }));
};
const everything = () => { narrowed.replaceChildren(); tell(data.findings, data.findings.length <= PAGE); };
const findingsOf = (host, key) => {
  const found = data.findings.filter((it) => it.key === key && data.hosts[it.host] === host);
  narrowed.replaceChildren(`Those of ${key}. `, link("Show all", "#findings", everything));
  tell(found, true);
  document.getElementById("findings").scrollIntoView();
};
everything();
find();
document.documentElement.dataset.ready = "yes";
