/* Findings: the ranked list, with a filter, and on demand all that is known of one; the muted ones
 * apart, with the reason. */

const findings = readRows(page.findings);

function findingColumns(names) {
  const isEmpty = (value) => value === null || value === '';
  const columns = names.filter((name) => !findings.get(name).every(isEmpty))
    .map((name) => findings.about.get(name));
  if (page.findings.feedback.some((word) => word !== '')) {
    columns.push({name: 'feedback', title: 'what people said of it', units: '', kind: 'text'});
  }
  return columns;
}

function findingCell(column, row) {
  if (column.name === 'rank') {
    const rank = findings.get('rank')[row];
    return Object.assign(link({finding: rank}, `${rank}`), {title: `all of finding ${rank}`});
  }
  if (column.name === 'feedback') return page.findings.feedback[row];
  return showCell(findings.get(column.name)[row], column);
}

function makeFindingsTable(caption, names, rows, reasons) {
  const columns = findingColumns(names);
  const heads = columns.map(headOf);
  if (reasons) heads.push({title: 'reason', kind: 'text'});
  const table = makeTable(caption, heads, rows.length, (at, index) =>
    index < columns.length ? findingCell(columns[index], rows[at])
                           : page.findings.muted[rows[at]], {class: 'cards'});
  table.querySelectorAll('tbody tr').forEach((line, at) => {
    line.dataset.row = rows[at];
    line.id = `finding-${findings.get('rank')[rows[at]] ?? rows[at] + 1}`;
  });
  return table;
}

function addFilter(part, table, n) {
  const count = make('output', {for: 'filter', class: 'note'}, `${n} shown`);
  const input = make('input', {id: 'filter', type: 'search', autocomplete: 'off'});
  const lines = [...table.querySelectorAll('tbody tr')];
  const texts = lines.map((line) => line.textContent.toLowerCase());
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    lines.forEach((line, index) => {
      line.hidden = !words.every((word) => texts[index].includes(word));
      shown += line.hidden ? 0 : 1;
    });
    count.textContent = `${shown} shown`;
    closeFinding();
    history.replaceState(null, '', '#findings'); /* so that the same rank can be asked for again */
  });
  part.append(make('p', {class: 'filter'}, make('label', {for: 'filter'}, 'Filter: '), input, ' ',
    count));
}

function addFindings() {
  const {shown, rows: total, muted} = page.findings;
  const part = addPart('findings', 'Findings',
    `${countOf(shown, total, 'findings')}, ranked. A rank opens all that is known of one.`);
  const all = Array.from({length: shown}, (_, row) => row);
  const open = all.filter((row) => muted[row] === null);
  const silent = all.filter((row) => muted[row] !== null);
  if (open.length === 0) {
    part.append(make('p', null, total > 0 ? 'No findings but those that are muted.'
                                          : 'No findings.'));
  } else {
    const table = makeFindingsTable('Findings', page.findings.show, open, false);
    addFilter(part, table, open.length);
    part.append(table);
  }
  if (silent.length > 0) {
    part.append(make('h3', null, `Muted: ${silent.length}`),
      makeFindingsTable('Muted findings', ['rank', ...page.findings.identity], silent, true));
  }
}

function closeFinding() {
  document.querySelectorAll('tr.detail').forEach((line) => line.remove());
  document.querySelectorAll('tr[data-row] a[aria-expanded]').forEach((anchor) =>
    anchor.removeAttribute('aria-expanded'));
}

/* What the line of findings.jsonl has beyond the columns of the list. */
function makeFindingDetail(row) {
  const box = make('div', {class: 'known'});
  const firing = findings.get('firing')[row], detail = page.findings.details[row];
  if (firing && health.n > 0) {
    box.append(make('p', null, link({component: findings.get('component')[row], firing},
      'Its counters around the change')));
  }
  add(box, detail ? makeTerms(detail)
                  : make('p', null, 'This page has the details of the first ' +
                      `${page.findings.details.length} findings; lode show RUN --finding ` +
                      `${row + 1} has them all.`));
  return box;
}

/* Opens the details of the finding of that rank under its line. */
function openFinding(rank) {
  const line = document.getElementById(`finding-${rank}`);
  closeFinding();
  if (!line) return;
  const close = make('a', {href: '#findings', class: 'close'}, 'Close');
  const cell = make('td', {colspan: line.children.length}, makeFindingDetail(Number(line.dataset.row)),
    close);
  line.after(make('tr', {class: 'detail'}, cell));
  const anchor = line.querySelector('a');
  if (anchor) anchor.setAttribute('aria-expanded', 'true');
  line.hidden = false;
  line.scrollIntoView({block: 'start'});
}
