/* Tables: rows of data as HTML tables that scroll by themselves; values of any JSON for details. */

const LONGEST_SHORT = 24; /* a time; cells up to there are not broken */

/* columns: [{title, kind, units, label}]; cell(row, column index) gives a text or an element. */
function makeTable(caption, columns, n, cell, options = {}) {
  const head = make('tr', null, columns.map((column) =>
    make('th', {scope: 'col', class: column.kind === 'number' ? 'number' : null,
      title: column.label || null}, column.title)));
  const body = make('tbody');
  for (let row = 0; row < n; row++) {
    body.append(make('tr', null, columns.map((column, index) => {
      const content = cell(row, index);
      const isShort = typeof content === 'string' && content.length <= LONGEST_SHORT;
      return make('td', {class: column.kind === 'number' ? 'number' : isShort ? 'short' : null,
        'data-label': column.title}, content instanceof Node ? content : data(content));
    })));
  }
  const table = make('table', {class: options.class || null},
    make('caption', {class: options.showCaption ? null : 'unseen'}, caption),
    make('thead', null, head), body);
  return make('div', {class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0'},
    table);
}

const headOf = (column) => ({
  title: column.units && column.units !== '1' && !isTime(column) ? `${column.name} (${column.units})` : column.name,
  label: column.title, kind: isTime(column) ? 'text' : column.kind,
});

/* All columns of rows, or those named. */
function makeRowsTable(caption, rows, names = [...rows.about.keys()], order = null) {
  const columns = names.filter((name) => rows.about.has(name)).map((name) => rows.about.get(name));
  const list = order || Array.from({length: rows.n}, (_, row) => row);
  return makeTable(caption, columns.map(headOf), list.length, (row, index) =>
    showCell(rows.get(columns[index].name)[list[row]], columns[index]));
}

/* "3 rows", "1 row"; `things` ends with s. */
const nameCount = (count, things) =>
  `${showNumber(count)} ${count === 1 ? things.slice(0, -1) : things}`;

const countOf = (shown, total, things) =>
  shown < total ? `the first ${showNumber(shown)} of ${nameCount(total, things)}`
                : nameCount(total, things);

/* Any JSON as what a person reads: lists of objects are tables, objects lists of terms. */
function makeValue(value, caption, depth = 0) {
  if (value === null || value === '') return '\u2013';
  if (typeof value === 'number') return showNumber(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object') return data(String(value));
  if (depth > 4) return data(JSON.stringify(value).slice(0, 1000));
  if (!Array.isArray(value)) return makeTerms(value, depth + 1);
  if (value.length === 0) return '\u2013';
  if (value.every((item) => item !== null && typeof item === 'object' && !Array.isArray(item))) {
    return makeObjectsTable(value, caption, depth);
  }
  return make('ul', {class: 'values'}, value.slice(0, 200).map((item) =>
    make('li', null, makeValue(item, caption, depth + 1))));
}

function makeObjectsTable(list, caption, depth) {
  const names = [...new Set(list.flatMap((item) => Object.keys(item)))];
  const columns = names.map((name) => ({title: name,
    kind: list.every((item) => item[name] === null || typeof item[name] === 'number')
      ? 'number' : 'text'}));
  return makeTable(caption, columns, Math.min(list.length, 200),
    (row, index) => makeValue(list[row][names[index]] ?? null, names[index], depth + 1));
}

function makeTerms(object, depth = 0) {
  return make('dl', {class: 'terms'}, Object.entries(object).map(([name, value]) =>
    [make('dt', null, name), make('dd', null, makeValue(value, name, depth))]));
}

/* Every table of the run: what it is, its columns, its first rows. */
function addTables() {
  const total = page.n_tables;
  const part = addPart('tables', 'Tables',
    `${countOf(page.tables.length, total, 'tables')} of the run, each with its first rows. ` +
    'All of a table: lode export RUN TABLE.');
  for (const table of page.tables) {
    const rows = readRows(table);
    const summary = [make('code', null, table.name), ` ${table.title} `,
      make('span', {class: 'note'}, nameCount(table.rows, 'rows'))];
    addDetails(part, summary, (details) => {
      const names = table.columns.map((column) => column.name);
      add(details, make('p', {class: 'note'}, `${countOf(rows.n, rows.total, 'rows')}, ` +
        `${countOf(names.length, table.n_columns, 'columns')}`));
      add(details, makeRowsTable(`First rows of ${table.name}`, rows));
      add(details, make('dl', {class: 'terms'}, table.columns.filter((c) => c.title).map((column) =>
        [make('dt', null, column.name), make('dd', null, column.title)])));
    }).dataset.table = table.name;
  }
}
