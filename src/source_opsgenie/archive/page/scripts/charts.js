// Draws each chart from its specification, and the table with its numbers when that is opened.
const { config, ...CHARTS } = read("charts");
const VIEWS = new Map();

async function draw(figure) {
  const name = figure.dataset.chart;
  const section = CHARTS[name].data.name;
  const select = document.querySelector(`select[data-charts~="${name}"]`);
  const params = select ? [{ name: "chosen", value: select.value }] : [];
  const spec = { ...CHARTS[name], params, data: { name: section, values: rowsOf(section) } };
  const { view } = await vegaEmbed(figure.querySelector(".canvas"), spec, {
    mode: "vega-lite",
    config,
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    ast: true, // without it, Vega makes functions from texts, which the page's policy forbids
    tooltip: (_, event, __, value) => showTooltip(event, value),
  });
  VIEWS.set(name, view);
}

const tooltip = document.body.appendChild(element("div", { class: "tooltip", hidden: "" }));

function showTooltip(event, value) {
  tooltip.hidden = !value;
  if (!value) return;
  tooltip.replaceChildren(definitions(Object.entries(value)));
  const { clientX: x, clientY: y } = event;
  tooltip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - tooltip.offsetWidth - 8))}px`;
  tooltip.style.top = `${Math.max(8, Math.min(y + 14, innerHeight - tooltip.offsetHeight - 8))}px`;
}

function choose(select) {
  for (const name of select.dataset.charts.split(" ")) VIEWS.get(name)?.signal("chosen", select.value).runAsync();
}

function fillTable(details) {
  if (details.querySelector("table")) return;
  const { columns, rows } = DATA[details.dataset.section];
  const head = columns.map((column) => element("th", { scope: "col" }, words(column)));
  const body = rows.map((row) => element("tr", {}, ...row.map((value, index) => element(
    "td", { class: typeof value === "number" ? "number" : null }, columns[index] === "year" ? String(value) : text(value),
  ))));
  details.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers" },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body))));
}

async function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) await draw(figure);
  document.documentElement.dataset.drawn = "";
}

for (const select of document.querySelectorAll("select[data-charts]")) select.addEventListener("change", () => choose(select));
for (const details of document.querySelectorAll("details[data-section]")) details.addEventListener("toggle", () => fillTable(details));
drawAll();
