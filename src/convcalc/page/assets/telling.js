/* Why a number is what it is, in words and small tables: window, kernel, products and the sum as on paper. */

const MOST_TAPS = 49; // that are shown as tables
const MOST_TABLES = 6;
const MOST_TERMS = 60; // that are written out
const MOST_SPOKEN = 12; // that are read aloud
const MOST_LISTED = 12; // cells of a list

const positionText = (cell) => `[${cell.join(', ')}]`;

/** Numbers added as on paper: -40 + 80 - 120; zeros are left out of products. @param {Scalar[]} scalars */
function sumText(scalars, isOfParts = false, most = MOST_TERMS) {
  const counted = scalars.filter((each) => isOfParts || !isZero(each));
  const shown = counted.slice(0, most).map((each, place) => {
    const text = resultText(each, isOfParts ? 10 : 6);
    if (!place) return text;
    return text.startsWith('-') ? `- ${text.slice(1)}` : `+ ${text}`;
  });
  if (counted.length > most) shown.push(`+ … (${counted.length - most} more)`);
  return shown.join(' ') || '0';
}

/** The terms of each input channel. @param {Term[]} terms @returns {Map<number, Term[]>} */
function byChannel(terms) {
  const found = new Map();
  for (const term of terms) {
    if (!found.has(term.cell[0])) found.set(term.cell[0], []);
    found.get(term.cell[0]).push(term);
  }
  return found;
}

/** A bias behind a plus. @param {Scalar} bias */
const biasText = (bias) => (isNegative(bias) ? `(${resultText(bias)})` : resultText(bias));

const addedUp = (scalars) => scalars.reduce(plus, ZERO);

/** The lines of a sum: one for each channel, and the total. @returns {[string, string][]} */
function sumLines(layer, explanation) {
  const { rule, terms, scale, divisor, formula, total } = explanation;
  const equals = `= ${resultText(total)}`;
  if (rule === 'maximum') return [['largest', `of ${sumText.list(terms)} ${equals}`]];
  if (rule === 'copy') return [['copy', `of ${layer.below}${positionText(terms[0].cell)} ${equals}`]];
  if (rule === 'function') return [[layer.kind, `${formula} ${equals}`]];
  if (formula) return [[layer.kind, `${formula} ${equals}`]];
  const groups =
    layer.kind === 'add' ? new Map(terms.map((term) => [layer.belows[term.input], [term]])) : byChannel(terms);
  const isOne = layer.kind === 'linear' || layer.kind === 'bias' || !terms.length;
  const lines = isOne ? [['products', sumText(terms.map(({ product }) => product))]] : [];
  const parts = isOne ? [addedUp(terms.map(({ product }) => product))] : [];
  for (const [name, group] of isOne ? [] : groups) {
    const products = group.map(({ product }) => product);
    parts.push(addedUp(products));
    const label = layer.kind === 'add' ? name : `channel ${name}`;
    if (parts.length <= MOST_LISTED) lines.push([label, `${sumText(products)} = ${resultText(addedUp(products))}`]);
  }
  if (parts.length > MOST_LISTED) lines.push(['…', `${parts.length - MOST_LISTED} channels more`]);
  const times = divisor !== 1 ? ` / ${divisor}` : same(scale, ONE) ? '' : ` × ${textOf(scale)}`;
  const sum = sumText(parts, true);
  const offset =
    layer.numbers.bias || layer.kind === 'conv' || layer.kind === 'linear'
      ? ` + bias ${biasText(explanation.bias)}`
      : '';
  lines.push(['total', `${times && parts.length > 1 ? `(${sum})` : sum}${times}${offset} ${equals}`]);
  return lines;
}

/** Numbers with commas. @param {Term[]} terms */
sumText.list = (terms) => {
  const shown = terms.slice(0, MOST_TERMS).map(({ value }) => shortText(value));
  if (terms.length > MOST_TERMS) shown.push(`… (${terms.length - MOST_TERMS} more)`);
  return shown.join(', ');
};

/** Window, kernel and products of each channel (and slice) as tables. @returns {HTMLElement[]} */
function productTables(layer, { terms }) {
  if (!terms.length || !terms[0].tap || terms[0].weight === null) return [];
  const groups = new Map();
  for (const term of terms) {
    const key = term.cell.length === 4 ? `channel ${term.cell[0]}, slice ${term.cell[1]}` : `channel ${term.cell[0]}`;
    groups.set(key, [...(groups.get(key) || []), term]);
  }
  const first = [...groups.values()][0];
  if (first.length > MOST_TAPS) return [];
  const tables = [...groups]
    .slice(0, MOST_TABLES)
    .map(([name, group]) => tripleOf(layer, groups.size > 1 ? name : '', group));
  const more =
    groups.size > MOST_TABLES ? [make('p', { class: 'quiet' }, `… and ${groups.size - MOST_TABLES} planes more`)] : [];
  return [make('div', { class: 'triples' }, ...tables), ...more];
}

/** window × kernel = products. */
function tripleOf(layer, name, group) {
  const turned = layer.flip ? 'kernel, turned' : 'kernel';
  const padded = ({ cell, source }) => !source || keyOf(cell) !== keyOf(source);
  const value = (term) => [
    padded(term) ? `(${shortText(term.value)})` : shortText(term.value),
    padded(term) ? 'padded' : '',
  ];
  return make(
    'div',
    { class: 'triple' },
    ...(name ? [make('p', { class: 'plane-name' }, name)] : []),
    termTable('window', group, value),
    make('span', { class: 'sign', 'aria-hidden': 'true' }, '×'),
    termTable(turned, group, (term) => [shortText(term.weight), '']),
    make('span', { class: 'sign', 'aria-hidden': 'true' }, '='),
    termTable('products', group, (term) => [shortText(term.product), isNegative(term.product) ? 'negative' : '']),
  );
}

/** One number of each term, laid out as the window is. */
function termTable(caption, group, textAndStyle) {
  const rowOf = ({ cell }) => (cell.length > 2 ? cell[cell.length - 2] : 0);
  const columnOf = ({ cell }) => cell[cell.length - 1];
  const [rows, columns] = [rowOf, columnOf].map((of) => merged([group.map(of)]));
  const found = new Map(group.map((term) => [`${rowOf(term)},${columnOf(term)}`, term]));
  const cellFor = (row, column) => {
    const [text, style] = textAndStyle(found.get(`${row},${column}`));
    return make('td', { class: style }, text);
  };
  const lines = rows.map((row) => make('tr', {}, ...columns.map((column) => cellFor(row, column))));
  return make('table', { class: 'small' }, make('caption', {}, caption), make('tbody', {}, ...lines));
}

/** What lies outside the input: a sentence, or nothing. */
function paddingNote(layer, { terms }) {
  const outside = terms.filter(({ cell, source }) => cell && (!source || keyOf(cell) !== keyOf(source)));
  if (!outside.length) return '';
  const count = outside.length === 1 ? '1 cell in parentheses lies' : `${outside.length} cells in parentheses lie`;
  const { source, cell } = outside[0];
  const from = source ? `, input${positionText(cell)} is a copy of input${positionText(source)}` : '';
  return `${count} outside the input; boundary ${boundaryText(layer.boundary)}${from}`;
}

/** The arithmetic of each axis's output size. @returns {string[]} */
function sizeLines(layer, shape) {
  const isTransposed = layer.kind === 'transposed-conv';
  const axes = axesOf(layer, shape.slice(1));
  const names = [[], ['columns'], ['rows', 'columns'], ['slices', 'rows', 'columns']][axes.length];
  const groups = new Map();
  axes.forEach((axis, number) => {
    const text = (isTransposed ? transposedText : windowText)(axis);
    groups.set(text, [...(groups.get(text) || []), names[number]]);
  });
  return [...groups].map(([text, members]) => `${members.join(' and ')}: ${text}`);
}

const reachText = ({ taps, dilation }) =>
  dilation === 1 ? '' : `reach = ${dilation} × (${taps} − 1) + 1 = ${reachOf(taps, dilation)}, `;

function windowText(axis) {
  const { size, taps, stride, dilation, before, after } = axis;
  return `${reachText(axis)}⌊(${before} + ${size} + ${after} − ${reachOf(taps, dilation)}) / ${stride}⌋ + 1 = ${outputSize(axis)}`;
}

function transposedText(axis) {
  const { size, taps, stride, dilation, before, after, cut } = axis;
  return `${reachText(axis)}(${size} − 1) × ${stride} − ${before} − ${after} + ${reachOf(taps, dilation)} + ${cut} = ${transposedSize(axis)}`;
}

/** Cells from the first to the last on each axis, as words. @param {Region} region @param {number[]} shape */
function regionText({ channels, axes }, shape) {
  const span = (numbers) =>
    numbers.length === 1 ? `${numbers[0]}` : `${numbers[0]} to ${numbers[numbers.length - 1]}`;
  const names = [
    ['feature'],
    ['channel', 'column'],
    ['channel', 'row', 'column'],
    ['channel', 'slice', 'row', 'column'],
  ][axes.length];
  const lists = [channels, ...axes];
  if (lists.some((list) => !list.length)) return 'nothing but padding';
  const parts = lists.map((list, axis) => `${names[axis]}${list.length > 1 ? 's' : ''} ${span(list)}`);
  return `${parts.join(', ')} of ${shapeText(shape)}`;
}
