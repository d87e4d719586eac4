"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 100;
const SEVERITIES = ["error", "warning", "note"];
// More rows than that are not put on paper; the other formats have them.
const PRINTED_BINDINGS = 2000;
const PRINTED_FINDINGS = 5000;
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
const byId = (id) => document.getElementById(id);
const severityOf = (finding) => data.rules[finding.rule].severity;

// Findings of each binding, by host and key.
const place = (host, key) => host + "\u0000" + key;
const findingsAt = new Map();
for (const finding of data.findings) {
  if (finding.key === null || finding.host === null) continue;
  const at = place(finding.host, finding.key);
  if (!findingsAt.has(at)) findingsAt.set(at, []);
  findingsAt.get(at).push(finding);
}
const ofRow = (row) => findingsAt.get(place(row[0], row[1])) || [];
// The bindings that a finding is about. The index is made when a filter needs it.
let made = null;
const index = () => {
  if (made !== null) return made;
  made = { at: new Map(), ofHash: new Map(), ofHost: data.hosts.map(() => []) };
  for (const row of data.bindings) {
    made.at.set(place(row[0], row[1]), row);
    made.ofHost[row[0]].push(row);
    if (row[2] === null) continue;
    if (!made.ofHash.has(row[2])) made.ofHash.set(row[2], []);
    made.ofHash.get(row[2]).push(row);
  }
  return made;
};
const rowsOf = (finding) => {
  if (finding.certificate) return index().ofHash.get(finding.certificate) || [];
  const places = finding.key === null ? finding.related || [] : [[finding.host, finding.key]];
  return places.map(([host, key]) => index().at.get(place(host, key))).filter((row) => row !== undefined);
};
// A finding about a host, such as about its export, is about all of its bindings.
const rowsConcerned = (finding) => {
  const rows = rowsOf(finding);
  return rows.length === 0 && finding.host !== null ? index().ofHost[finding.host] : rows;
};
const certificate = (row) => data.certificates[row[2]];
const nameOf = (row) => (certificate(row) || ["", "", ""])[0];
const columns = [
  ["Host", (row) => data.hosts[row[0]]],
  ["Key", (row) => row[1]],
  ["Certificate", (row) => nameOf(row) || row[2] || ""],
  ["Store", (row) => row[3] || ""],
  ["Application", (row) => row[4]],
  ["Expires", (row) => (certificate(row) || ["", "", ""])[2]],
  // Of hives alone.
  ...(data.bindings.some((row) => row[5]) ? [["Key written", (row) => row[5] || ""]] : []),
  ["Findings", (row) => ofRow(row).length],
];

// What a row is searched by: its columns, its hash and the names of its certificate.
const texts = new Map();
const textOf = (row) => {
  if (!texts.has(row)) {
    const [, names, , file] = certificate(row) || ["", "", "", ""];
    const all = columns.slice(0, -1).map(([, value]) => value(row));
    texts.set(row, [...all, row[2] || "", names, file].join("\u0000").toLowerCase());
  }
  return texts.get(row);
};

const search = byId("search");
const filters = {
  severity: byId("by-severity"), rule: byId("by-rule"), host: byId("by-host"),
  application: byId("by-application"),
};
const options = (select, values) => select.append(...values.map(([value, text]) => {
  const option = make("option", text);
  option.value = value;
  return option;
}));
const found = new Set(data.findings.map(severityOf));
options(filters.severity, SEVERITIES.filter((it) => found.has(it)).map((it) => [it, it]));
options(filters.rule, Object.keys(data.rules).sort().map((id) => [id, `${id}: ${data.rules[id].title}`]));
// Suggestions: any application can be typed.
const applications = [...new Set(data.bindings.map((row) => row[4]))].sort();
options(byId("applications"), applications.slice(0, 500).map((it) => [it, undefined]));
const wanted = () => ({
  text: search.value.trim().toLowerCase(), severity: filters.severity.value, rule: filters.rule.value,
  host: filters.host.value.trim().toLowerCase(), application: filters.application.value.trim().toLowerCase(),
});
const hostNames = data.hosts.map((name) => name.toLowerCase());
const hasHost = (host, text) => text === "" || hostNames[host].includes(text);
const hasApplication = (row, text) => text === "" || row[4].toLowerCase().includes(text);
const isFound = (row, want) => hasHost(row[0], want.host) && hasApplication(row, want.application);
const isWanted = (finding, want) =>
  (want.severity === "" || severityOf(finding) === want.severity) &&
  (want.rule === "" || finding.rule === want.rule);

const body = document.querySelector("#bindings tbody");
const said = byId("shown");
let ordered = data.bindings;
let shown = ordered;
let page = 0;
let sorted = [1, 1];

const rowOf = (row) => {
  const line = make("tr");
  columns.forEach(([name, value], at) => {
    const cell = make("td", undefined, at === 1 ? (row[1].length <= 48 ? "mono short" : "mono") : "");
    cell.dataset.label = name;
    if (name === "Findings" && value(row) > 0) {
      cell.append(link(String(value(row)), "#findings", () => findingsOf(row[0], row[1])));
    } else if (name === "Certificate" && row[2]) {
      if (nameOf(row)) cell.append(nameOf(row), " ");
      cell.append(make("code", row[2]));
      const file = (certificate(row) || [])[3];
      if (file) cell.append(" ", make("span", `from ${file}`, "quiet"));
    } else if (name === "Application" && row[4].startsWith("{")) {
      cell.append(make("code", row[4]));
    } else {
      cell.textContent = value(row);
    }
    line.append(cell);
  });
  return line;
};
const fill = () => {
  body.replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map(rowOf));
  const first = shown.length === 0 ? 0 : page * PAGE + 1;
  const last = Math.min(shown.length, (page + 1) * PAGE);
  said.textContent = `${first} to ${last} of ${shown.length}`;
};
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const order = () => {
  const [at, direction] = sorted;
  const value = columns[at][1];
  // The values are taken once, and a filter keeps the order.
  const keyed = data.bindings.map((row) => [value(row), row]);
  ordered = keyed.sort((a, b) => direction * compare(a[0], b[0])).map(([, row]) => row);
};
const find = () => {
  const want = wanted();
  let concerned = null;
  if (want.severity !== "" || want.rule !== "") {
    concerned = new Set();
    for (const it of data.findings) if (isWanted(it, want)) for (const row of rowsConcerned(it)) concerned.add(row);
  }
  shown = ordered.filter((row) =>
    (want.text === "" || textOf(row).includes(want.text)) && isFound(row, want) &&
    (concerned === null || concerned.has(row)));
  page = 0;
  fill();
};
const headOf = (table, names) => {
  const head = document.querySelector(`#${table} thead tr`);
  return names.map((name) => {
    const cell = make("th");
    cell.scope = "col";
    head.append(cell);
    return [cell, name];
  });
};
const heads = headOf("bindings", columns.map(([name]) => name));
heads.forEach(([cell, name], at) => {
  const button = make("button", name);
  button.type = "button";
  button.addEventListener("click", () => {
    sorted = [at, sorted[0] === at ? -sorted[1] : 1];
    for (const [other] of heads) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", sorted[1] > 0 ? "ascending" : "descending");
    order();
    find();
  });
  cell.append(button);
});
const turn = (by) => () => {
  page = Math.max(0, Math.min(page + by, Math.ceil(shown.length / PAGE) - 1));
  fill();
};
byId("previous").addEventListener("click", turn(-1));
byId("next").addEventListener("click", turn(1));

// Hosts, those with the most errors first.
const ranks = data.hosts.map((name, host) => ({ name, host, error: 0, warning: 0, note: 0, bindings: 0 }));
for (const finding of data.findings) if (finding.host !== null) ranks[finding.host][severityOf(finding)] += 1;
for (const row of data.bindings) ranks[row[0]].bindings += 1;
ranks.sort((a, b) => b.error - a.error || b.warning - a.warning || b.note - a.note || compare(a.name, b.name));
const unassessed = new Set(data.unassessed);
headOf("hosts", ["Host", "Errors", "Warnings", "Notes", "Bindings"]).forEach(([cell, name]) => { cell.textContent = name; });
const hostRows = document.querySelector("#hosts tbody");
const moreHosts = byId("more-hosts");
const rankOf = (rank) => {
  const line = make("tr");
  const first = make("td");
  first.dataset.label = "Host";
  first.append(link(rank.name, "#bindings-title", () => {
    filters.host.value = rank.name;
    narrow();
    byId("bindings-title").scrollIntoView();
  }));
  if (unassessed.has(rank.host)) first.append(" ", make("span", "not assessed", "error"));
  line.append(first, ...["error", "warning", "note", "bindings"].map((kind) => {
    const cell = make("td", String(rank[kind]), rank[kind] > 0 ? kind : "quiet");
    cell.dataset.label = kind;
    return cell;
  }));
  return line;
};
const growHosts = (most) => {
  const from = hostRows.children.length;
  hostRows.append(...ranks.slice(from, from + most).map(rankOf));
  moreHosts.hidden = hostRows.children.length >= ranks.length;
};
moreHosts.addEventListener("click", () => growHosts(PAGE));
growHosts(10);

// Findings, rule by rule; of many the first, and more when they are asked for.
const list = byId("findings-of-rules");
const narrowed = byId("narrowed");
const bindingOf = (finding) => {
  search.value = finding.key;
  find();
  byId("bindings").scrollIntoView();
  search.focus();
};
const item = (finding) => {
  const line = make("li");
  if (finding.state === "new") line.append(make("span", "new", "badge new"), " ");
  const host = finding.host === null ? "" : data.hosts[finding.host] + " ";
  if (data.hosts.length > 1) line.append(host);
  if (finding.key === null) line.append(make("code", finding.subject));
  else {
    const anchor = link(finding.subject, "#bindings", () => bindingOf(finding));
    anchor.className = "mono";
    line.append(anchor);
  }
  const where = finding.line === null ? "" : ` (${finding.line})`;
  line.append(`${where}: ${finding.sentence}`);
  return line;
};
const findingTexts = new Map();
const textOfFinding = (it) => {
  if (!findingTexts.has(it)) {
    const host = it.host === null ? "" : data.hosts[it.host];
    findingTexts.set(it, `${it.subject}\u0000${it.sentence}\u0000${host}`.toLowerCase());
  }
  return findingTexts.get(it);
};
let growAll = [];
const tell = (findings, open) => {
  const groups = new Map();
  growAll = [];
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
    summary.append(make("span", rule.severity, `badge ${rule.severity}`), ` ${id}: ${rule.title} (${found.length})`);
    const places = make("ul");
    let told = 0;
    const more = make("button", "More");
    more.type = "button";
    const grow = (most) => {
      places.append(...found.slice(told, told + most).map(item));
      told = Math.min(found.length, told + most);
      more.hidden = told >= found.length;
    };
    more.addEventListener("click", () => grow(PAGE));
    const fillOnce = () => { if (group.open && told === 0) grow(PAGE); };
    group.addEventListener("toggle", fillOnce);
    group.append(summary, make("p", rule.why), make("p", rule.remedy), places, more);
    fillOnce();
    growAll.push((most) => {
      group.open = true;
      grow(Math.max(0, Math.min(most, found.length) - told));
      if (told < found.length) places.append(make("li", `and ${found.length - told} more; the JSON report has them all`, "cut"));
      return told;
    });
    return group;
  }));
};
const showFindings = () => {
  const want = wanted();
  const isAll = Object.values(want).every((it) => it === "");
  const ofPlace = (it) => {
    if (want.host === "" && want.application === "") return true;
    // A host that has no binding, or could not be read, has findings.
    if (want.application === "" && it.host !== null) return hasHost(it.host, want.host);
    return rowsConcerned(it).some((row) => isFound(row, want));
  };
  const ofText = (it) => want.text === "" || textOfFinding(it).includes(want.text) ||
    rowsOf(it).some((row) => textOf(row).includes(want.text));
  const kept = isAll ? data.findings : data.findings.filter((it) => isWanted(it, want) && ofPlace(it) && ofText(it));
  narrowed.replaceChildren();
  if (!isAll) {
    const general = data.findings.filter((it) => isWanted(it, want) && it.host === null && rowsOf(it).length === 0 && !ofPlace(it));
    const left = general.length === 0 ? "" : `${general.length} more concern no host, such as files of certificates. `;
    narrowed.append(`${kept.length} of ${data.findings.length} findings match the filter. ${left}`, link("Show all", "#findings", everything));
  }
  tell(kept, kept.length <= PAGE);
};
const everything = () => { document.querySelector(".filters").reset(); };
const narrow = () => { find(); showFindings(); };
const findingsOf = (host, key) => {
  const found = findingsAt.get(place(host, key)) || [];
  narrowed.replaceChildren(`Those of ${key}. `, link("Show all", "#findings", () => { everything(); narrow(); }));
  tell(found, true);
  byId("findings").scrollIntoView();
};
for (const control of [search, ...Object.values(filters)]) control.addEventListener("input", narrow);
// The values are reset after the event.
document.querySelector(".filters").addEventListener("reset", () => setTimeout(narrow));
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
for (const anchor of document.querySelectorAll("a.rule")) {
  anchor.addEventListener("click", (event) => {
    event.preventDefault();
    filters.rule.value = anchor.textContent;
    narrow();
    byId("findings").scrollIntoView();
  });
}
order();
showFindings();
find();

// On paper everything is open, or it is said how much is left out and where it is.
window.addEventListener("beforeprint", () => {
  for (const it of document.querySelectorAll("details")) it.open = true;
  let left = PRINTED_FINDINGS;
  for (const grow of growAll) left -= grow(left);
  growHosts(PRINTED_BINDINGS);
  body.replaceChildren(...shown.slice(0, PRINTED_BINDINGS).map(rowOf));
  const more = shown.length - PRINTED_BINDINGS;
  byId("not-printed").textContent = more > 0
    ? `The first ${PRINTED_BINDINGS} of ${shown.length} bindings. certbind audit -o audit.csv has them all.` : "";
});
window.addEventListener("afterprint", () => {
  byId("not-printed").textContent = "";
  hostRows.replaceChildren();
  growHosts(10);
  narrow();
});
document.documentElement.dataset.ready = "yes";
