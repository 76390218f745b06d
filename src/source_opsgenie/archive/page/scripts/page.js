// What the other scripts share: the data that the page embeds, and elements made from texts, never from HTML.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const DATA = read("data");

const rowsOf = (section) => {
  const { columns, rows } = DATA[section];
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
};

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const words = (column) => column.replaceAll("_", " ");
const number = (value) => value.toLocaleString("en-US");
const time = (value, digits = 16) => (value ? value.slice(0, digits).replace("T", " ") : "");

function text(value) {
  if (value == null) return "";
  return typeof value === "number" ? number(value) : String(value);
}

function definitions(entries) {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of entries) {
    if (value != null && value !== "") list.append(element("div", {}, element("dt", {}, name), element("dd", {}, text(value))));
  }
  return list;
}

const options = (values) => values.map((value) => element("option", { value }, value));
const distinct = (values) => [...new Set(values.filter((value) => value != null && value !== ""))].sort();
