/* The one place of the page that knows windows, boundaries, output sizes, and what each kind of layer computes. */

/**
 * @typedef {{size: number, taps: number, stride: number, dilation: number, before: number, after: number,
 *   cut?: number}} Axis One spatial axis; before and after in cells of padding, of a transposed layer cut off.
 * @typedef {{mode: string, value: Scalar}} Boundary constant, reflect, symmetric, replicate or circular.
 * @typedef {number[]} Cell [channel, ...position], or [feature].
 * @typedef {{input: number, cell: Cell, source: Cell|null, value: Scalar, weight: Scalar|null, tap: number[]|null,
 *   place: number|null, product: Scalar}} Term One thing that is added (or compared): `cell` may lie in the padding,
 *   `source` is the cell of the input that it is a copy of; `place` is that of the weight in its array.
 * @typedef {{rule: string, terms: Term[], scale: Fraction, bias: Scalar, divisor: number, formula: string,
 *   total: Scalar}} Explanation
 * @typedef {{cell: Cell, tap: number[]|null, place: number|null}} Use An output cell that uses an input cell.
 * @typedef {{channels: number[], axes: number[][]}} Region Cells: all of these channels at all of these positions.
 */

const MOST_CELLS = 1 << 26; // of one padded array or output
const ONE = { n: 1n, d: 1n };
const ZERO = { n: 0n, d: 1n };

/* One axis ------------------------------------------------------------------------------------------------------- */

/** Cells from the first tap to the last, both counted. */
const reachOf = (taps, dilation) => dilation * (taps - 1) + 1;

/** ⌊(before + size + after − reach) / stride⌋ + 1. @param {Axis} axis @returns {number} */
function outputSize(axis) {
  const { size, taps, stride, dilation, before, after } = axis;
  return Math.floor((before + size + after - reachOf(taps, dilation)) / stride) + 1;
}

/** (size − 1) × stride − before − after + reach + output padding. @param {Axis} axis @returns {number} */
function transposedSize(axis) {
  const { size, taps, stride, dilation, before, after, cut = 0 } = axis;
  return (size - 1) * stride - before - after + reachOf(taps, dilation) + cut;
}

/** The padding [before, after] that a word stands for. */
function wordPadding(word, size, reach, stride) {
  if (word === 'valid') return [0, 0];
  if (word === 'full') return [reach - 1, reach - 1];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return word === 'same' ? [less, more] : [more, less];
}

/** @param {number} a @param {number} period @returns {number} From 0 to period − 1. */
const modulo = (a, period) => ((a % period) + period) % period;

/** The cell of a pattern that runs forth and back. */
function folded(index, size, period, mirror) {
  const inside = modulo(index, period);
  return inside < size ? inside : mirror - inside;
}

/** The input cell that an index gets its value from; null stands for the constant. @returns {number|null} */
function sourceOf({ mode }, index, size) {
  if (index >= 0 && index < size) return index;
  if (mode === 'constant') return null;
  if (mode === 'replicate') return index < 0 ? 0 : size - 1;
  if (mode === 'circular') return modulo(index, size);
  if (mode === 'symmetric') return folded(index, size, 2 * size, 2 * size - 1);
  return folded(index, size, Math.max(1, 2 * size - 2), 2 * size - 2);
}

/** The input cells under the taps at an output position; outside 0 … size − 1 they are padding. */
function readsOf(axis, position) {
  const first = position * axis.stride - axis.before;
  return range(axis.taps).map((tap) => first + tap * axis.dilation);
}

/** Of a transposed axis: the input cells that write to an output position, the first one first: [cell, tap]. */
function writersOf(axis, position) {
  return range(axis.taps)
    .reverse()
    .map((tap) => [(position + axis.before - tap * axis.dilation) / axis.stride, tap])
    .filter(([cell]) => Number.isInteger(cell) && cell >= 0 && cell < axis.size);
}

/* Shapes --------------------------------------------------------------------------------------------------------- */

/** @param {number} count @returns {number[]} 0 … count − 1. */
const range = (count, first = 0) => Array.from({ length: Math.max(0, count) }, (_, place) => first + place);

/** Every choice of one from each list, the last one running fastest. @param {any[][]} lists @returns {any[][]} */
const choices = (lists) =>
  lists.reduce((made, list) => made.flatMap((each) => list.map((one) => [...each, one])), [[]]);

/** The place of a cell in an array, row by row. @param {number[]} shape @param {Cell} cell */
const placeOf = (shape, cell) => cell.reduce((place, index, axis) => place * shape[axis] + index, 0);

/** @param {number[]} shape @param {number} place @returns {Cell} */
function cellAt(shape, place) {
  const cell = [];
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    cell.unshift(place % shape[axis]);
    place = Math.floor(place / shape[axis]);
  }
  return cell;
}

/** @param {number[]} shape @returns {number[]} How far apart neighbours are on each axis. */
const stepsOf = (shape) => shape.map((_, axis) => cellsOf(shape.slice(axis + 1)));

const shapeText = (shape) => shape.join('×');

/** The channels of each group that an output channel sums over. */
function groupChannels(channel, inChannels, outChannels, groups) {
  const span = inChannels / groups;
  return range(span, Math.floor(channel / (outChannels / groups)) * span);
}

/** The value of the numbers at a cell. @param {Numbers} numbers @param {Cell} cell @returns {Scalar} */
const valueAt = (numbers, cell) => numberAt(numbers, placeOf(numbers.shape, cell));

/**
 * The axes of a layer with windows, on an input of this size.
 * @param {object} layer @param {number[]} size @returns {Axis[]}
 * @throws {Error} A window does not fit.
 */
function axesOf(layer, size) {
  const taps = tapsOf(layer, size);
  if (taps.length !== size.length) throw new Error(`a kernel of ${taps.length} axes on an input of ${size.length}`);
  return size.map((cells, number) => {
    const axis = { size: cells, taps: taps[number], stride: 1, dilation: 1, before: 0, after: 0 };
    axis.stride = layer.stride ? layer.stride[number] : layer.kind === 'conv' ? 1 : taps[number];
    axis.dilation = layer.dilation ? layer.dilation[number] : 1;
    const { padding = 'valid' } = layer;
    const reach = reachOf(axis.taps, axis.dilation);
    const isWord = typeof padding === 'string';
    [axis.before, axis.after] = isWord ? wordPadding(padding, cells, reach, axis.stride) : padding[number];
    if (layer.kind === 'transposed-conv') return { ...axis, cut: layer.output_padding[number] };
    if (layer.ceil_mode) axis.after = ceilAfter(axis);
    return fitting(axis, number);
  });
}

/** Taps on each axis: those of the weight, or of a pool. */
function tapsOf(layer, size) {
  if (layer.numbers.weight) return layer.numbers.weight.shape.slice(2);
  if (layer.kind === 'adaptive-avg-pool') return size.map((cells, axis) => cells / layer.output_size[axis]);
  return layer.kind.startsWith('global-') ? size : layer.kernel_size;
}

/** The padding behind with which a last window that fits only partly counts too, if it begins before the padding. */
function ceilAfter({ size, taps, stride, dilation, before, after }) {
  const reach = reachOf(taps, dilation);
  let last = Math.ceil((before + size + after - reach) / stride);
  if (last * stride >= size + before) last -= 1;
  return Math.max(after, last * stride + reach - before - size);
}

/** @param {Axis} axis @returns {Axis} @throws {Error} The kernel does not fit. */
function fitting(axis, number) {
  const reach = reachOf(axis.taps, axis.dilation);
  const padded = axis.before + axis.size + axis.after;
  if (!Number.isInteger(axis.taps)) throw new Error(`axis ${number} does not divide into windows of one size`);
  if (reach <= padded) return axis;
  throw new Error(
    `the kernel does not fit on axis ${number}: it reaches over ${reach} cells, the padded input has ${padded}; ` +
      `pad with at least ${reach - padded} more`,
  );
}

/** @throws {Error} There are more cells than a page computes. */
function checkCells(count) {
  if (count > MOST_CELLS) throw new Error(`${count} cells are more than the ${MOST_CELLS} that this page computes`);
}

/* Padded copies and sums ----------------------------------------------------------------------------------------- */

/**
 * The input with its padding written out: (channels, *padded size).
 * @param {Float64Array|Float32Array|bigint[]} data @param {number} channels @param {Axis[]} axes
 * @param {Boundary} boundary @param {number|bigint} fill The constant outside.
 */
function padded(data, channels, axes, boundary, fill) {
  const sizes = axes.map(({ before, size, after }) => before + size + after);
  if (axes.every(({ before, after }) => !before && !after)) return { data, sizes };
  checkCells(channels * cellsOf(sizes));
  const sources = axes.map((axis, number) =>
    range(sizes[number], -axis.before).map((index) => sourceOf(boundary, index, axis.size) ?? -1),
  );
  const last = sources.pop() ?? [0];
  const from = stepsOf([channels, ...axes.map(({ size }) => size)]);
  const made = Array.isArray(data) ? new Array(channels * cellsOf(sizes)) : new Float64Array(channels * cellsOf(sizes));
  let place = 0;
  for (const [channel, ...leading] of choices([range(channels), ...sources])) {
    const isOutside = leading.includes(-1);
    const row = leading.reduce((start, source, axis) => start + source * from[axis + 1], channel * from[0]);
    for (const source of last) made[place++] = isOutside || source < 0 ? fill : data[row + source];
  }
  return { data: made, sizes };
}

/** Where each row of the output begins, in the output and under the first tap in the padded input. */
function rowStarts(axes, sizes, outputs) {
  const [inside, outside] = [stepsOf(sizes), stepsOf(outputs)];
  const leading = outputs.slice(0, -1);
  return choices(leading.map((count) => range(count))).map((position) => ({
    output: position.reduce((start, index, axis) => start + index * outside[axis], 0),
    input: position.reduce((start, index, axis) => start + index * axes[axis].stride * inside[axis], 0),
  }));
}

/** output[…] += weight × input[…] along a row. */
function addRow(output, start, input, first, count, step, weight) {
  if (step === 1) {
    const shift = first - start;
    const end = start + count;
    for (let place = start; place < end; place += 1) output[place] += weight * input[place + shift];
    return;
  }
  for (let place = 0; place < count; place += 1) output[start + place] += weight * input[first + place * step];
}

/** As addRow, of whole numbers without end. */
function addBigRow(output, start, input, first, count, step, weight) {
  for (let place = 0; place < count; place += 1) output[start + place] += weight * input[first + place * step];
}

/**
 * Σ weight × window for every output cell.
 * @param {{axes: Axis[], channels: number, filters: number, groups: number}} plan
 * @param {ArrayLike<number>|bigint[]} weight As it lies on the input @param {{data: any, sizes: number[]}} input
 */
function windowSums({ axes, channels, filters, groups }, weight, input, isWhole = false) {
  const outputs = axes.map(outputSize);
  const [volume, cells] = [cellsOf(input.sizes), cellsOf(outputs)];
  checkCells(filters * cells);
  const isBig = Array.isArray(weight);
  const output = isBig ? new Array(filters * cells).fill(0n) : new Float64Array(filters * cells);
  const add = isBig ? addBigRow : addRow;
  const inside = stepsOf(input.sizes);
  const offsets = choices(axes.map(({ taps, dilation }) => range(taps).map((tap) => tap * dilation))).map((taps) =>
    taps.reduce((offset, tap, axis) => offset + tap * inside[axis], 0),
  );
  const rows = rowStarts(axes, input.sizes, outputs);
  const [count, step] = [outputs[outputs.length - 1], axes[axes.length - 1].stride];
  let place = 0;
  for (let filter = 0; filter < filters; filter += 1) {
    const taps = groupChannels(filter, channels, filters, groups)
      .flatMap((channel) => offsets.map((offset) => ({ from: channel * volume + offset, factor: weight[place++] })))
      .filter(({ factor }) => !isWhole || factor); // of floats, 0 × inf is nan
    for (const row of rows) {
      const start = filter * cells + row.output;
      for (const { from, factor } of taps) add(output, start, input.data, from + row.input, count, step, factor);
    }
  }
  return output;
}

/** The weight as it lies on the input: turned by 180° on every spatial axis if the layer says so. */
function applied(layer, weight) {
  if (!layer.flip) return weight;
  const taps = cellsOf(layer.numbers.weight.shape.slice(2));
  return weight.map((_, place) => weight[place - (place % taps) + taps - 1 - (place % taps)]);
}

/** The place in the weight's array of a tap of a filter's plane, as it lies on the input. */
function weightPlace(layer, filter, plane, tap) {
  const { shape } = layer.numbers.weight;
  const written = layer.flip ? tap.map((each, axis) => shape[axis + 2] - 1 - each) : tap;
  return placeOf(shape, [filter, plane, ...written]);
}

/** One number for each output channel: sum × scale + bias. */
const scaleOf = (layer, channel) => (layer.scale ? layer.scale[channel] : ONE);
const biasOf = (layer, channel) => (layer.numbers.bias ? numberAt(layer.numbers.bias, channel) : ZERO);

/** @param {object} layer @returns {Scalar[]} What is added to each channel, if anything is. */
const biasesOf = (layer) => (layer.numbers.bias ? scalarsOf(layer.numbers.bias) : []);

/* Exact convolution ---------------------------------------------------------------------------------------------- */

/** The convolution of exact numbers. @returns {Numbers} */
function exactConvolution(layer, input, axes, type) {
  const { weight } = layer.numbers;
  const plan = planOf(layer, input, axes);
  const fill = layer.boundary.value;
  const shape = [plan.filters, ...axes.map(outputSize)];
  const isPlain = isSmall(input) && isSmall(weight) && fill.d === 1n && isSafe(fill.n);
  const most = isPlain
    ? Math.max(input.most ?? largest(input.data), Math.abs(Number(fill.n))) * steepest(weight)
    : Infinity;
  if (most <= SAFE) {
    const cells = padded(input.data, plan.channels, axes, layer.boundary, Number(fill.n));
    return finishedSmall(layer, windowSums(plan, applied(layer, weight.data), cells, true), shape, type);
  }
  const common = (input.over / gcd(input.over, fill.d)) * fill.d;
  const data = numeratorsOf(input).map((each) => each * (common / input.over));
  const cells = padded(data, plan.channels, axes, layer.boundary, fill.n * (common / fill.d));
  const sums = windowSums(plan, applied(layer, numeratorsOf(weight)), cells, true);
  return finishedExact(layer, sums, common * weight.over, shape, type);
}

/** Σ |weight| of the filter where it is largest. */
function steepest(weight) {
  const span = cellsOf(weight.shape.slice(1));
  let [most, sum] = [0, 0];
  weight.data.forEach((each, place) => {
    sum = (place % span ? sum : 0) + Math.abs(each);
    most = Math.max(most, sum);
  });
  return most;
}

/** Scale and bias of whole sums, in floats where these hold all that comes up. */
function finishedSmall(layer, sums, shape, type) {
  const filters = range(shape[0]);
  if (filters.every((each) => same(scaleOf(layer, each), ONE) && isZero(biasOf(layer, each)))) {
    return { type: 'whole', shape, data: sums, over: 1n };
  }
  return finishedExact(layer, Array.from(sums, BigInt), 1n, shape, type);
}

/** (sums / over) × scale + bias, channel by channel. @param {bigint[]} sums @returns {Numbers} */
function finishedExact(layer, sums, over, shape, type) {
  const cells = cellsOf(shape.slice(1));
  const filters = range(shape[0]);
  const parts = filters.map((each) => ({
    factor: fraction(scaleOf(layer, each).n, scaleOf(layer, each).d * over),
    offset: biasOf(layer, each),
  }));
  const common = parts.reduce((least, { factor, offset }) => lcm(lcm(least, factor.d), offset.d), 1n);
  const factors = parts.map(({ factor }) => (factor.n * common) / factor.d);
  const offsets = parts.map(({ offset }) => (offset.n * common) / offset.d);
  const made = sums.map((sum, place) => sum * factors[Math.floor(place / cells)] + offsets[Math.floor(place / cells)]);
  return settled(made, common, shape, type);
}

/** @param {bigint} a @param {bigint} b @returns {bigint} */
const lcm = (a, b) => (a / gcd(a, b)) * b;

/** @returns {{axes: Axis[], channels: number, filters: number, groups: number}} */
const planOf = (layer, input, axes) => ({
  axes,
  channels: input.shape[0],
  filters: layer.numbers.weight.shape[0],
  groups: layer.groups,
});

/** The convolution of floats. @returns {Numbers} */
function realConvolution(layer, input, axes, type) {
  const plan = planOf(layer, input, axes);
  const cells = padded(floatsOf(input, type), plan.channels, axes, layer.boundary, floatOf(layer.boundary.value));
  const sums = windowSums(plan, applied(layer, floatsOf(layer.numbers.weight, type)), cells);
  const shape = [plan.filters, ...axes.map(outputSize)];
  const count = cellsOf(shape.slice(1));
  for (let filter = 0; filter < plan.filters; filter += 1) {
    const [up, down] = ratioOf(scaleOf(layer, filter));
    const bias = floatOf(biasOf(layer, filter));
    for (let place = filter * count; place < (filter + 1) * count; place += 1)
      sums[place] = (sums[place] * up) / down + bias;
  }
  return real(sums, shape, type);
}

/** Numerator and denominator where floats hold both exactly, otherwise the quotient over 1. @param {Fraction} scale */
function ratioOf(scale) {
  return isSafe(scale.n) && isSafe(scale.d) ? [Number(scale.n), Number(scale.d)] : [floatOf(scale), 1];
}

/* Kinds of layers ------------------------------------------------------------------------------------------------ */

const copied = (layer, [shape]) => shape;
const sameRegion = (layer, shapes, region) => region;
const oneUse = (layer, shapes, cell) => [{ cell, tap: null, place: null }];
const allChannels = (layer, [shape], region) => ({ ...region, channels: range(shape[0]) });

/** @returns {Term} A cell that stands there by itself. */
function plainTerm(numbers, cell, input = 0, weight = null) {
  const value = valueAt(numbers, cell);
  return {
    input,
    cell,
    source: cell,
    value,
    weight,
    tap: null,
    place: null,
    product: weight === null ? value : times(value, weight),
  };
}

/** @returns {Explanation} */
const told = (rule, terms, more = {}) => ({ rule, terms, scale: ONE, bias: ZERO, divisor: 1, formula: '', ...more });

const convolution = {
  shape(layer, [shape]) {
    const { shape: weight } = layer.numbers.weight;
    checkChannels(shape[0], weight[0], weight[1] * layer.groups, layer.groups);
    return [weight[0], ...axesOf(layer, shape.slice(1)).map(outputSize)];
  },
  forward(layer, [input], word) {
    const axes = axesOf(layer, input.shape.slice(1));
    const type = resolvedType(word, [input, layer.numbers.weight], [...biasesOf(layer), layer.boundary.value]);
    return (isExactType(type) ? exactConvolution : realConvolution)(layer, input, axes, type);
  },
  explain(layer, [input], cell) {
    const [channel, ...position] = cell;
    const { weight } = layer.numbers;
    const axes = axesOf(layer, input.shape.slice(1));
    const taps = choices(axes.map(({ taps: count }) => range(count)));
    const reads = axes.map((axis, number) => readsOf(axis, position[number]));
    const channels = groupChannels(channel, input.shape[0], weight.shape[0], layer.groups);
    const terms = channels.flatMap((each, plane) =>
      taps.map((tap) => {
        const at = tap.map((one, axis) => reads[axis][one]);
        const from = at.map((index, axis) => sourceOf(layer.boundary, index, axes[axis].size));
        const source = from.includes(null) ? null : [each, ...from];
        const value = source ? valueAt(input, source) : layer.boundary.value;
        const place = weightPlace(layer, channel, plane, tap);
        const factor = numberAt(weight, place);
        return {
          input: 0,
          cell: [each, ...at],
          source,
          value,
          weight: factor,
          tap,
          place,
          product: times(value, factor),
        };
      }),
    );
    return told('sum', terms, { scale: scaleOf(layer, channel), bias: biasOf(layer, channel) });
  },
  users(layer, [shape], cell) {
    const [channel, ...index] = cell;
    const { shape: weight } = layer.numbers.weight;
    const axes = axesOf(layer, shape.slice(1));
    const found = axes.map((axis, number) => readersOf(axis, layer.boundary, index[number]));
    const span = shape[0] / layer.groups;
    const filters = range(weight[0] / layer.groups, Math.floor(channel / span) * (weight[0] / layer.groups));
    return filters.flatMap((filter) =>
      choices(found).map((each) => {
        const tap = each.map(([, one]) => one);
        return {
          cell: [filter, ...each.map(([position]) => position)],
          tap,
          place: weightPlace(layer, filter, channel % span, tap),
        };
      }),
    );
  },
  seen(layer, [shape], region) {
    const axes = axesOf(layer, shape.slice(1));
    const filters = layer.numbers.weight.shape[0];
    return {
      channels: merged(region.channels.map((each) => groupChannels(each, shape[0], filters, layer.groups))),
      axes: axes.map((axis, number) => sourcesUnder(axis, layer.boundary, region.axes[number])),
    };
  },
};

/** @throws {Error} The channels do not go with the weight. */
function checkChannels(inChannels, outChannels, wanted, groups) {
  if (inChannels !== wanted) throw new Error(`the kernel spans ${wanted} channels, the input has ${inChannels}`);
  if (inChannels % groups || outChannels % groups) throw new Error(`groups ${groups} do not divide the channels`);
}

/** The output positions of an axis whose windows read an input cell, each with the tap: [position, tap]. */
function readersOf(axis, boundary, index) {
  return range(outputSize(axis)).flatMap((position) =>
    readsOf(axis, position).flatMap((at, tap) =>
      sourceOf(boundary, at, axis.size) === index ? [[position, tap]] : [],
    ),
  );
}

/** The input cells under some output positions. */
const sourcesUnder = (axis, boundary, positions) =>
  merged(
    positions.map((position) =>
      readsOf(axis, position)
        .map((at) => sourceOf(boundary, at, axis.size))
        .filter((each) => each !== null),
    ),
  );

/** All of these numbers once, in order. @param {number[][]} lists @returns {number[]} */
const merged = (lists) => [...new Set(lists.flat())].sort((a, b) => a - b);

const transposed = {
  shape(layer, [shape]) {
    const { shape: weight } = layer.numbers.weight;
    checkChannels(shape[0], weight[1] * layer.groups, weight[0], layer.groups);
    const size = axesOf(layer, shape.slice(1)).map(transposedSize);
    if (size.some((cells) => cells < 1)) throw new Error('the padding cuts off all of the output');
    return [weight[1] * layer.groups, ...size];
  },
  forward(layer, [input], word) {
    const { weight } = layer.numbers;
    const type = resolvedType(word, [input, weight], biasesOf(layer));
    const shape = transposed.shape(layer, [input.shape]);
    const isWhole = isExactType(type);
    const data = isWhole ? numeratorsOf(input) : floatsOf(input, type);
    const sums = writtenSums(layer, data, isWhole ? numeratorsOf(weight) : floatsOf(weight, type), input.shape, shape);
    if (isWhole) return finishedExact(layer, sums, input.over * weight.over, shape, type);
    const count = cellsOf(shape.slice(1));
    return real(
      sums.map((sum, place) => sum + floatOf(biasOf(layer, Math.floor(place / count)))),
      shape,
      type,
    );
  },
  explain(layer, [input], cell) {
    const [channel, ...position] = cell;
    const { weight } = layer.numbers;
    const axes = axesOf(layer, input.shape.slice(1));
    const filters = weight.shape[1] * layer.groups;
    const writers = choices(axes.map((axis, number) => writersOf(axis, position[number])));
    const terms = groupChannels(channel, input.shape[0], filters, layer.groups).flatMap((each) =>
      writers.map((pairs) => {
        const source = [each, ...pairs.map(([index]) => index)];
        const tap = pairs.map(([, one]) => one);
        const place = placeOf(weight.shape, [each, channel % weight.shape[1], ...tap]);
        const [value, factor] = [valueAt(input, source), numberAt(weight, place)];
        return { input: 0, cell: source, source, value, weight: factor, tap, place, product: times(value, factor) };
      }),
    );
    return told('sum', terms, { bias: biasOf(layer, channel) });
  },
  users(layer, [shape], cell) {
    const [channel, ...index] = cell;
    const { shape: weight } = layer.numbers.weight;
    const axes = axesOf(layer, shape.slice(1));
    const first = Math.floor(channel / (shape[0] / layer.groups)) * weight[1];
    const found = axes.map((axis, number) =>
      range(axis.taps)
        .map((tap) => [index[number] * axis.stride - axis.before + tap * axis.dilation, tap])
        .filter(([position]) => position >= 0 && position < transposedSize(axis)),
    );
    return range(weight[1]).flatMap((filter) =>
      choices(found).map((each) => {
        const tap = each.map(([, one]) => one);
        return {
          cell: [first + filter, ...each.map(([position]) => position)],
          tap,
          place: placeOf(weight, [channel, filter, ...tap]),
        };
      }),
    );
  },
  seen(layer, [shape], region) {
    const axes = axesOf(layer, shape.slice(1));
    const filters = layer.numbers.weight.shape[1] * layer.groups;
    return {
      channels: merged(region.channels.map((each) => groupChannels(each, shape[0], filters, layer.groups))),
      axes: axes.map((axis, number) =>
        merged(region.axes[number].map((each) => writersOf(axis, each).map(([index]) => index))),
      ),
    };
  },
};

/** What every input cell writes into the output of a transposed convolution, added up. */
function writtenSums(layer, data, weight, shape, outputShape) {
  const isBig = Array.isArray(data);
  checkCells(cellsOf(outputShape));
  const output = isBig ? new Array(cellsOf(outputShape)).fill(0n) : new Float64Array(cellsOf(outputShape));
  const axes = axesOf(layer, shape.slice(1));
  const { shape: weightShape } = layer.numbers.weight;
  const found = axes.map((axis) =>
    range(axis.size).map((index) =>
      range(axis.taps).map((tap) => index * axis.stride - axis.before + tap * axis.dilation),
    ),
  );
  const taps = choices(axes.map((axis) => range(axis.taps)));
  const size = outputShape.slice(1);
  const span = shape[0] / layer.groups;
  data.forEach((value, place) => {
    const [channel, ...index] = cellAt(shape, place);
    const first = Math.floor(channel / span) * weightShape[1];
    taps.forEach((tap, number) => {
      const position = tap.map((each, axis) => found[axis][index[axis]][each]);
      if (position.some((each, axis) => each < 0 || each >= size[axis])) return;
      for (let filter = 0; filter < weightShape[1]; filter += 1) {
        const factor = weight[(channel * weightShape[1] + filter) * taps.length + number];
        output[placeOf(outputShape, [first + filter, ...position])] += value * factor;
      }
    });
  });
  return output;
}

/** What pools share: windows of one channel each, whose padding holds no values. */
const pool = {
  shape: (layer, [shape]) => [shape[0], ...axesOf(layer, shape.slice(1)).map(outputSize)],
  users(layer, [shape], [channel, ...index]) {
    const found = axesOf(layer, shape.slice(1)).map((axis, number) =>
      readersOf(axis, { mode: 'constant' }, index[number]),
    );
    return choices(found).map((each) => ({
      cell: [channel, ...each.map(([position]) => position)],
      tap: each.map(([, tap]) => tap),
      place: null,
    }));
  },
  seen(layer, [shape], region) {
    const axes = axesOf(layer, shape.slice(1));
    return {
      channels: region.channels,
      axes: axes.map((axis, number) => sourcesUnder(axis, { mode: 'constant' }, region.axes[number])),
    };
  },
  terms(layer, input, [channel, ...position]) {
    const axes = axesOf(layer, input.shape.slice(1));
    const reads = axes.map((axis, number) =>
      readsOf(axis, position[number]).flatMap((at, tap) => (at >= 0 && at < axis.size ? [[at, tap]] : [])),
    );
    return choices(reads).map((each) => ({
      ...plainTerm(input, [channel, ...each.map(([at]) => at)]),
      tap: each.map(([, tap]) => tap),
    }));
  },
};

/** Of every window of a pool, one number made of the places of its cells. */
function pooled(layer, input, make) {
  const [channels, ...size] = input.shape;
  const axes = axesOf(layer, size);
  const steps = stepsOf(size);
  const reads = axes.map((axis, number) =>
    range(outputSize(axis)).map((position) =>
      readsOf(axis, position)
        .filter((at) => at >= 0 && at < axis.size)
        .map((at) => at * steps[number]),
    ),
  );
  const windows = choices(reads).map((lists) =>
    lists.reduce((sums, list) => sums.flatMap((sum) => list.map((each) => sum + each)), [0]),
  );
  const positions = choices(axes.map((axis) => range(outputSize(axis))));
  const volume = cellsOf(size);
  return range(channels).flatMap((channel) =>
    windows.map((places, number) => make(places, channel * volume, positions[number])),
  );
}

const maxPool = {
  ...pool,
  forward(layer, [input], word) {
    const type = resolvedType(word, [input]);
    const shape = pool.shape(layer, [input.shape]);
    const data = isExactType(type) ? input.data : floatsOf(input, type);
    const larger = (a, b) => (Number.isNaN(a) ? a : Number.isNaN(b) || b > a ? b : a);
    const bigger = (a, b) => (b > a ? b : a);
    const isBig = Array.isArray(data);
    const made = pooled(layer, input, (places, base) =>
      places.map((each) => data[base + each]).reduce(isBig ? bigger : larger),
    );
    if (isBig) return settled(made, input.over, shape, 'exact');
    return {
      type: isExactType(type) ? 'whole' : type,
      shape,
      data: STORED[type === 'float32' ? type : 'float64'].from(made),
      over: 1n,
    };
  },
  explain: (layer, [input], cell) => told('maximum', pool.terms(layer, input, cell)),
};

/** How many places of a window count, those in the padding too if the layer says so. */
function divisorOf(layer, axes, position) {
  if (layer.divisor) return layer.divisor;
  const pads = layer.padding && layer.padding.map ? layer.padding : axes.map(() => [0, 0]);
  return axes.reduce((product, axis, number) => {
    const [before, after] = pads[number];
    const [low, high] = layer.count_include_pad ? [-before, axis.size + after] : [0, axis.size];
    const start = position[number] * axis.stride - axis.before;
    return product * (Math.min(start + reachOf(axis.taps, axis.dilation), high) - Math.max(start, low));
  }, 1);
}

const averagePool = {
  ...pool,
  forward(layer, [input], word) {
    const type = resolvedType(word, [input]);
    const shape = pool.shape(layer, [input.shape]);
    const axes = axesOf(layer, input.shape.slice(1));
    if (!isExactType(type)) {
      const data = floatsOf(input, type);
      const mean = (places, base, position) =>
        places.reduce((sum, each) => sum + data[base + each], 0) / divisorOf(layer, axes, position);
      return real(Float64Array.from(pooled(layer, input, mean)), shape, type);
    }
    const data = numeratorsOf(input);
    const made = pooled(layer, input, (places, base, position) => [
      places.reduce((sum, each) => sum + data[base + each], 0n),
      BigInt(divisorOf(layer, axes, position)),
    ]);
    const common = made.reduce((least, [, divisor]) => lcm(least, divisor), 1n);
    return settled(
      made.map(([sum, divisor]) => sum * (common / divisor)),
      common * input.over,
      shape,
      type,
    );
  },
  explain(layer, [input], cell) {
    const divisor = divisorOf(layer, axesOf(layer, input.shape.slice(1)), cell.slice(1));
    return told('sum', pool.terms(layer, input, cell), { divisor, scale: fraction(1n, BigInt(divisor)) });
  },
};

const linear = {
  shape(layer, [shape]) {
    const [features, wanted] = layer.numbers.weight.shape;
    if (shape.length !== 1 || shape[0] !== wanted)
      throw new Error(`it takes ${wanted} features, it gets ${shapeText(shape)}`);
    return [features];
  },
  forward(layer, [input], word) {
    const asCells = (numbers) => ({ ...numbers, shape: [...numbers.shape, 1] });
    const numbers = { ...layer.numbers, weight: asCells(layer.numbers.weight) };
    const as = { ...layer, kind: 'conv', numbers, groups: 1, flip: false, boundary: { mode: 'constant', value: ZERO } };
    const made = convolution.forward(as, [asCells(input)], word);
    return { ...made, shape: made.shape.slice(0, 1) };
  },
  explain(layer, [input], [feature]) {
    const { weight } = layer.numbers;
    const terms = range(input.shape[0]).map((each) => {
      const place = placeOf(weight.shape, [feature, each]);
      return { ...plainTerm(input, [each], 0, numberAt(weight, place)), place };
    });
    return told('sum', terms, { scale: scaleOf(layer, feature), bias: biasOf(layer, feature) });
  },
  users: (layer, shapes, [feature]) =>
    range(layer.numbers.weight.shape[0]).map((each) => ({
      cell: [each],
      tap: null,
      place: placeOf(layer.numbers.weight.shape, [each, feature]),
    })),
  seen: allChannels,
};

/** Kinds whose every cell is made of the same cell of the input alone. */
const byCell = { shape: copied, users: oneUse, seen: sameRegion };

/** A function of every cell in floats. */
function inFloats(input, word, make) {
  const type = resolvedType(word, [input]);
  if (type === 'exact') throw new Error('its numbers are no fractions, which dtype exact cannot hold');
  const kept = type === 'auto' ? 'float64' : type;
  return real(make(floatsOf(input, kept)), input.shape, kept);
}

const relu = {
  ...byCell,
  forward(layer, [input], word) {
    const type = resolvedType(word, [input]);
    const zero = Array.isArray(input.data) ? 0n : 0;
    if (isExactType(type)) return { ...input, data: input.data.map((each) => (each > zero ? each : zero)) };
    return real(
      floatsOf(input, type).map((each) => (each < 0 ? 0 : each + 0)),
      input.shape,
      type,
    );
  },
  explain: (layer, [input], cell) =>
    told('function', [plainTerm(input, cell)], { formula: `max(0, ${shortText(valueAt(input, cell))})` }),
};

const leakyRelu = {
  ...byCell,
  forward(layer, [input], word) {
    const slope = layer.negative_slope;
    const type = resolvedType(word, [input], [slope]);
    if (isExactType(type)) {
      const made = numeratorsOf(input).map((each) => (each > 0n ? each * slope.d : each * slope.n));
      return settled(made, input.over * slope.d, input.shape, type);
    }
    const factor = type === 'float32' ? Math.fround(floatOf(slope)) : floatOf(slope);
    return real(
      floatsOf(input, type).map((each) => (each > 0 ? each : each * factor)),
      input.shape,
      type,
    );
  },
  explain(layer, [input], cell) {
    const value = valueAt(input, cell);
    const isAbove = floatOf(value) > 0;
    const formula = isAbove ? shortText(value) : `${shortText(value)} × ${shortText(layer.negative_slope)}`;
    return told('function', [plainTerm(input, cell)], { formula });
  },
};

/** A kind that is a function of each cell: how it is written, and what it computes. */
const functionOf = (make, formula) => ({
  ...byCell,
  forward: (layer, [input], word) => inFloats(input, word, (data) => Float64Array.from(data, make)),
  explain: (layer, [input], cell) =>
    told('function', [plainTerm(input, cell)], { formula: formula(shortText(valueAt(input, cell))) }),
});

/** 1 / (1 + exp(−x)), of which the exponential is never too large. */
function logistic(value) {
  const power = Math.exp(-Math.abs(value));
  return (value < 0 ? power : 1) / (1 + power);
}

const softmax = {
  shape: copied,
  forward(layer, [input], word) {
    const [channels, ...size] = input.shape;
    const count = cellsOf(size);
    return inFloats(input, word, (data) => {
      const made = new Float64Array(data.length);
      for (let place = 0; place < count; place += 1) {
        const column = range(channels).map((channel) => data[channel * count + place]);
        const most = column.reduce((a, b) => Math.max(a, b));
        const powers = column.map((each) => Math.exp(each - most));
        const sum = powers.reduce((a, b) => a + b);
        powers.forEach((each, channel) => (made[channel * count + place] = each / sum));
      }
      return made;
    });
  },
  explain(layer, [input], cell) {
    const terms = range(input.shape[0]).map((channel) => plainTerm(input, [channel, ...cell.slice(1)]));
    return told('function', terms, { formula: `exp(${shortText(valueAt(input, cell))}) / Σ exp` });
  },
  users: (layer, [shape], cell) =>
    range(shape[0]).map((channel) => ({ cell: [channel, ...cell.slice(1)], tap: null, place: null })),
  seen: allChannels,
};

/** The channels of the group that makes one channel of a magnitude. */
const channelsOf = (layer, channels, group) => {
  const span = channels / layer.groups;
  return range(span).map((each) => group * span + each);
};

const vectorNorm = {
  shape: (layer, [shape]) => [layer.groups, ...shape.slice(1)],
  forward(layer, [input], word) {
    const [channels, ...size] = input.shape;
    const count = cellsOf(size);
    const made = inFloats(input, word, (data) => {
      const norms = new Float64Array(layer.groups * count);
      for (let group = 0; group < layer.groups; group += 1) {
        const members = channelsOf(layer, channels, group);
        for (let place = 0; place < count; place += 1) {
          const vector = members.map((channel) => Math.abs(data[channel * count + place]));
          norms[group * count + place] =
            layer.norm === 'l1' ? vector.reduce((sum, each) => sum + each, 0) : Math.hypot(...vector);
        }
      }
      return norms;
    });
    return { ...made, shape: [layer.groups, ...size] };
  },
  explain(layer, [input], [group, ...position]) {
    const terms = channelsOf(layer, input.shape[0], group).map((channel) => plainTerm(input, [channel, ...position]));
    const texts = terms.map(({ cell }) => shortText(valueAt(input, cell)));
    const squares = texts.map((each) => (each.startsWith('-') ? `(${each})²` : `${each}²`));
    const formula = layer.norm === 'l1' ? texts.map((each) => `|${each}|`).join(' + ') : `√(${squares.join(' + ')})`;
    return told('function', terms, { formula });
  },
  users: (layer, [shape], [channel, ...position]) => [
    { cell: [Math.floor(channel / (shape[0] / layer.groups)), ...position], tap: null, place: null },
  ],
  seen: (layer, [shape], region) => ({
    ...region,
    channels: region.channels.flatMap((group) => channelsOf(layer, shape[0], group)),
  }),
};

/** Factor and offset of each channel of a batch norm, in floats. */
function normOf(layer) {
  const floats = (name, idle) => (layer.numbers[name] ? floatsOf(layer.numbers[name], 'float64') : idle);
  const variance = floats('running_var');
  const [mean, weight, bias] = [
    floats('running_mean'),
    floats(
      'weight',
      variance.map(() => 1),
    ),
    floats(
      'bias',
      variance.map(() => 0),
    ),
  ];
  const factor = variance.map((each, channel) => weight[channel] / Math.sqrt(each + layer.eps));
  return {
    factor,
    offset: factor.map((each, channel) => bias[channel] - mean[channel] * each),
    mean,
    variance,
    weight,
    bias,
  };
}

const batchNorm = {
  ...byCell,
  forward(layer, [input], word) {
    const { weight, ...others } = layer.numbers;
    const type = resolvedType(
      word,
      weight ? [input, weight] : [input],
      Object.values(others).some((each) => each.type !== 'whole') ? [0] : [],
    );
    if (type === 'exact')
      throw new Error('batch-norm makes numbers that are no fractions, which dtype exact cannot hold');
    const kept = type === 'auto' ? 'float64' : type;
    const { factor, offset } = normOf(layer);
    const count = cellsOf(input.shape.slice(1));
    const data = Float64Array.from(
      floatsOf(input, kept),
      (each, place) => each * factor[Math.floor(place / count)] + offset[Math.floor(place / count)],
    );
    return real(data, input.shape, kept);
  },
  explain(layer, [input], cell) {
    const { factor, offset, ...parts } = normOf(layer);
    const [mean, variance, weight, bias] = ['mean', 'variance', 'weight', 'bias'].map((name) =>
      shortText(parts[name][cell[0]]),
    );
    const term = plainTerm(input, cell, 0, factor[cell[0]]);
    const formula = `(${shortText(term.value)} - ${mean}) / sqrt(${variance} + ${layer.eps}) × ${weight} + ${bias}`;
    return told('sum', [term], { bias: offset[cell[0]], formula });
  },
};

/** The sum of some arrays of one shape. @param {Numbers[]} arrays @returns {Numbers} */
function sumOf(arrays, type) {
  const { shape } = arrays[0];
  if (!isExactType(type)) {
    const parts = arrays.map((each) => floatsOf(each, type));
    return real(
      parts[0].map((_, place) => parts.reduce((sum, each) => sum + each[place], 0)),
      shape,
      type,
    );
  }
  const common = arrays.reduce((least, { over }) => lcm(least, over), 1n);
  const parts = arrays.map((each) => numeratorsOf(each).map((one) => one * (common / each.over)));
  return settled(
    parts[0].map((_, place) => parts.reduce((sum, each) => sum + each[place], 0n)),
    common,
    shape,
    type,
  );
}

const bias = {
  ...byCell,
  forward(layer, [input], word) {
    const count = cellsOf(input.shape.slice(1));
    const { bias: numbers } = layer.numbers;
    const type = resolvedType(word, [input], numbers.type === 'whole' ? [] : [0]);
    return sumOf([input, respread(numbers, input, count)], type);
  },
  explain: (layer, [input], cell) => told('sum', [plainTerm(input, cell)], { bias: biasOf(layer, cell[0]) }),
};

/** One number of each channel, for every cell of it. @returns {Numbers} */
function respread(numbers, like, count) {
  const make = Array.isArray(numbers.data) ? Array : numbers.data.constructor;
  return {
    ...numbers,
    shape: like.shape,
    data: make.from(like.data, (_, place) => numbers.data[Math.floor(place / count)]),
  };
}

const add = {
  shape(layer, shapes) {
    const other = shapes.find((shape) => shapeText(shape) !== shapeText(shapes[0]));
    if (other) throw new Error(`add takes inputs of one shape: ${shapeText(shapes[0])} and ${shapeText(other)} differ`);
    return shapes[0];
  },
  forward: (layer, inputs, word) => sumOf(inputs, resolvedType(word, inputs)),
  explain: (layer, inputs, cell) =>
    told(
      'sum',
      inputs.map((each, number) => plainTerm(each, cell, number)),
    ),
  users: oneUse,
  seen: sameRegion,
};

const flatten = {
  shape: (layer, [shape]) => [cellsOf(shape)],
  forward: (layer, [input]) => ({ ...input, shape: [cellsOf(input.shape)] }),
  explain: (layer, [input], [feature]) => told('copy', [plainTerm(input, cellAt(input.shape, feature))]),
  users: (layer, [shape], cell) => [{ cell: [placeOf(shape, cell)], tap: null, place: null }],
  seen(layer, [shape], { channels }) {
    const cells = channels.map((feature) => cellAt(shape, feature));
    const [first, ...axes] = shape.map((_, axis) => merged([cells.map((cell) => cell[axis])]));
    return { channels: first, axes };
  },
};

const upsample = {
  shape: (layer, [shape]) => [shape[0], ...shape.slice(1).map((size, axis) => size * layer.scale_factor[axis])],
  forward(layer, [input]) {
    const shape = upsample.shape(layer, [input.shape]);
    checkCells(cellsOf(shape));
    const from = range(cellsOf(shape)).map(
      (place) => input.data[placeOf(input.shape, upsample.source(layer, cellAt(shape, place)))],
    );
    return { ...input, shape, data: Array.isArray(input.data) ? from : input.data.constructor.from(from) };
  },
  source: (layer, [channel, ...position]) => [
    channel,
    ...position.map((each, axis) => Math.floor(each / layer.scale_factor[axis])),
  ],
  explain: (layer, [input], cell) => told('copy', [plainTerm(input, upsample.source(layer, cell))]),
  users: (layer, shapes, [channel, ...index]) =>
    choices(index.map((each, axis) => range(layer.scale_factor[axis], each * layer.scale_factor[axis]))).map(
      (position) => ({ cell: [channel, ...position], tap: null, place: null }),
    ),
  seen: (layer, shapes, region) => ({
    channels: region.channels,
    axes: region.axes.map((positions, axis) =>
      merged([positions.map((each) => Math.floor(each / layer.scale_factor[axis]))]),
    ),
  }),
};

/**
 * Every kind of layer: its output `shape`, what it computes (`forward`), why a cell is what it is (`explain`), which
 * output cells use an input cell (`users`), and which input cells a region of the output sees (`seen`).
 */
const KINDS = {
  conv: convolution,
  'transposed-conv': transposed,
  'max-pool': maxPool,
  'global-max-pool': maxPool,
  'avg-pool': averagePool,
  'global-avg-pool': averagePool,
  'adaptive-avg-pool': averagePool,
  linear,
  bias,
  'batch-norm': batchNorm,
  relu,
  'leaky-relu': leakyRelu,
  sigmoid: functionOf(logistic, (value) => `1 / (1 + exp(-(${value})))`),
  tanh: functionOf(Math.tanh, (value) => `tanh(${value})`),
  softmax,
  magnitude: vectorNorm,
  flatten,
  upsample,
  add,
};

/** The sum of an explanation's terms, with scale and bias: exact where all are. @param {Explanation} explanation */
function totalOf({ rule, terms, scale, bias: offset }) {
  if (rule !== 'sum') return null;
  const sum = terms.reduce((made, { product }) => plus(made, product), ZERO);
  if (isExact(sum)) return plus(times(sum, scale), offset);
  const [up, down] = ratioOf(scale);
  return (sum * up) / down + floatOf(offset);
}
