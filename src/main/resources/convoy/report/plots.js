// Names of a plot's lines at their right ends, as far apart as text is high.
const NAME_HEIGHT = 13, NAME_WIDTH = 7, LONGEST_NAME = 18, MOST_NAMES = 8;
const shortened = name => name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME - 1) + "\u2026" : name;

function named(options, lines) {
  if (lines.length < 2 || lines.length > MOST_NAMES) { return options; }
  const room = 8 + NAME_WIDTH * Math.max(...lines.map(([name]) => shortened(name).length));
  return {...options, padding: [null, room, null, null], hooks: {draw: [plot => nameLines(plot, options.series)]}};
}

function nameLines(plot, series) {
  const ratio = devicePixelRatio, {left, top, width, height} = plot.bbox;
  const ends = series.slice(1).map((line, i) => {
    const value = plot.data[i + 1].findLast(one => one !== null);
    return {line, y: value === undefined ? NaN : plot.valToPos(value, "y", true)};
  }).filter(end => !isNaN(end.y)).sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { end.y = Math.max(end.y, i === 0 ? top : ends[i - 1].y + NAME_HEIGHT * ratio); });
  ends.reduceRight((below, end) => end.y = Math.min(end.y, below - NAME_HEIGHT * ratio), top + height + NAME_HEIGHT * ratio);
  const pen = plot.ctx;
  pen.save();
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  ends.forEach(({line, y}) => {
    pen.fillStyle = line.stroke;
    pen.fillText(shortened(line.label), left + width + 5 * ratio, y);
  });
  pen.restore();
}
