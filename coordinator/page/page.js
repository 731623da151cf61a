/* Page: puts the parts together; what is open is in the fragment of the address, so that the way
 * back is the browser's and a link leads to what it shows.
 */

function addHead() {
  const {run} = page, store = run.store.path || '';
  const title = `${run.job}${store ? ` on ${store.split('/').filter(Boolean).pop()}` : ''}`;
  document.title = visible(`${title} \u2013 lode report`);
  const facts = [
    run.exit_status === 0 ? 'done' : `${run.state}, exit status ${run.exit_status}`,
    run.ended ? `${run.ended.replace('T', ' ').replace(/\..*/, '')} UTC` : null,
    typeof run.wall_seconds === 'number' ? `${showNumber(run.wall_seconds)} s` : null,
    typeof run.workers === 'number' ? nameCount(run.workers, 'workers') : null,
    `lode ${run.lode_version}`,
  ].filter(Boolean).join(' \u00b7 ');
  add(document.getElementById('head'), make('p', {class: 'brand'}, 'lode report'),
    make('h1', null, data(title)), make('p', {class: 'note'}, facts),
    make('p', {class: 'command'}, make('code', null, `lode ${(run.command || []).join(' ')}`)));
  if (run.missing && run.missing.length > 0) {
    add(document.getElementById('head'), make('p', {class: 'warning'},
      `The run went on without parts of its input (${nameCount(run.missing.length, 'tasks')}): see The run.`));
  }
}

function addRun() {
  const {run} = page, part = addPart('run', 'The run');
  const {parameters, ...facts} = run;
  part.append(makeTerms({...facts, command: (run.command || []).join(' ')}));
  const set = Object.entries(parameters || {});
  addDetails(part, `Parameters: ${set.length}`, (details) => {
    details.append(makeTable('Parameters', [{title: 'parameter'}, {title: 'value'}], set.length,
      (row, index) => index === 0 ? set[row][0] : makeValue(set[row][1], 'value')));
  });
}

/* Tables and curves that follow each other are one part: a table with its plots. */
function addViews(views) {
  let part = null, grid = null;
  for (const view of views) {
    const rows = readRows(page.rows[view.table]);
    if (view.kind === 'tree') {
      addTree(view);
      part = null;
      continue;
    }
    if (rows.n === 0) continue;
    if (!part || view.kind === 'table') {
      part = addPart(`view-${page.views.indexOf(view)}`, view.title, view.text);
      grid = null;
    }
    if (view.kind === 'table') {
      part.append(makeRowsTable(view.title, rows));
      continue;
    }
    const figure = makeCurves(view, rows);
    if (!grid && figure) {
      grid = make('div', {class: 'plots wide'}, part.querySelector('.scroll'));
      part.append(grid);
      addDetails(part, `The numbers of the plots: ${countOf(rows.n, rows.total, 'rows')} of ` +
        view.table, (details) => details.append(makeRowsTable(view.table, rows)));
    }
    if (figure) grid.append(figure);
  }
}

/* #component=..&firing=..&counter=.., #finding=.., #tree=..; anything else is a part's id. */
function follow(isFirst) {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has('component')) {
    openComponent(asked.get('component'), asked.get('firing'), asked.get('counter'));
    const place = document.getElementById(asked.has('firing') ? 'firing' : 'component');
    if (place) {
      place.focus({preventScroll: true});
      place.scrollIntoView({block: 'nearest'});
    }
  } else if (asked.has('finding')) {
    openFinding(asked.get('finding'));
  } else if (asked.has('tree')) {
    openTree(asked.get('tree'));
  } else {
    closeFinding();
  }
  if (isFirst && health.n > 0 && !document.getElementById('component').hasChildNodes()) openWorst();
}

function start() {
  addHead();
  const isHealth = (view) => view.kind === 'health';
  page.views.filter(isHealth).slice(0, 1).forEach(addHealth);
  if (page.findings) addFindings();
  addViews(page.views.filter((view) => !isHealth(view)));
  addTables();
  addRun();
  add(document.getElementById('foot'), make('p', {class: 'note'}, 'Numbers have four digits; ' +
    'lode export has all of them. Times are UTC. This page asks the network for nothing.'));
  drawPlots();
  follow(true);
  window.addEventListener('hashchange', () => follow(false));
  for (const query of ['(prefers-color-scheme: dark)', 'print']) {
    matchMedia(query).addEventListener('change', () => drawPlots(true));
  }
  document.documentElement.dataset.state ||= 'ready';
}

start();
