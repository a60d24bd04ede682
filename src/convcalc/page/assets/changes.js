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
  return { ...layer, numbers, scale: scales, kernel: isOne ? '' : name };
}

/** A layer with one setting as it is typed. @throws {Error} The setting is not what it must be. */
function withSetting(layer, shape, kernels, field, text) {
  const [name, channel] = field.split(':');
  if (name === 'kernel') {
    const found = kernels.find(([each]) => each === text);
    if (!found) throw new Error(`there is no kernel ${JSON.stringify(text.slice(0, 40))} here`);
    return withKernel(layer, found, Number(channel || 0));
  }
  if (!Object.prototype.hasOwnProperty.call(SETTINGS, name)) throw new Error('there is no such setting');
  const change = SETTINGS[name](layer, shape.length - 1, text);
  if (change.padding && layer.kind.includes('pool')) change.padding = poolPadding(layer, shape, change.padding);
  return { ...layer, ...change };
}

/** Kernels first, since they change sizes, and padding last, whose words follow from all others. */
const rankOf = (field) => (field.startsWith('kernel:') || field === 'kernel' ? 0 : field === 'padding' ? 2 : 1);

/** @param {Object<string, string>} edits @returns {[number, Scalar][]} @throws {Error} One is no number. */
const entriesOf = (edits) => Object.entries(edits || {}).map(([place, text]) => [Number(place), readNumber(text)]);

/** The array with what is typed. @throws {Error} It has no such place. */
function edited(numbers, edits) {
  const entries = entriesOf(edits);
  const isThere = ([place]) => Number.isInteger(place) && place >= 0 && place < numbers.data.length;
  if (!entries.every(isThere)) throw new Error('there is no such number');
  return replaced(numbers, entries);
}

/** How many output channels a layer with weights has. */
function filtersOf({ kind, groups, numbers: { weight, bias: numbers } }) {
  if (!weight) return numbers.shape[0];
  return kind === 'transposed-conv' ? weight.shape[1] * groups : weight.shape[0];
}

/** A layer with its settings and numbers as they are typed. @param {Changes} changes @throws {Error} Some cannot be. */
function changedLayer(layer, shape, kernels, { settings, edits }) {
  const fields = Object.entries(settings[layer.name] || {}).sort(([one], [other]) => rankOf(one) - rankOf(other));
  let made = fields.reduce((each, [field, text]) => withSetting(each, shape, kernels, field, text), layer);
  const editsOf = (tensor) => {
    const typed = edits[`${layer.name}/${tensor}`] || {};
    return Object.keys(typed).length ? typed : null;
  };
  const numbers = { ...made.numbers };
  if (editsOf('weight')) {
    numbers.weight = edited(numbers.weight, editsOf('weight'));
    made = { ...made, kernel: '' };
  }
  if (editsOf('bias')) {
    const filters = filtersOf(made);
    numbers.bias = edited(
      numbers.bias ||
        exactNumbers(
          range(filters).map(() => ZERO),
          [filters],
        ),
      editsOf('bias'),
    );
  }
  if (editsOf('scale')) made = { ...made, scale: scalesWith(made, entriesOf(editsOf('scale'))) };
  return { ...made, numbers };
}

/** The scales of all output channels with those that are typed. */
function scalesWith(layer, entries) {
  const scale = range(filtersOf(layer)).map((filter) => scaleOf(layer, filter));
  for (const [place, scalar] of entries) {
    if (!isExact(scalar)) throw new Error('a scale is a whole number or a fraction, such as 1/9');
    if (place in scale) scale[place] = scalar;
  }
  return scale;
}

/**
 * The network with changes; layers below `first` are those of `network`, which has them already.
 * @param {Network} original @param {Network} network @param {Changes} changes @param {Array} kernels
 * @returns {Network}
 */
function changedNetwork(original, network, changes, kernels, first) {
  const input = first ? network.input : edited(original.input, changes.edits.input);
  const made = { ...original, input, layers: original.layers.slice(), outputs: network.outputs.slice(0, first) };
  network.layers.slice(0, first).forEach((layer, number) => (made.layers[number] = layer));
  for (let number = first; number < made.layers.length; number += 1) {
    try {
      const { shape } = inputsOf(made, number)[0];
      made.layers[number] = changedLayer(original.layers[number], shape, kernels, changes);
      made.outputs[number] = computed(made, number);
    } catch (error) {
      made.outputs[number] = { numbers: null, shape: null, error: error.message };
    }
  }
  return made;
}

/** The changes with one setting more; a kernel takes the place of what was typed over the one before it. */
function withField({ settings, edits }, layer, field, text) {
  const { [field]: _, ...others } = settings[layer.name] || {};
  const isKernel = field === 'kernel' || field.startsWith('kernel:');
  const kept = isKernel ? withoutKernel(edits, layer, field) : edits;
  return { settings: { ...settings, [layer.name]: { ...others, [field]: text } }, edits: kept };
}

/** The numbers that are typed, but for weight and scale of the output channel that gets another kernel. */
function withoutKernel(edits, layer, field) {
  const { weight } = layer.numbers;
  const span = cellsOf(weight.shape.slice(1));
  const channel = field.includes(':') ? Number(field.split(':')[1]) : null;
  const kept = (name, size) =>
    Object.fromEntries(
      Object.entries(edits[name] || {}).filter(
        ([place]) => channel !== null && Math.floor(Number(place) / size) !== channel,
      ),
    );
  const [weights, scales] = [`${layer.name}/weight`, `${layer.name}/scale`];
  return { ...edits, [weights]: kept(weights, span), [scales]: kept(scales, 1) };
}

/** The changes with one number more. @param {string} name `input`, or layer and tensor: conv1/weight. */
function withEdit({ settings, edits }, name, place, text) {
  const scalar = readNumber(text);
  if (name.endsWith('/scale') && !isExact(scalar)) {
    throw new Error('a scale is a whole number or a fraction, such as 1/9');
  }
  return { settings, edits: { ...edits, [name]: { ...edits[name], [place]: text.trim() } } };
}

/** Changes of an address, whatever stands there: texts by names. @returns {Changes} */
function changesFrom(memo) {
  const isTexts = (each) => each && typeof each === 'object' && !Array.isArray(each);
  const texts = (table) =>
    Object.fromEntries(
      Object.entries(isTexts(table) ? table : {})
        .filter(([, each]) => isTexts(each))
        .map(([name, each]) => [name, Object.fromEntries(Object.entries(each).map(([key, text]) => [key, `${text}`]))]),
    );
  return { settings: texts(memo.settings), edits: texts(memo.edits) };
}

/** The changes without those of a layer. @param {string} name */
function without({ settings, edits }, name) {
  const { [name]: _, ...others } = settings;
  const kept = Object.entries(edits).filter(([each]) => each !== name && !each.startsWith(`${name}/`));
  return { settings: others, edits: Object.fromEntries(kept) };
}
