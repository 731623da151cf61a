/* Plots: lines by Chart.js, in the colours of the page; each also as a table. */

const plots = new Set(); /* {canvas, settings, chart} */

const styleOf = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* Colours change with the scheme, and for paper: charts are then drawn anew. */
function drawPlot(plot) {
  if (plot.chart) plot.chart.destroy();
  Chart.defaults.color = styleOf('--quiet');
  Chart.defaults.borderColor = styleOf('--line');
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  plot.chart = new Chart(plot.canvas, plot.settings());
  plot.figure.dataset.points = plot.chart.data.datasets.reduce(
    (sum, _, index) => sum + plot.chart.getDatasetMeta(index).data.length, 0);
}

/* Draws those that are new, or all; forgets those whose canvas is gone. */
function drawPlots(all = false) {
  for (const plot of plots) {
    if (!plot.canvas.isConnected) {
      if (plot.chart) plot.chart.destroy();
      plots.delete(plot);
    } else if (all || !plot.chart) {
      drawPlot(plot);
    }
  }
}

/* A figure with a canvas; it is drawn by drawPlots, once in the document. */
function makeFigure(title, text, label, settings) {
  const canvas = make('canvas', {role: 'img', 'aria-label': label});
  const figure = make('figure', {class: 'plot'},
    make('figcaption', null, make('strong', null, title), text ? make('span', null, text) : null),
    make('div', {class: 'canvas'}, canvas));
  plots.add({canvas, figure, settings, chart: null});
  return figure;
}

/* --- axes --- */

const powerOfTen = (value) =>
  Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? showNumber(value) : '';

function makeAxis(title, isLog) {
  return {
    type: isLog ? 'logarithmic' : 'linear',
    title: {display: true, text: title},
    ticks: {callback: isLog ? powerOfTen : showNumber, maxRotation: 0},
  };
}

const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
  43200, 86400, 172800, 604800, 2592000, 31536000].map((seconds) => seconds * 1000);

function makeTimeAxis() {
  return {
    type: 'linear',
    afterBuildTicks(axis) {
      const span = axis.max - axis.min;
      const step = timeSteps.find((size) => span / size <= 6) || span || 1;
      axis.ticks = [];
      for (let at = Math.ceil(axis.min / step) * step; at <= axis.max; at += step) {
        axis.ticks.push({value: at});
      }
    },
    ticks: {
      maxRotation: 0,
      callback(value, index, ticks) {
        const text = showTime(value, false);
        const day = ticks.length > 1 && ticks[1].value - ticks[0].value >= 864e5;
        return day ? text.slice(0, 10) : text.slice(11, 16);
      },
    },
  };
}

/* --- curves of a view --- */

/* Values of column y; where the table has none, the part over that of the line `whole`. */
function curveValues(view, rows) {
  if (rows.about.has(view.y) || !view.part) return rows.get(view.y);
  const at = new Map();
  const x = rows.get(view.x), part = rows.get(view.part), lines = rows.get(view.lines);
  x.forEach((value, row) => {
    if (lines[row] === view.whole) at.set(value, part[row]);
  });
  return x.map((value, row) => at.get(value) > 0 ? part[row] / at.get(value) : null);
}

/* [name, points] of every line, in the order of the table; what a logarithm has not is left out. */
function readCurves(view, rows) {
  const x = rows.get(view.x), y = curveValues(view, rows), curves = new Map();
  rows.get(view.lines).forEach((name, row) => {
    if (!curves.has(name)) curves.set(name, []);
    if (typeof x[row] !== 'number' || typeof y[row] !== 'number') return;
    if ((view.log_x && x[row] <= 0) || (view.log_y && y[row] <= 0)) return;
    curves.get(name).push({x: x[row], y: y[row]});
  });
  return [...curves].map(([name, points]) => [name, view.least ? leastOf(points) : points])
    .filter(([, points]) => points.length > 0);
}

/* Of the points those that no other beats: as far in x with a smaller y. */
function leastOf(points) {
  const kept = [];
  let least = Infinity;
  for (const point of [...points].sort((a, b) => b.x - a.x || a.y - b.y)) {
    if (point.y >= least) continue;
    least = point.y;
    kept.unshift(point);
  }
  return kept;
}

const marks = ['circle', 'rect', 'triangle', 'rectRot', 'cross', 'star', 'crossRot', 'dash'];

function curveSettings(view, curves) {
  const reach = (axis) => {
    const values = curves.flatMap(([, points]) => points.map((point) => point[axis]));
    return values.reduce(([low, high], value) =>
      [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  };
  const axis = (name, isLog) => Object.assign(makeAxis(view[name].replaceAll('_', ' '), isLog),
    isLog ? {min: 10 ** Math.floor(Math.log10(reach(name)[0]))} : {min: 0});
  return {
    type: 'scatter',
    data: {datasets: curves.map(([name, points], index) => {
      const colour = styleOf(`--line-${index % 8 + 1}`);
      return {
        label: visible(name), data: points, showLine: true, borderWidth: 1.8, borderColor: colour,
        backgroundColor: colour, borderDash: index < 8 ? [] : [5, 3],
        pointStyle: marks[index % 8], /* a mark now and then: lines are told apart without colour */
        pointRadius: points.map((_, at) => at % 16 === (3 * index) % 16 ? 3.5 : 0),
        pointHitRadius: 4,
      };
    })},
    options: {
      animation: false, maintainAspectRatio: false,
      scales: {x: axis('x', view.log_x), y: axis('y', view.log_y)},
      plugins: {
        legend: {position: 'bottom', labels: {usePointStyle: true, boxWidth: 9, boxHeight: 5, padding: 12}},
        tooltip: {callbacks: {label: (item) => `${item.dataset.label}: ` +
          `${view.x} ${showNumber(item.parsed.x)}, ${view.y} ${showNumber(item.parsed.y)}`}},
      },
    },
  };
}

function makeCurves(view, rows) {
  const curves = readCurves(view, rows);
  if (curves.length === 0) return null;
  const label = `${view.title}: ${view.y} over ${view.x}, a line for each of ` +
    `${curves.map(([name]) => name).join(', ')}; the numbers are in table ${view.table}`;
  const figure = makeFigure(view.title, view.text, label, () => curveSettings(view, curves));
  figure.dataset.lines = curves.length;
  return figure;
}

/* --- a counter around its change --- */

/* Draws the time of the firing as a band and the change as a line, behind the values. */
const eventMarks = {
  id: 'events',
  beforeDatasetsDraw(chart, _, events) {
    const {ctx, chartArea: area, scales: {x}} = chart;
    const at = (time) => Math.min(area.right, Math.max(area.left, x.getPixelForValue(time)));
    ctx.save();
    ctx.fillStyle = styleOf('--band');
    const end = events.end === null ? area.right : at(events.end);
    ctx.fillRect(at(events.start), area.top, Math.max(end - at(events.start), 1),
      area.bottom - area.top);
    if (events.change >= x.min && events.change <= x.max) {
      ctx.strokeStyle = styleOf('--mark');
      ctx.lineWidth = 1.5;
      ctx.setLineDash([4, 3]);
      ctx.beginPath();
      ctx.moveTo(at(events.change), area.top);
      ctx.lineTo(at(events.change), area.bottom);
      ctx.stroke();
    }
    ctx.restore();
  },
};

function seriesSettings(times, values, events) {
  return {
    type: 'scatter',
    plugins: [eventMarks],
    data: {datasets: [{
      data: times.map((time, index) => ({x: time, y: values[index] === null ? NaN : values[index]})),
      showLine: true, borderWidth: 1.6, borderColor: styleOf('--line-1'), pointRadius: 0,
      pointHitRadius: 6, backgroundColor: styleOf('--line-1'),
    }]},
    options: {
      animation: false, maintainAspectRatio: false,
      scales: {
        x: Object.assign(makeTimeAxis(), {min: times[0], max: times[times.length - 1]}),
        y: {ticks: {callback: showNumber, maxTicksLimit: 5}},
      },
      plugins: {
        legend: {display: false}, events,
        tooltip: {callbacks: {label: (item) =>
          `${showTime(item.parsed.x)}: ${showNumber(item.parsed.y)}`}},
      },
    },
  };
}
