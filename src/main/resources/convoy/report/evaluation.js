"use strict";
// What the page shows follows from its data alone.
const data = JSON.parse(document.getElementById("data").textContent);
const plots = [];
const MOST_CELLS_IN_A_TABLE = 20;
const DASHES = [undefined, [6, 4], [2, 3]];
const number = (value, digits) => value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const element = (name, text) => Object.assign(document.createElement(name), {textContent: text});

function reliability() {
  const lines = [["as it is", data.reliability]];
  if (data.calibrated !== "none") { lines.push(["at the temperature", data.calibrated]); }
  const places = [...new Set(lines.flatMap(([, bins]) => bins.filter(bin => bin.examples > 0).map(bin => bin.confidence)))].sort((a, b) => a - b);
  const at = bins => places.map(place => {
    const bin = bins.find(one => one.examples > 0 && one.confidence === place);
    return bin === undefined ? null : bin.accuracy;
  });
  return {title: "Reliability: accuracy by confidence", x: places, label: "confidence", top: 1, digits: 2,
    lines: [...lines.map(([name, bins]) => [name, at(bins)]), ["ideal", places, true]]};
}

function curves() {
  const trained = data.members.filter(member => member.points.length > 0);
  if (trained.length === 0) { return []; }
  const epochs = [...new Set(trained.flatMap(member => member.points.map(point => point.epoch)))].sort((a, b) => a - b);
  const line = (member, of) => epochs.map(epoch => {
    const point = member.points.find(one => one.epoch === epoch);
    return point === undefined ? null : of(point);
  });
  return [["Learning curves: validation error, %", point => 100 * point["validation-top1-error"], 2], ["Learning curves: training loss", point => point["training-loss"], 4]]
    .map(([title, of, digits]) => ({title, x: epochs, label: "epoch", digits, lines: trained.map(member => [member.name, line(member, of)])}));
}

function bySize() {
  const sizes = data["by-size"];
  if (sizes.length === 0) { return []; }
  const line = key => sizes.map(size => 100 * size[key]);
  return [{title: "Top-1 error of ensembles of so many members, %", x: sizes.map(size => size.members), label: "members", digits: 2, close: true,
    lines: [["mean of them", line("mean-top1-error")], ["lowest", line("lowest-top1-error"), true], ["highest", line("highest-top1-error"), true]]}];
}

function charts() {
  const room = document.getElementById("charts");
  plots.splice(0).forEach(plot => plot.destroy());
  room.replaceChildren();
  const axis = {stroke: colour("--dim"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}};
  const shown = [...bySize(), ...curves(), reliability()];
  // All of them are there before the first one is as wide as its place.
  const boxes = shown.map(chart => {
    const box = document.createElement("div");
    box.className = "plot";
    box.setAttribute("aria-label", chart.title);
    box.append(element("h3", chart.title));
    room.append(box);
    return box;
  });
  shown.forEach((chart, place) => {
    plots.push(new uPlot(named({
      width: Math.max(240, boxes[place].clientWidth - 20), height: 230,
      scales: {x: {time: false}, y: {range: (u, low, high) => [chart.close ? 0.95 * low : Math.min(0, low), chart.top || (high > 0 ? high * 1.05 : 1)]}},
      axes: [chart.top ? axis : {...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]}, {...axis, size: 60}],
      series: [{label: chart.label, value: (u, value) => value === null ? "" : number(value, chart.top ? 2 : 0)}, ...chart.lines.map(([name, , aside], i) => ({
        label: name, stroke: colour(aside ? "--dim" : "--c" + i % 4), width: aside ? 1 : 2, spanGaps: true,
        dash: aside ? undefined : DASHES[Math.floor(i / 4) % DASHES.length], points: {show: !aside && chart.x.length < 40}, value: (u, value) => value === null ? "" : number(value, chart.digits)}))],
    }, chart.lines), [chart.x, ...chart.lines.map(([, values]) => values)], boxes[place]));
  });
}

const tell = (row, column, count) => {
  document.getElementById("cell").textContent =
    `${data.classes[row]}, taken for ${data.classes[column]}: ${number(count, 0)} of ${number(data.examples[row], 0)}`;
};

function confusion() {
  const n = data.classes.length;
  const cells = new Map(data.confusion.map(([row, column, count]) => [row * n + column, count]));
  const part = cell => (cells.get(cell) || 0) / Math.max(1, data.examples[Math.floor(cell / n)]);
  const hues = [colour("--c0"), colour("--c1")];
  const hue = (row, column) => hues[row === column ? 0 : 1];
  document.getElementById("confusion").replaceChildren(n <= MOST_CELLS_IN_A_TABLE ? table(n, cells, part, hue) : picture(n, cells, part, hue));
}

function table(n, cells, part, hue) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(element("th", ""), ...data.classes.map(name => Object.assign(element("th", name), {title: name})));
  const body = table.createTBody();
  data.classes.forEach((name, row) => {
    const line = body.insertRow();
    line.append(Object.assign(element("th", name), {title: name}));
    data.classes.forEach((other, column) => {
      const count = cells.get(row * n + column) || 0;
      const cell = line.insertCell();
      cell.textContent = count > 0 ? number(count, 0) : "";
      cell.style.background = `color-mix(in srgb, ${hue(row, column)} ${Math.round(70 * Math.sqrt(part(row * n + column)))}%, transparent)`;
      ["mouseenter", "click"].forEach(kind => cell.addEventListener(kind, () => tell(row, column, count)));
    });
  });
  return table;
}

// A pixel a cell and more, of a thousand classes with one over on each side; small parts are drawn stronger than
// they are, or nobody would see them. Some classes are named on both sides.
function picture(n, cells, part, hue) {
  const size = Math.max(1, Math.floor(900 / n)), margin = 110, step = Math.ceil(15 / size), over = size < 3 ? 1 : 0;
  const side = margin + n * size;
  const canvas = Object.assign(document.createElement("canvas"), {width: side, height: side});
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour("--card");
  pen.fillRect(margin, margin, n * size, n * size);
  cells.forEach((count, cell) => {
    const row = Math.floor(cell / n), column = cell % n;
    pen.globalAlpha = Math.sqrt(part(cell));
    pen.fillStyle = hue(row, column);
    pen.fillRect(margin + column * size - over, margin + row * size - over, size + 2 * over, size + 2 * over);
  });
  pen.globalAlpha = 1;
  pen.fillStyle = colour("--dim");
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (let i = 0; i < n; i += step) {
    const name = shortened(data.classes[i]), middle = margin + (i + 0.5) * size;
    pen.fillText(name, margin - 4, middle);
    pen.save();
    pen.translate(middle, margin - 4);
    pen.rotate(Math.PI / 2);
    pen.fillText(name, 0, 0);
    pen.restore();
  }
  const under = place => Math.max(0, Math.min(n - 1, Math.floor((place - margin) / size)));
  // A finger does not hover.
  ["mousemove", "click"].forEach(kind => canvas.addEventListener(kind, event => {
    const row = under(event.offsetY), column = under(event.offsetX);
    tell(row, column, cells.get(row * n + column) || 0);
  }));
  return canvas;
}

function draw() {
  charts();
  confusion();
}
draw();
let wait;
addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(charts, 150); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
