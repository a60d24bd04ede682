/* A network that can be changed: its layers with their numbers, what each computes, and what a cell of it sees. */

/**
 * @typedef {object} Layer A layer as `page/data.py` writes it, its numbers decoded; `inputs` are layers, -1 the input.
 * @typedef {{numbers: Numbers|null, shape: number[]|null, error: string}} Output
 * @typedef {{title: string, word: string, input: Numbers, layers: Layer[], outputs: Output[]}} Network
 */

const NETWORK_INPUT = -1;

/** @param {object} record @returns {Network} Nothing is computed yet. */
function networkOf(record) {
  const layers = record.layers.map(layerOf);
  return { title: record.title, word: record.dtype, input: decode(record.input.numbers), layers, outputs: [] };
}

/** @param {object} record @returns {Layer} */
function layerOf(record) {
  const numbers = Object.fromEntries(Object.entries(record.numbers || {}).map(([name, each]) => [name, decode(each)]));
  const layer = { ...record, numbers };
  if (record.scale) layer.scale = record.scale.map((each) => readNumber(`${each}`));
  if (record.boundary) layer.boundary = { mode: record.boundary.mode, value: readNumber(`${record.boundary.value}`) };
  if (record.negative_slope !== undefined) layer.negative_slope = readNumber(`${record.negative_slope}`);
  return layer;
}

/** @param {Network} network @returns {Numbers|null} The output of a layer, or the input. */
function outputOf(network, number) {
  return number === NETWORK_INPUT ? network.input : network.outputs[number] && network.outputs[number].numbers;
}

/** @returns {Numbers[]} What goes into a layer. @throws {Error} A layer below has no output. */
function inputsOf(network, number) {
  return network.layers[number].inputs.map((each) => {
    const numbers = outputOf(network, each);
    if (!numbers) throw new Error(`${network.layers[each].name} below it has no output`);
    return numbers;
  });
}

/** Compute every layer from a number on. @param {Network} network @param {number} first */
function computeFrom(network, first = 0) {
  for (let number = Math.max(0, first); number < network.layers.length; number += 1) {
    network.outputs[number] = computed(network, number);
  }
}

/** @returns {Output} */
function computed(network, number) {
  const layer = network.layers[number];
  let shape = null;
  try {
    const inputs = inputsOf(network, number);
    shape = KINDS[layer.kind].shape(
      layer,
      inputs.map((each) => each.shape),
    );
    return { numbers: KINDS[layer.kind].forward(layer, inputs, network.word), shape, error: '' };
  } catch (error) {
    return { numbers: null, shape, error: error.message };
  }
}

/** Why a cell of a layer is what it is. @returns {Explanation} */
function explained(network, number, cell) {
  const layer = network.layers[number];
  const explanation = KINDS[layer.kind].explain(layer, inputsOf(network, number), cell);
  return { ...explanation, total: valueAt(network.outputs[number].numbers, cell) };
}

/** The output cells of a layer that use a cell of one of its inputs. @returns {Use[]} */
function usersOf(network, number, cell) {
  const layer = network.layers[number];
  return KINDS[layer.kind].users(
    layer,
    inputsOf(network, number).map((each) => each.shape),
    cell,
  );
}

/**
 * What a cell of a layer sees of every layer below, and of the input.
 * @returns {Map<number, Region>} By the layer's number; where two paths meet, all that either sees.
 */
function fieldOf(network, number, [channel, ...position]) {
  const found = new Map([[number, { channels: [channel], axes: position.map((each) => [each]) }]]);
  for (let each = number; each >= 0; each -= 1) {
    if (!found.has(each)) continue;
    const layer = network.layers[each];
    const region = KINDS[layer.kind].seen(
      layer,
      inputsOf(network, each).map(({ shape }) => shape),
      found.get(each),
    );
    for (const below of layer.inputs) found.set(below, found.has(below) ? united(found.get(below), region) : region);
  }
  return found;
}

/** @param {Region} one @param {Region} other @returns {Region} */
function united(one, other) {
  const axes = one.axes.map((each, axis) => merged([each, other.axes[axis]]));
  return { channels: merged([one.channels, other.channels]), axes };
}

/** Whether a region holds a cell. @param {Region} region @param {Cell} cell */
function holds(region, [channel, ...position]) {
  return region.channels.includes(channel) && position.every((each, axis) => region.axes[axis].includes(each));
}
