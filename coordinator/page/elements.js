/* Elements: everything the page shows is made here, from text nodes; there is no markup in data. */

/* make('td', {class: 'number'}, 'text', element, ...): strings become visible text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : visible(value));
    }
  }
  add(element, ...children);
  return element;
}

function add(parent, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

/* A link inside the page: to a part, or to what parts of the fragment name. */
function link(target, ...children) {
  const fragment = typeof target === 'string' ? target : new URLSearchParams(target).toString();
  return make('a', {href: `#${fragment}`}, ...children);
}

/* Data from anybody, on its own for the direction of the text. */
const data = (text) => make('bdi', null, text);

/* A part of the page with its heading, in the list of parts. */
function addPart(id, title, text) {
  const part = make('section', {id, 'aria-labelledby': `${id}-title`},
    make('h2', {id: `${id}-title`}, title), text ? make('p', {class: 'about'}, text) : null);
  document.getElementById('main').append(part);
  document.getElementById('parts').append(link(id, title));
  return part;
}

/* Closed; `fill` is called when it is opened first. */
function addDetails(parent, summary, fill) {
  const details = make('details', null, make('summary', null, summary));
  let isFilled = false;
  const open = () => {
    if (!isFilled && details.open) {
      isFilled = true;
      fill(details);
    }
  };
  details.addEventListener('toggle', open);
  parent.append(details);
  return details;
}

/* Health in words: shape, number, colour's name. */
const shapes = {green: '\u25cf', yellow: '\u25c6', orange: '\u25b2', red: '\u25a0', unknown: '\u25cb'};
const healthColour = (health) =>
  health >= 0.75 ? 'green' : health >= 0.5 ? 'yellow' : health >= 0.25 ? 'orange' : 'red';

/* Of a component the colour is its own: unknown, with or without a number. */
function makeHealth(health, colour = healthColour(health)) {
  const number = health === null ? '' : `${health.toFixed(health > 0 && health < 0.01 ? 3 : 2)} `;
  return make('span', {class: `health ${colour}`},
    make('span', {'aria-hidden': 'true'}, `${shapes[colour]} `),
    `${number}${colour}`);
}

/* A share of 1 as a bar with its number. */
function makeShare(share) {
  const bar = make('span', {class: 'bar', 'aria-hidden': 'true'});
  bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make('span', {class: 'share'},
    make('span', {class: 'track', 'aria-hidden': 'true'}, bar),
    `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`);
}
