/* What somebody changes: settings as they are typed, kernels by name, single numbers; all of it undone by a reload. */

/**
 * @typedef {{settings: Object<string, Object<string, string>>, edits: Object<string, Object<string, string>>}} Changes
 *   By the layer's name the settings as typed, and by `input`, `conv1/weight` … the numbers by their place.
 */

const MODES = ['zeros', 'reflect', 'symmetric', 'replicate', 'circular'];
const WORDS = ['valid', 'same', 'same-lower', 'full'];
const MOST_STEP = 1e6; // of a stride, a dilation or a padding that is typed

/** @param {string} text @param {number} least @returns {number} @throws {Error} It is no whole number of that size. */
function wholeFrom(text, least, name) {
  const value = Number(text.trim());
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= MOST_STEP) return value;
  throw new Error(`${name} is a whole number from ${least}, got ${JSON.stringify(text.trim().slice(0, 20))}`);
}

/** One whole number for each axis, from one for all or one each. @returns {number[]} @throws {Error} */
function perAxis(text, rank, least, name) {
  const parts = text.replace(/[[\]]/g, '').split(/[,×x]/);
  if (parts.length !== 1 && parts.length !== rank)
    throw new Error(`${name}: one number, or one for each of ${rank} axes`);
  return range(rank).map((axis) => wholeFrom(parts[parts.length === 1 ? 0 : axis], least, name));
}

/** Padding as typed: a word, a number, one for each axis, or [before, after] pairs. @throws {Error} It is none. */
function paddingFrom(text, rank) {
  const typed = text.trim();
  if (WORDS.includes(typed)) return typed;
  if (!typed.startsWith('[[')) return perAxis(typed, rank, 0, 'padding').map((cells) => [cells, cells]);
  const pairs = typed.slice(1, -1).match(/\[[^\]]*\]/g) || [];
  if (pairs.length !== rank) throw new Error(`padding has ${pairs.length} pairs for ${rank} axes`);
  return pairs.map((pair) => perAxis(pair, 2, 0, 'padding'));
}

/** @param {string} text A word of a boundary, or its constant. @returns {Boundary} */
function boundaryFrom(text) {
  if (text === 'zeros') return { mode: 'constant', value: ZERO };
  return MODES.includes(text) ? { mode: text, value: ZERO } : { mode: 'constant', value: readNumber(text) };
}

/** @param {Boundary} boundary @returns {string} */
function boundaryText({ mode, value }) {
  if (mode !== 'constant') return mode;
  return isZero(value) && isExact(value) ? 'zeros' : textOf(value);
}

/** Numbers of axes as one where they are the same. @param {number[]} numbers @returns {string} */
const axesText = (numbers) => (numbers.every((each) => each === numbers[0]) ? `${numbers[0]}` : numbers.join(', '));

/** @param {string|number[][]} padding @returns {string} */
function paddingText(padding) {
  if (typeof padding === 'string') return padding;
  if (padding.some(([before, after]) => before !== after)) return JSON.stringify(padding).replace(/,/g, ', ');
  return axesText(padding.map(([before]) => before));
}

/** A pool's padding is numbers, since what lies there is not counted. */
function poolPadding(layer, shape, padding) {
  if (typeof padding !== 'string') return padding;
  return axesOf({ ...layer, padding, ceil_mode: false }, shape.slice(1)).map(({ before, after }) => [before, after]);
}

/** What a setting that is typed makes of a layer: the fields that it replaces. */
const SETTINGS = {
  kernel_size: (layer, rank, text) => ({ kernel_size: perAxis(text, rank, 1, 'kernel size') }),
  stride: (layer, rank, text) => ({ stride: perAxis(text, rank, 1, 'stride') }),
  dilation: (layer, rank, text) => ({ dilation: perAxis(text, rank, 1, 'dilation') }),
  output_padding: (layer, rank, text) => ({ output_padding: perAxis(text, rank, 0, 'output padding') }),
  padding: (layer, rank, text) => {
    const padding = paddingFrom(text, rank);
    if (layer.kind === 'transposed-conv' && typeof padding === 'string') throw new Error('padding is numbers here');
    return { padding };
  },
  boundary: (layer, rank, text) => ({ boundary: boundaryFrom(text) }),
  flip: (layer, rank, text) => ({ flip: text === 'true' }),
};

/** The layer with a kernel of the library as that of one output channel, or of all where its size is another. */
function withKernel(layer, [name, , , type, shape, values, scale], channel) {
  const plane = decode({ type, shape, values });
  const { weight } = layer.numbers;
  const [filters, span, ...size] = weight.shape;
  const isOne = filters > 1 && shapeText(size) === shapeText(shape);
  const scalars = range(filters).flatMap((filter) =>
    isOne && filter !== channel
      ? scalarsOf(weight).slice(filter * span * cellsOf(size), (filter + 1) * span * cellsOf(size))
      : range(span).flatMap(() => scalarsOf(plane)),
  );
  const scales = range(filters).map((filter) =>
    isOne && filter !== channel ? scaleOf(layer, filter) : readNumber(scale),
  );
  const numbers = { ...layer.numbers, weight: numbersOf(scalars, [filters, span, ...shape]) };
  return { ...layer, numbers, scale: scales, kernel: isOne ? '' : name, isOne };
}

/** A change of one number: the arrays of a network by their names in `edits`. */
function withNumber(network, name, place, text) {
  const scalar = readNumber(text);
  if (name === 'input') return { ...network, input: changed(checkedPlace(network.input, place), place, scalar) };
  const [, layerName, tensor] = /^(.*)\/(\w+)$/s.exec(name) || [];
  const layers = network.layers.map((layer) =>
    layer.name === layerName ? withTensor(layer, tensor, place, scalar) : layer,
  );
  return { ...network, layers };
}

/** @throws {Error} There is no such number. */
function checkedPlace(numbers, place) {
  if (Number.isInteger(place) && place >= 0 && place < numbers.data.length) return numbers;
  throw new Error(`there is no number ${place}`);
}

/** The layer with another number in its weight or bias, or another scale of an output channel. */
function withTensor(layer, tensor, place, scalar) {
  if (tensor === 'scale') {
    if (!isExact(scalar)) throw new Error('a scale is a whole number or a fraction, such as 1/9');
    const scale = range(layer.numbers.weight.shape[0]).map((filter) => scaleOf(layer, filter));
    scale[place] = scalar;
    return { ...layer, scale, kernel: '' };
  }
  const filters =
    layer.kind === 'transposed-conv'
      ? layer.numbers.weight.shape[1] * layer.groups
      : layer.numbers.weight && layer.numbers.weight.shape[0];
  const held =
    layer.numbers[tensor] ||
    exactNumbers(
      range(filters).map(() => ZERO),
      [filters],
    );
  const numbers = { ...layer.numbers, [tensor]: changed(checkedPlace(held, place), place, scalar) };
  return { ...layer, numbers, kernel: tensor === 'weight' ? '' : layer.kernel };
}
