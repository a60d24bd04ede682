/* The problem as it stands on the page, as YAML that convcalc reads. */

/** Nested lists of an array. @param {Numbers} numbers @returns {string} */
function listText(numbers, shape = numbers.shape, first = 0) {
  if (!shape.length) return textOf(numberAt(numbers, first));
  const step = cellsOf(shape.slice(1));
  return `[${range(shape[0])
    .map((each) => listText(numbers, shape.slice(1), first + each * step))
    .join(', ')}]`;
}

/** The dtype that a file must name to have the numbers that the page has. @param {Network} network */
function dtypeText(network) {
  const arrays = [network.input, ...network.layers.flatMap((layer) => Object.values(layer.numbers))];
  const floats = arrays.filter(({ type }) => type !== 'whole');
  const isNarrow = network.word === 'auto' && floats.length > 0 && floats.every(({ type }) => type === 'float32');
  return isNarrow ? 'float32' : network.word;
}

/** One filter of a weight. @returns {Numbers} */
function filterOf({ weight }, filter) {
  const size = cellsOf(weight.shape.slice(1));
  return { ...weight, shape: weight.shape.slice(1), data: weight.data.slice(filter * size, (filter + 1) * size) };
}

/** The weight of a convolution with its scales. @returns {string} */
function kernelText(layer) {
  const scales = range(layer.numbers.weight.shape[0]).map((filter) => textOf(scaleOf(layer, filter)));
  if (scales.every((each) => each === '1')) return listText(layer.numbers.weight);
  if (scales.every((each) => each === scales[0]))
    return `{weights: ${listText(layer.numbers.weight)}, scale: ${scales[0]}}`;
  const parts = scales.map(
    (scale, filter) => `{weights: ${listText(filterOf(layer.numbers, filter))}, scale: ${scale}}`,
  );
  return `[${parts.join(', ')}]`;
}

/** @param {number[][]|string} padding */
const paddingField = (padding) => (typeof padding === 'string' ? padding : JSON.stringify(padding));

/** The settings of a convolution, as a problem file has them. @returns {string[][]} */
function convolutionFields(layer, rank) {
  const boundary = boundaryText(layer.boundary);
  return [
    ['stride', JSON.stringify(layer.stride || range(rank).map(() => 1))],
    ['padding', paddingField(layer.padding)],
    ['dilation', JSON.stringify(layer.dilation)],
    ['groups', `${layer.groups}`],
    ['boundary', boundary],
    ['flip', `${layer.flip}`],
  ];
}

/** @param {Network} network @returns {string} */
function problemText(network) {
  const { title, input, layers } = network;
  const lines = [
    title && `title: ${JSON.stringify(title)}`,
    `input: ${listText(input)}`,
    `dims: ${input.shape.length - 1}`,
  ];
  const dtype = dtypeText(network);
  if (dtype !== 'auto') lines.push(`dtype: ${dtype}`);
  if (layers.length === 1 && layers[0].kind === 'conv') lines.push(...loneFields(layers[0], input.shape.length - 1));
  else lines.push('layers:', ...layers.map((layer, number) => layerText(network, layer, number)));
  return `${lines.filter(Boolean).join('\n')}\n`;
}

function loneFields(layer, rank) {
  const bias = layer.numbers.bias ? [['bias', listText(layer.numbers.bias)]] : [];
  return [['kernel', kernelText(layer)], ...bias, ...convolutionFields(layer, rank)].map(
    ([name, text]) => `${name}: ${text}`,
  );
}

/** Of each kind, the fields that its layer needs in a file beside name, input and numbers. */
const FIELDS = {
  conv: (layer, rank) => convolutionFields(layer, rank),
  'transposed-conv': (layer) => names(layer, ['stride', 'padding', 'dilation', 'output_padding', 'groups']),
  'max-pool': (layer) => names(layer, ['kernel_size', 'stride', 'padding', 'dilation', 'ceil_mode']),
  'avg-pool': (layer) => [
    ...names(layer, ['kernel_size', 'stride', 'padding', 'ceil_mode', 'count_include_pad']),
    ...(layer.divisor ? [['divisor_override', `${layer.divisor}`]] : []),
  ],
  'adaptive-avg-pool': (layer) => names(layer, ['output_size']),
  'batch-norm': (layer) => [...names(layer, ['eps']), ['affine', `${Boolean(layer.numbers.weight)}`]],
  magnitude: (layer) => names(layer, ['norm', 'groups']),
  'leaky-relu': (layer) => [['negative_slope', textOf(layer.negative_slope)]],
  upsample: (layer) => names(layer, ['scale_factor']),
};

const names = (layer, wanted) => wanted.map((name) => [name, JSON.stringify(layer[name])]);

/** Kinds with the sizes that a file must say, and whether they have a bias. */
const SIZES = {
  conv: ({ weight }) => [
    ['out_channels', weight.shape[0]],
    ['kernel_size', JSON.stringify(weight.shape.slice(2))],
  ],
  'transposed-conv': ({ weight }, layer) => [
    ['out_channels', weight.shape[1] * layer.groups],
    ['kernel_size', JSON.stringify(weight.shape.slice(2))],
  ],
  linear: ({ weight }) => [['out_features', weight.shape[0]]],
};

/** A layer of a file: `- conv: {…}`. */
function layerText(network, layer, number) {
  const rank = network.input.shape.length - 1;
  const nameOf = (each) => (each === NETWORK_INPUT ? 'input' : JSON.stringify(network.layers[each].name));
  const fields = [['name', JSON.stringify(layer.name)]];
  if (layer.kind === 'add') fields.push(['input', `[${layer.inputs.map(nameOf).join(', ')}]`]);
  else if (layer.inputs[0] !== number - 1) fields.push(['input', nameOf(layer.inputs[0])]);
  if (SIZES[layer.kind]) fields.push(...SIZES[layer.kind](layer.numbers, layer));
  if (FIELDS[layer.kind]) fields.push(...FIELDS[layer.kind](layer, rank));
  for (const [name, numbers] of Object.entries(layer.numbers)) {
    fields.push([name, layer.kind === 'conv' && name === 'weight' ? kernelText(layer) : listText(numbers)]);
  }
  if (SIZES[layer.kind] && !layer.numbers.bias) fields.push(['bias', 'false']);
  return `  - ${layer.kind}: {${fields.map(([name, text]) => `${name}: ${text}`).join(', ')}}`;
}
