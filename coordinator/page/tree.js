/* Tree: what a training run learned: of every component the groups, what they are part of, and what
 * was set aside and why. A detector may be a member of several, so the tree is walked from above,
 * a step when it is asked for.
 */

const detectors = readRows(page.rows.detectors);
const members = readRows(page.rows.members);
const dropped = readRows(page.rows.dropped);

const membersOf = indexRows(members, 'detector');
const wholesOf = indexRows(members, 'member');
const detectorsOf = indexRows(detectors, 'component');
const droppedOf = indexRows(dropped, 'component');

const memberList = (detector) =>
  (membersOf.get(detector) || []).map((row) => members.get('member')[row]);

/* The name of a detector; with its component where that is another. */
function nameDetector(detector, component) {
  const name = detectors.get('detector')[detector], own = detectors.get('component')[detector];
  return own === component ? name : `${own} ${name}`;
}

function makeMembers(detector, component) {
  const exemplar = detectors.get('exemplar')[detector];
  return make('span', null, memberList(detector).slice(0, 100).flatMap((member, index) => {
    const name = data(nameDetector(member, component));
    return [index > 0 ? ', ' : null, member === exemplar ? make('strong', null, name) : name];
  }), memberList(detector).length > 100 ? ', ...' : null);
}

function addMember(parent, detector, component, depth) {
  const level = detectors.get('level')[detector], list = memberList(detector);
  const name = [data(nameDetector(detector, component)), make('span', {class: 'note'}, ` ${level}`)];
  const item = make('li');
  parent.append(item);
  if (list.length === 0 || depth > 32) {
    add(item, name);
    return;
  }
  name.push(make('span', {class: 'note'}, `, ${nameCount(list.length, 'members')}`));
  addDetails(item, name, (details) => {
    const branch = make('ul');
    details.append(branch);
    for (const member of list) addMember(branch, member, component, depth + 1);
  });
}

function fillComponent(details, component) {
  const own = detectorsOf.get(component);
  const groups = own.filter((row) => detectors.get('role')[row] === 'group');
  const aside = droppedOf.get(component) || [];
  const above = (row) => (wholesOf.get(row) || []).map((at) => members.get('detector')[at])
    .map((whole) => `${detectors.get('level')[whole]} ${nameDetector(whole, component)}`).join(', ');
  const columns = [{title: 'group'}, {title: 'level'}, {title: 'members'}, {title: 'part of'}];
  if (groups.length > 0) {
    details.append(makeTable(`Groups of ${component}; in bold the member most like the others`,
      columns, groups.length, (at, index) => [
        () => detectors.get('detector')[groups[at]], () => detectors.get('level')[groups[at]],
        () => makeMembers(groups[at], component), () => above(groups[at]),
      ][index](), {showCaption: true}));
  }
  const tops = own.filter((row) => !wholesOf.has(row) && membersOf.has(row));
  if (tops.length > 0) {
    const branch = make('ul', {class: 'branch'});
    add(details, make('h3', null, 'From above'), branch);
    for (const top of tops) addMember(branch, top, component, 0);
  }
  if (aside.length > 0) {
    details.append(makeRowsTable(`In no group: ${aside.length}`, dropped,
      ['detector', 'level', 'reason'], aside));
    details.lastChild.querySelector('caption').className = '';
  }
}

function addTree(view) {
  const part = addPart('tree', view.title, view.text);
  if (detectors.n < detectors.total || members.n < members.total) {
    part.append(make('p', null, `The tree has ${showNumber(detectors.total)} detectors, too many ` +
      'for a page: lode export RUN groups.'));
    return;
  }
  for (const [component, own] of detectorsOf) {
    const count = (role) => own.filter((row) => detectors.get('role')[row] === role).length;
    const counters = count('leaf'), groups = count('group');
    const aside = (droppedOf.get(component) || []).length;
    const details = addDetails(part, [data(component), make('span', {class: 'note'},
      ` ${nameCount(counters, 'counters')}, ${nameCount(groups, 'groups')}, ` +
      `${nameCount(aside, 'detectors')} in no group`)],
    (place) => fillComponent(place, component));
    details.dataset.tree = visible(component);
  }
}

/* Opens a component of the tree, which is filled at once. */
function openTree(component) {
  const details = [...document.querySelectorAll('details[data-tree]')]
    .find((item) => item.dataset.tree === visible(component));
  if (!details) return;
  details.open = true;
  details.dispatchEvent(new Event('toggle'));
  details.scrollIntoView({block: 'start'});
}
