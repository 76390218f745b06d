// The incidents, each with its facts and its story, which are made when it is opened.
const INCIDENTS_AT_FIRST = 12;
const STORIES = Map.groupBy(rowsOf("incident_stories"), (event) => event.incident_id);
const incidentList = document.getElementById("incident-list");
const moreIncidents = document.getElementById("incidents-more");

function incidentItem(incident) {
  const summary = element("summary", {},
    element("span", { class: "time" }, time(incident.created_at)),
    element("span", { class: `level ${incident.priority?.toLowerCase()}` }, incident.priority ?? ""),
    element("span", { class: "message" }, incident.message ?? ""),
    element("span", { class: "status" }, incident.is_deleted ? "deleted" : incident.status ?? ""));
  const details = element("details", {}, summary);
  details.addEventListener("toggle", () => details.childElementCount > 1 || details.append(...incidentStory(incident)));
  return element("li", {}, details);
}

function incidentStory(incident) {
  const facts = definitions([
    ["number", incident.tiny_id ? `#${incident.tiny_id}` : ""], ["impact from (UTC)", time(incident.impact_from, 19)],
    ["impact until (UTC)", time(incident.impact_until, 19)], ["minutes of impact", incident.impact_minutes],
    ["team", incident.team], ["services", incident.services], ["responders", incident.responders],
    ["tags", incident.tags], ["alerts", incident.alerts],
  ]);
  const events = (STORIES.get(incident.incident_id) ?? []).map((event) => element("li", {},
    element("span", { class: "time" }, time(event.happened_at, 19)),
    element("span", {}, element("span", { class: "kind" }, [event.what, event.who].filter(Boolean).join(" · ")), " ", event.text ?? "")));
  return [incident.description ? element("p", { class: "prose" }, incident.description) : null, facts,
    element("ol", { class: "story" }, ...events)].filter(Boolean);
}

if (incidentList) {
  const incidents = rowsOf("incidents");
  incidentList.append(...incidents.slice(0, INCIDENTS_AT_FIRST).map(incidentItem));
  moreIncidents.hidden = incidents.length <= INCIDENTS_AT_FIRST;
  moreIncidents.addEventListener("click", () => {
    const rest = incidents.slice(INCIDENTS_AT_FIRST).map(incidentItem);
    incidentList.append(...rest);
    moreIncidents.hidden = true;
    rest[0].querySelector("summary").focus();
  });
}
