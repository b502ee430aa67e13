"use strict";
// What the page shows follows from its data alone; a page that is served asks for new ones.
let data = JSON.parse(document.getElementById("data").textContent);
const plots = [];
const number = (value, digits) => value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
const percent = part => number(100 * part, 2) + " %";
const duration = seconds => {
  const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min ${s % 60} s` : `${s} s`;
};
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const element = (name, text) => Object.assign(document.createElement(name), {textContent: text});

const CHARTS = [
  {title: "Loss", lines: [["training", e => e["training-loss"]], ["validation", e => e["validation-loss"]]], digits: 4},
  {title: "Validation error, %", lines: [["top-1", e => 100 * e["validation-top1-error"]], ["top-5", e => 100 * e["validation-top5-error"]]], digits: 2, five: true},
  {title: "Images a second", lines: [["images/s", e => e["images-per-second"]]], digits: 0},
  {title: "Learning rate", lines: [["rate", e => e["learning-rate"]]], digits: 5},
  {title: "Where a worker's time goes, %", lines: [
    ["steps", e => share(e, e["step-seconds"])], ["reading", e => share(e, e["reading-seconds"])],
    ["averaging", e => share(e, e["averaging-seconds"])],
    ["the rest", e => share(e, e["seconds"] - e["step-seconds"] - e["reading-seconds"] - e["averaging-seconds"])]], digits: 1, measured: true},
];
const share = (epoch, seconds) => 100 * Math.max(0, seconds) / epoch["seconds"];

function draw() {
  const epochs = data.epochs;
  const best = epochs.reduce((a, b) => a === null || b["validation-top1-error"] < a["validation-top1-error"] ? b : a, null);
  state(epochs);
  facts(epochs, best);
  charts(epochs);
  table(epochs, best);
}

function state(epochs) {
  const line = document.getElementById("state");
  const now = data.now === "none" ? null : data.now;
  if (data.state === "training" && now) {
    const part = (now.epoch + now.examples / now["of-examples"]) / data["of-epochs"];
    line.replaceChildren(Object.assign(document.createElement("progress"), {max: 1, value: part}),
      ` epoch ${now.epoch + 1} of ${data["of-epochs"]}, ${number(now.examples, 0)} of ${number(now["of-examples"], 0)} images, loss ${number(now.loss, 4)}`
      + (part > 0.01 && now.seconds > 0 ? `, about ${duration(now.seconds / part * (1 - part))} left` : ""));
  } else {
    line.textContent = data.state === "done" ? `Done: ${epochs.length} epochs.`
      : data.state === "training" ? "Training; the first images are under way."
      : `Stopped after ${epochs.length} of ${data["of-epochs"]} epochs; the same command with this --run goes on.`;
  }
}

function facts(epochs, best) {
  const last = epochs[epochs.length - 1];
  const all = last ? [
    ["validation top-1 error", percent(last["validation-top1-error"])],
    ["best, epoch " + best.epoch, percent(best["validation-top1-error"])],
    ["training loss", number(last["training-loss"], 4)],
    ["images a second", number(last["images-per-second"], 0)],
    ["trained for", duration(epochs.reduce((sum, e) => sum + e.seconds, 0))]] : [];
  document.getElementById("facts").replaceChildren(...all.map(([name, value]) => {
    const box = document.createElement("div");
    box.append(element("dt", name), element("dd", value));
    return box;
  }));
}

function charts(epochs) {
  const room = document.getElementById("charts");
  plots.splice(0).forEach(plot => plot.destroy());
  room.replaceChildren();
  if (epochs.length === 0) { return; }
  const axis = {stroke: colour("--dim"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}};
  const shown = CHARTS.filter(chart => !chart.measured || epochs.some(e => e["step-seconds"] > 0));
  // All of them are there before the first one is as wide as its place.
  const boxes = shown.map(chart => {
    const box = document.createElement("div");
    box.className = "plot";
    box.append(element("h3", chart.title));
    room.append(box);
    return box;
  });
  shown.forEach((chart, place) => {
    const lines = chart.five && data.classes <= 5 ? chart.lines.slice(0, 1) : chart.lines;
    const box = boxes[place];
    const plot = new uPlot(named({
      width: Math.max(240, box.clientWidth - 20), height: 230,
      scales: {x: {time: false}, y: {range: (u, low, high) => [Math.min(0, low), high > 0 ? high * 1.05 : 1]}},
      axes: [{...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]}, {...axis, size: 60}],
      series: [{label: "epoch"}, ...lines.map(([name], i) => ({
        label: name, stroke: colour("--c" + i), width: 2, points: {show: epochs.length < 40},
        value: (u, value) => value === null ? "" : number(value, chart.digits)}))],
    }, lines), [epochs.map(e => e.epoch), ...lines.map(([, of]) => epochs.map(of))], box);
    plots.push(plot);
    const last = () => plot.setLegend({idx: epochs.length - 1});
    // Not before uPlot has drawn for the first time, which empties it.
    setTimeout(last);
    plot.over.addEventListener("mouseleave", () => setTimeout(last));
  });
}

function computedBy(epoch) {
  const {engine, device, precision} = epoch.backend;
  return engine ? `${engine}, ${device}, ${precision}` : "";
}

function table(epochs, best) {
  const columns = [["epoch", e => e.epoch], ["training loss", e => number(e["training-loss"], 4)],
    ["validation loss", e => number(e["validation-loss"], 4)], ["top-1 error", e => percent(e["validation-top1-error"])],
    ...(data.classes > 5 ? [["top-5 error", e => percent(e["validation-top5-error"])]] : []),
    ["rate", e => number(e["learning-rate"], 5)], ["rounds", e => number(e.rounds, 0)],
    ["time", e => duration(e.seconds)], ["images/s", e => number(e["images-per-second"], 0)],
    ...(new Set(epochs.map(computedBy)).size > 1 ? [["computed by", computedBy]] : [])];
  const head = document.createElement("tr");
  head.append(...columns.map(([name]) => element("th", name)));
  const room = document.getElementById("epochs");
  room.tHead.replaceChildren(head);
  room.tBodies[0].replaceChildren(...epochs.map(e => {
    const row = document.createElement("tr");
    row.className = e === best ? "best" : "";
    row.append(...columns.map(([, of]) => element("td", of(e))));
    return row;
  }));
}

draw();
let wait;
addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => charts(data.epochs), 150); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts(data.epochs));
if (location.protocol === "http:") {
  let shown = null;
  setInterval(async () => {
    try {
      const answer = await fetch("data.json", {cache: "no-store"});
      const text = await answer.text();
      if (answer.ok && text !== shown) {
        shown = text;
        data = JSON.parse(text);
        draw();
      }
    } catch (e) {
      shown = null;
      document.getElementById("state").textContent = "jobs/watch.sh has ended: what is shown is what it said last.";
    }
  }, 2000);
}
