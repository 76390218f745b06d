// The alert browser: search, filters, pages of rows, and the details of each.
const PER_PAGE = 50;
const ALERTS = rowsOf("alerts");
const SEARCHED = ["tiny_id", "alert_id", "message", "alias", "description", "details", "tags", "source", "entity", "integration",
  "team", "owner", "acknowledged_by", "closed_by"];
const form = document.getElementById("alert-filters");
const list = document.getElementById("alert-list");
let found = ALERTS;
let start = 0;

const haystack = (alert) => (alert.haystack ??= SEARCHED.map((name) => alert[name] ?? "").join("\n").toLowerCase());

function filterAlerts() {
  const { search, priority, status, team, from, until } = Object.fromEntries(new FormData(form));
  const terms = search.toLowerCase().split(/\s+/).filter(Boolean);
  found = ALERTS.filter((alert) =>
    (!priority || alert.priority === priority) && (!status || alert.status === status) && (!team || alert.team === team)
    && (!from || alert.created_at >= from) && (!until || alert.created_at.slice(0, 10) <= until)
    && terms.every((term) => haystack(alert).includes(term)));
  showPage(0);
}

function showPage(first) {
  start = first;
  const end = Math.min(start + PER_PAGE, found.length);
  list.replaceChildren(...found.slice(start, end).flatMap(alertRows));
  document.getElementById("alert-count").textContent = found.length
    ? `${number(start + 1)} to ${number(end)} of ${number(found.length)} alerts` : "No alert matches.";
  document.getElementById("alerts-newer").disabled = start === 0;
  document.getElementById("alerts-older").disabled = end === found.length;
}

function alertRows(alert) {
  const button = element("button", { type: "button", class: "open", "aria-expanded": "false" }, alert.message || "(no message)");
  const detail = element("tr", { class: "detail", hidden: "" });
  button.addEventListener("click", () => {
    if (!detail.childElementCount) detail.append(element("td", { colspan: "5" }, alertDetails(alert)));
    detail.hidden = !detail.hidden;
    button.setAttribute("aria-expanded", String(!detail.hidden));
  });
  const status = alert.is_deleted ? "deleted" : alert.status === "open" && alert.acknowledged_at ? "acknowledged" : alert.status;
  return [element("tr", {},
    element("td", { class: "time" }, time(alert.created_at)),
    element("td", { class: "priority" }, element("span", { class: `level ${alert.priority?.toLowerCase()}` }, alert.priority ?? "")),
    element("td", { class: "message" }, button),
    element("td", { class: "status" }, status ?? ""),
    element("td", { class: "team" }, alert.team ?? "")), detail];
}

function alertDetails(alert) {
  const facts = definitions([
    ["number", alert.tiny_id ? `#${alert.tiny_id}` : ""], ["created (UTC)", time(alert.created_at, 19)],
    ["acknowledged (UTC)", time(alert.acknowledged_at, 19)], ["acknowledged by", alert.acknowledged_by],
    ["closed (UTC)", time(alert.closed_at, 19)], ["closed by", alert.closed_by], ["owner", alert.owner],
    ["occurrences", alert.occurrences], ["integration", alert.integration], ["source", alert.source],
    ["entity", alert.entity], ["alias", alert.alias], ["tags", alert.tags], ["details", alert.details],
  ]);
  const query = `FROM alert_logs WHERE alert_id = '${(alert.alert_id ?? "").replaceAll("'", "''")}'`;
  return element("div", {}, alert.description ? element("p", { class: "prose" }, alert.description) : null, facts,
    element("p", { class: "note" }, "Its log: ", element("code", {}, `opsgenie-archive sql FILE "${query}"`)));
}

for (const name of ["priority", "status", "team"]) form.elements[name].append(...options(distinct(ALERTS.map((alert) => alert[name]))));
form.addEventListener("input", filterAlerts);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filterAlerts));
for (const [id, step] of [["alerts-newer", -PER_PAGE], ["alerts-older", PER_PAGE]]) {
  document.getElementById(id).addEventListener("click", () => {
    showPage(start + step);
    document.getElementById("alert-count").scrollIntoView({ block: "nearest" });
  });
}
filterAlerts();
