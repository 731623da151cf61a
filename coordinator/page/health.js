/* Health: the tree of components, and the way down: a component, what fired in it, who made the
 * firing, their raw values around the change.
 */

const health = readRows(page.rows.health);
const firings = readRows(page.rows.firings);
const contributions = readRows(page.rows.contributions);
const evidence = readRows(page.rows.evidence);
const samples = readRows(page.rows.evidence_values);
const incidents = readRows(page.rows.incidents);

/* Row numbers, made once. */
const healthOf = new Map(health.get('component').map((name, row) => [name, row]));
const firingRow = new Map(firings.get('firing').map((number, row) => [number, row]));
const firingsOf = indexRows(firings, 'component');
const contributionsOf = indexRows(contributions, 'firing');
const findingOf = new Map(findings.get('firing').map((number, row) => [number, row]));
const evidenceOf = indexRows(evidence, 'finding');
const samplesOf = indexRows(samples, 'finding');
const severityOf = new Map(incidents.get('firing').map((number, row) =>
  [number, incidents.get('severity')[row]]));
const textOf = new Map(incidents.get('firing').map((number, row) =>
  [number, incidents.get('text')[row]]));

/* --- the tree --- */

/* What health.c says of a firing that lasts: (T / (T + E)) ^ severity. */
function firingHealth(row) {
  if (firings.get('end')[row] !== null) return 1;
  const threshold = firings.get('threshold')[row], peak = firings.get('peak')[row];
  const severity = severityOf.get(firings.get('firing')[row]) ?? 1;
  return (threshold / (threshold + peak)) ** severity;
}

function childrenOf() {
  const children = new Map();
  health.get('component').forEach((name, row) => {
    const parent = health.get('parent')[row];
    const key = healthOf.has(parent) ? parent : '';
    if (!children.has(key)) children.set(key, []);
    children.get(key).push(name);
  });
  return children;
}
const componentChildren = childrenOf();

/* Detectors of a component that fire at the end of the scored slots. */
function makeUnwell(name) {
  const rows = (firingsOf.get(name) || []).filter((row) => firingHealth(row) < 1);
  return rows.map((row) => make('li', null, make('div', {class: 'node', 'data-detector': name},
    link({component: name, firing: firings.get('firing')[row]},
      data(`${firings.get('level')[row]} ${firings.get('detector')[row]}`)),
    makeHealth(firingHealth(row)), make('span', {class: 'note'},
      `fires since ${showTime(firings.get('start')[row])}`))));
}

const makeComponentHealth = (row) =>
  makeHealth(health.get('health')[row], health.get('colour')[row]);

function makeBranch(parent, depth) {
  const names = componentChildren.get(parent);
  const unwell = makeUnwell(parent);
  if ((!names && unwell.length === 0) || depth > 64) return null;
  return make('ul', null, unwell, (names || []).map((name) => {
    const count = (firingsOf.get(name) || []).length;
    return make('li', null, make('div', {class: 'node', 'data-component': name},
      link({component: name}, data(name)), makeComponentHealth(healthOf.get(name)),
      make('span', {class: 'note'}, count > 0 ? nameCount(count, 'firings') : '')),
    makeBranch(name, depth + 1));
  }));
}

function makeTally() {
  const counts = {red: 0, orange: 0, yellow: 0, green: 0, unknown: 0};
  for (const colour of health.get('colour')) counts[colour]++;
  return make('p', {class: 'tally'}, Object.entries(counts).map(([colour, count]) =>
    make('span', {class: `health ${colour}`}, make('span', {'aria-hidden': 'true'},
      `${shapes[colour]} `), `${showNumber(count)} ${colour}`)));
}

function addHealth(view) {
  const part = addPart('health', view.title, view.text);
  if (health.n < health.total) {
    part.append(make('p', {class: 'note'}, `Of ${showNumber(health.total)} components the ` +
      `${showNumber(health.n)} with the least health.`));
  }
  if (firings.n < firings.total) {
    part.append(make('p', {class: 'note'}, `Of ${showNumber(firings.total)} firings those of the ` +
      `findings below and of components that are not well: ${showNumber(firings.n)}.`));
  }
  const tree = make('div', {class: 'tree', role: 'region', 'aria-label': 'Tree of components',
    tabindex: '0'}, makeTally(), makeBranch('', 0));
  part.append(make('div', {class: 'down'}, tree, make('div', {id: 'component', tabindex: '-1',
    role: 'region', 'aria-label': 'Component'})));
}

/* --- a component --- */

const aboveThreshold = (row) => firings.get('peak')[row] / firings.get('threshold')[row];

function makeTrail(name) {
  const trail = [];
  for (let at = name, n = 0; healthOf.has(at) && n < 64; n++) {
    trail.unshift(at);
    at = health.get('parent')[healthOf.get(at)];
  }
  return make('nav', {'aria-label': 'Components above', class: 'trail'}, trail.flatMap((at, index) =>
    [index > 0 ? ' \u203a ' : null,
      at === name ? make('span', {'aria-current': 'page'}, data(at))
                  : link({component: at}, data(at))]));
}

function makeDetectors(rows) {
  const detectors = new Map();
  for (const row of rows) {
    const key = JSON.stringify([firings.get('level')[row], firings.get('detector')[row]]);
    if (!detectors.has(key)) detectors.set(key, []);
    detectors.get(key).push(row);
  }
  const list = [...detectors.values()];
  const columns = [{title: 'detector'}, {title: 'level'}, {title: 'now'},
    {title: 'firings', kind: 'number'}, {title: 'highest, \u00d7 threshold', kind: 'number'}];
  return makeTable('Detectors that fired', columns, list.length, (at, index) => {
    const of = list[at];
    if (index === 0) return firings.get('detector')[of[0]];
    if (index === 1) return firings.get('level')[of[0]];
    if (index === 2) return makeHealth(Math.min(...of.map(firingHealth)));
    if (index === 3) return showNumber(of.length);
    return showNumber(Math.max(...of.map(aboveThreshold)));
  }, {showCaption: true});
}

const FIRINGS_LISTED = 200;

function makeFirings(name, rows, chosen) {
  const list = [...rows].sort((a, b) => aboveThreshold(b) - aboveThreshold(a) || a - b)
    .slice(0, FIRINGS_LISTED);
  const columns = [{title: 'start'}, {title: 'lasted'}, {title: 'detector'},
    {title: 'peak', kind: 'number'}, {title: '\u00d7 threshold', kind: 'number'},
    {title: 'counters', kind: 'number'}];
  const caption = `Firings, the farthest above their threshold first: ` +
    countOf(list.length, rows.length, 'firings');
  const table = makeTable(caption, columns, list.length, (at, index) => {
    const row = list[at], end = firings.get('end')[row], start = firings.get('start')[row];
    if (index === 0) {
      return link({component: name, firing: firings.get('firing')[row]}, showTime(start));
    }
    if (index === 1) return end === null ? 'lasts' : showDuration(end - start);
    if (index === 2) return `${firings.get('level')[row]} ${firings.get('detector')[row]}`;
    if (index === 3) return showNumber(firings.get('peak')[row]);
    if (index === 4) return showNumber(aboveThreshold(row));
    return `${firings.get('counters')[row]} of ${firings.get('of')[row]}`;
  }, {showCaption: true, class: 'firings'});
  table.querySelectorAll('tbody tr').forEach((line, at) => {
    if (list[at] === chosen) line.setAttribute('aria-current', 'true');
  });
  return table;
}

/* --- a firing --- */

function makeContributors(name, firing, counter) {
  const rows = contributionsOf.get(firing) || [];
  const columns = [{title: 'counter'}, {title: 'share of the peak'}, {title: 'before', kind: 'number'},
    {title: 'after', kind: 'number'}];
  const finding = findings.get('rank')[findingOf.get(firing)];
  const known = new Map((evidenceOf.get(finding) || []).map((row) =>
    [evidence.get('counter')[row], row]));
  const table = makeTable('Counters that made the firing', columns, rows.length, (at, index) => {
    const row = rows[at], detector = contributions.get('detector')[row];
    const component = contributions.get('component')[row];
    const told = component === name ? known.get(detector) : undefined;
    if (index === 0 && component !== name) {
      return link({component}, data(`${component} ${detector}`));
    }
    if (index === 0) {
      return told === undefined ? detector : link({component: name, firing, counter: detector},
        data(detector));
    }
    if (index === 1) return makeShare(contributions.get('share')[row] ?? 0);
    if (told === undefined) return '';
    return showNumber(evidence.get(index === 2 ? 'before' : 'after')[told]);
  }, {showCaption: true});
  table.querySelectorAll('tbody tr').forEach((line, at) => {
    if (contributions.get('detector')[rows[at]] === counter) line.setAttribute('aria-current', 'true');
  });
  return table;
}

/* One plot a counter that has samples, in the order of the evidence. */
function makeSeries(row, counter) {
  const finding = findings.get('rank')[findingOf.get(firings.get('firing')[row])];
  const events = {start: firings.get('start')[row], end: firings.get('end')[row],
    change: firings.get('change')[row]};
  const byCounter = new Map();
  for (const at of samplesOf.get(finding) || []) {
    const name = samples.get('counter')[at];
    if (!byCounter.has(name)) byCounter.set(name, []);
    byCounter.get(name).push(at);
  }
  const figures = [];
  for (const at of evidenceOf.get(finding) || []) {
    const name = evidence.get('counter')[at], of = byCounter.get(name);
    if (!of || (counter && counter !== name)) continue;
    const times = of.map((index) => samples.get('time')[index]);
    const values = of.map((index) => samples.get('value')[index]);
    const means = `${showNumber(evidence.get('before')[at])} \u2192 ` +
      showNumber(evidence.get('after')[at]);
    const figure = makeFigure(name, `mean ${means}`, `Values of ${name} around ` +
      `${showTime(events.change)}: mean ${means}`, () => seriesSettings(times, values, events));
    figure.dataset.counter = visible(name);
    addDetails(figure, 'as a table', (details) => {
      details.append(makeTable(`Values of ${name}`, [{title: 'time'}, {title: 'value', kind: 'number'}],
        of.length, (index, column) => column === 0 ? showTime(times[index])
                                                   : showNumber(values[index])));
    });
    figures.push(figure);
  }
  return figures;
}

function makeFiring(name, row, counter) {
  const firing = firings.get('firing')[row], end = firings.get('end')[row];
  const finding = findingOf.get(firing);
  const figures = makeSeries(row, counter);
  return make('section', {class: 'firing', 'data-firing': firing, 'aria-label': `Firing ${firing}`},
    make('h4', {id: 'firing', tabindex: '-1'}, `${showTime(firings.get('start')[row])}: `,
      data(`${firings.get('level')[row]} ${firings.get('detector')[row]}`)),
    make('p', null, data(textOf.get(firing) ?? findings.get('text')[finding] ?? '')),
    make('p', {class: 'note'}, `From ${showTime(firings.get('start')[row])} ` +
      `${end === null ? 'on, it lasts' : `for ${showDuration(end - firings.get('start')[row])}`}; ` +
      `peak ${showNumber(firings.get('peak')[row])} at ${showTime(firings.get('peak_time')[row])}, ` +
      `threshold ${showNumber(firings.get('threshold')[row])}; change ` +
      `${showTime(firings.get('change')[row])}. `,
      finding === undefined ? null : link({finding: findings.get('rank')[finding]},
        `Finding ${findings.get('rank')[finding]}`)),
    makeContributors(name, firing, counter),
    figures.length > 0
      ? make('p', {class: 'note'}, 'Raw values of counters, up to 60 samples on either side. ',
          make('span', {class: 'key change'}, 'change'), ' ',
          make('span', {class: 'key band'}, 'firing'), ' ',
          counter ? link({component: name, firing}, 'all counters') : null)
      : make('p', {class: 'note'}, 'The run keeps raw values of counters for its first 200 findings, ' +
          'and none of detectors across components.'),
    make('div', {class: counter ? 'plots one' : 'plots'}, figures));
}

/* The firing that says most of a component: the one of its health, else the highest. */
function firstFiring(name, rows) {
  const of = firingRow.get(health.get('firing')[healthOf.get(name)]);
  if (of !== undefined && firings.get('component')[of] === name) return of;
  return rows.reduce((best, row) =>
    best === undefined || aboveThreshold(row) > aboveThreshold(best) ? row : best, undefined);
}

/* Fills the place beside the tree; unknown names and numbers show what there is. */
function openComponent(name, firing, counter) {
  const place = document.getElementById('component');
  const row = healthOf.get(name), rows = firingsOf.get(name) || [];
  if (!place || row === undefined) return;
  const asked = firingRow.get(Number(firing));
  const chosen = asked !== undefined && firings.get('component')[asked] === name
    ? asked : firstFiring(name, rows);
  const at = health.get('at')[row];
  place.replaceChildren();
  add(place, health.get('parent')[row] ? makeTrail(name) : null, make('h3', null, data(name), ' ', makeComponentHealth(row)),
    at && at !== name ? make('p', null, 'It is as well as ', link({component: at}, data(at)), '.') : null,
    rows.length === 0 ? make('p', null, 'Nothing fired here.') : null,
    rows.length === 0 ? null : make('div', {class: 'fired'}, makeDetectors(rows),
      makeFirings(name, rows, chosen)),
    chosen === undefined ? null : makeFiring(name, chosen, counter));
  const line = place.querySelector('.firings tr[aria-current]');
  if (line) line.closest('.scroll').scrollTop = line.offsetTop - 4 * line.offsetHeight;
  document.querySelectorAll('.node[data-component]').forEach((node) =>
    node.classList.toggle('chosen', node.dataset.component === visible(name)));
  drawPlots();
}

/* Where a reader starts: where the least health comes from, or the component of the first finding. */
function openWorst() {
  const values = health.get('health').map((value) => value ?? 1);
  const worst = values.reduce((best, value, row) => value < values[best] ? row : best, 0);
  const at = values[worst] < 1 ? health.get('at')[worst] : findings.get('component')[0];
  openComponent(healthOf.has(at) ? at : health.get('component')[worst]);
}
