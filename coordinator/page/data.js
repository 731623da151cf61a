'use strict';
/* Data: the JSON block of the page, columns back in plain arrays (page/cells.h has the forms). */

/* What a reader should see of text that may come from anybody: control characters and those that
 * turn the direction of what follows are shown by their number. */
function visible(text) {
  return String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function showError(text) {
  const place = document.getElementById('alert');
  place.hidden = false;
  place.textContent = visible(`This page has a fault: ${text}`);
  document.documentElement.dataset.state = 'fault';
}

window.addEventListener('error', (event) => showError(event.message));

const page = JSON.parse(document.getElementById('data').textContent);

function readIntegers(form) {
  if (!form.steps) return form.values;
  const values = [];
  let value = 0;
  for (let i = 0; i < form.steps.length; i += 2) {
    for (let n = form.steps[i + 1]; n > 0; n--) {
      value += form.steps[i];
      values.push(value);
    }
  }
  return values;
}

function readColumn(column) {
  if (!column.words) return readIntegers(column);
  return readIntegers(column.codes).map((code) => column.words[code]);
}

/* Rows of a table: about (columns by name), get(name) their values, [] where there are none. */
function readRows(source) {
  const about = new Map(), values = new Map();
  for (const column of source ? source.columns : []) about.set(column.name, column);
  return {
    about,
    title: source ? source.title : '',
    total: source ? source.rows : 0,
    n: source ? source.shown : 0,
    get(name) {
      if (!values.has(name)) values.set(name, about.has(name) ? readColumn(about.get(name)) : []);
      return values.get(name);
    },
  };
}

/* Row numbers by the value of a column. */
function indexRows(rows, name) {
  const index = new Map();
  rows.get(name).forEach((value, row) => {
    if (!index.has(value)) index.set(value, []);
    index.get(value).push(row);
  });
  return index;
}

const isTime = (column) => column.units.startsWith('ms since 1970-01-01');

function showTime(ms, seconds = true) {
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) return `${ms} ms`;
  const text = date.toISOString().replace('T', ' ').replace(/\.000Z$/, '').replace(/Z$/, '');
  return `${seconds ? text.replace(/:00$/, '') : text.slice(0, 16)} UTC`;
}

/* Four digits, whole numbers in groups. */
function showNumber(value) {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) {
    return Math.abs(value) < 1e15 ? value.toLocaleString('en-US') : String(value);
  }
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2);
  return size >= 1000 ? Math.round(value).toLocaleString('en-US')
                      : String(Number(value.toPrecision(4)));
}

function showDuration(ms) {
  const units = [['d', 864e5], ['h', 36e5], ['min', 6e4], ['s', 1e3]];
  const [name, size] = units.find(([, unit]) => ms >= unit) || ['ms', 1];
  return `${showNumber(Number((ms / size).toPrecision(3)))} ${name}`;
}

function showCell(value, column) {
  if (value === null || value === undefined) return '';
  if (column.kind === 'number') return isTime(column) ? showTime(value) : showNumber(value);
  return String(value);
}
