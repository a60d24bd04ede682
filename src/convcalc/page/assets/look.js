/* How each cell looks for what is picked: in the window, a gap in it, padding, used by it. */

/** @param {Cell} cell @param {number[]} shape @returns {boolean} */
const isWithin = (cell, shape) => cell.every((index, axis) => index >= 0 && index < shape[axis]);

/**
 * What is picked, and the look of every cell of input, kernel and output.
 * @param {Calculator} app
 */
function lookOf(app) {
  const { state, layer, network, output } = app;
  const look = {
    explanation: null,
    uses: [],
    windows: layer.inputs.map(() => new Map()),
    sources: layer.inputs.map(() => new Set()),
    used: new Map(),
    taps: new Set(),
  };
  if (output.numbers) {
    if (state.what === 'output') lookAtOutput(look, explained(network, state.layer, state.cell));
    if (state.what === 'input') lookAtUses(look, usersOf(network, state.layer, state.used), state);
    if (state.what === 'weight') lookAtWeight(look, app);
  }
  look.hulls = look.windows.map(hullsOf);
  look.input = (cell, number, numbers) => inputLook(app, look, cell, number, numbers);
  look.weight = (cell, view) => weightLook(app, look, cell, view);
  look.output = (cell, numbers) => outputLook(app, look, cell, numbers);
  return look;
}

function lookAtOutput(look, explanation) {
  look.explanation = explanation;
  for (const { input, cell, source, place } of explanation.terms) {
    look.windows[input].set(keyOf(cell), cell);
    if (source && keyOf(source) !== keyOf(cell)) look.sources[input].add(keyOf(source));
    if (place !== null) look.taps.add(place);
  }
}

function lookAtUses(look, uses, { used, source }) {
  look.uses = uses;
  look.picked = [source, keyOf(used)];
  for (const use of uses) {
    look.used.set(keyOf(use.cell), use);
    if (use.place !== null) look.taps.add(use.place);
  }
}

/** Every input cell that a weight is multiplied with, and the output cells whose sum that is in. */
function lookAtWeight(look, { state, layer, network }) {
  const { numbers } = network.outputs[state.layer];
  const [input] = inputsOf(network, state.layer);
  look.pairs = pairsOf(layer, input, numbers.shape, state.place);
  look.taps.add(state.place);
  for (const { at, cell } of look.pairs) {
    look.windows[0].set(keyOf(at), at);
    look.used.set(keyOf(cell), { cell });
  }
}

/** The cells that a weight meets: [{at: cell of the input, padding too, cell: of the output}]. */
function pairsOf(layer, input, shape, place) {
  const { weight } = layer.numbers;
  const index = cellAt(weight.shape, place);
  if (layer.kind === 'linear') return [{ at: [index[1]], cell: [index[0]] }];
  const axes = axesOf(layer, input.shape.slice(1));
  if (layer.kind === 'conv') {
    const [filter, plane, ...written] = index;
    const tap = layer.flip ? written.map((each, axis) => axes[axis].taps - 1 - each) : written;
    const channel = groupChannels(filter, input.shape[0], weight.shape[0], layer.groups)[plane];
    return choices(shape.slice(1).map((size) => range(size))).map((position) => ({
      at: [channel, ...position.map((each, axis) => readsOf(axes[axis], each)[tap[axis]])],
      cell: [filter, ...position],
    }));
  }
  const [channel, filter, ...tap] = index;
  const first = Math.floor(channel / (input.shape[0] / layer.groups)) * weight.shape[1];
  return choices(input.shape.slice(1).map((size) => range(size)))
    .map((cell) => ({
      at: [channel, ...cell],
      cell: [
        first + filter,
        ...cell.map((each, axis) => each * axes[axis].stride - axes[axis].before + tap[axis] * axes[axis].dilation),
      ],
    }))
    .filter(({ cell }) => isWithin(cell, shape));
}

/** From the first to the last cell of a window on each axis, by channel. */
function hullsOf(window) {
  const hulls = new Map();
  for (const [channel, ...position] of window.values()) {
    const hull = hulls.get(channel) || position.map((each) => [each, each]);
    hulls.set(
      channel,
      hull.map(([low, high], axis) => [Math.min(low, position[axis]), Math.max(high, position[axis])]),
    );
  }
  return hulls;
}

const isInHull = (hull, position) =>
  Boolean(hull) && position.every((each, axis) => each >= hull[axis][0] && each <= hull[axis][1]);

/** A cell of the input, or of the padding around it. */
function inputLook(app, look, cell, number, numbers) {
  const isPadded = !isWithin(cell, numbers.shape);
  if (isPadded && !app.layer.kind.includes('conv') && !app.layer.kind.includes('pool')) return null;
  const isPool = app.layer.kind.includes('pool');
  if (isPadded && isPool)
    return { text: '·', style: 'padded', label: `padding${positionText(cell)}, · no number`, value: null };
  const source = app.sourceCell(cell, number);
  const scalar = source ? valueAt(numbers, source) : app.layer.boundary.value;
  const key = keyOf(cell);
  const styles = [isPadded && 'padded'];
  const isIn = look.windows[number].has(key);
  if (isIn) styles.push('window');
  else if (app.state.what === 'output' && isInHull(look.hulls[number].get(cell[0]), cell.slice(1))) styles.push('gap');
  if (look.sources[number].has(key)) styles.push('source');
  if (look.picked && look.picked[0] === number && look.picked[1] === key) styles.push('picked');
  if (!isPadded || app.layer.kind === 'conv') if (isStart(app, cell)) styles.push('start');
  const of = isPadded && source ? `, padding, copy of ${positionText(source)}` : isPadded ? ', padding' : '';
  const label = `${app.inputName(number)}${positionText(cell)}${of}: ${shortText(scalar, 4)}${isIn ? ', in the window' : ''}`;
  return {
    text: shortText(scalar, 4),
    style: styles.filter(Boolean).join(' ') || 'plain',
    label,
    value: floatOf(scalar),
  };
}

/** Whether a window starts at a cell, which is worth a mark only where windows leap. */
function isStart(app, [, ...position]) {
  const { axes } = app.controls;
  if (!axes || axes.length !== position.length || axes.every(({ stride }) => stride === 1)) return false;
  return position.every((index, axis) => {
    const { stride, before } = axes[axis];
    const first = (index + before) / stride;
    return Number.isInteger(first) && first >= 0 && first < outputSize(axes[axis]);
  });
}

function weightLook(app, look, cell, view) {
  if (!isWithin(cell, view.shape)) return null;
  const place = view.place(cell);
  const scalar = numberAt(app.layer.numbers.weight, place);
  const isPicked = app.state.what === 'weight' && app.state.place === place;
  const style = isPicked ? 'picked' : look.taps.has(place) && app.state.what === 'input' ? 'window' : 'plain';
  return {
    text: shortText(scalar, 4),
    style,
    label: `weight${positionText(cellAt(app.layer.numbers.weight.shape, place))}: ${shortText(scalar, 4)}`,
    value: floatOf(scalar),
  };
}

function outputLook(app, look, cell, numbers) {
  if (!isWithin(cell, numbers.shape)) return null;
  const scalar = valueAt(numbers, cell);
  const key = keyOf(cell);
  const isPicked = app.state.what === 'output' && key === keyOf(app.state.cell);
  const style = isPicked ? 'picked' : look.used.has(key) ? 'used' : 'plain';
  return {
    text: shortText(scalar, 4),
    style,
    label: `output${positionText(cell)}: ${shortText(scalar, 4)}${style === 'used' ? ', uses it' : ''}`,
    value: floatOf(scalar),
  };
}

/* The sum beneath ------------------------------------------------------------------------------------------------ */

/** Say why the picked cell is what it is, or who uses it. @param {Calculator} app */
function showTelling(app) {
  const { output, telling } = app;
  if (!output.numbers) {
    telling.replaceChildren(make('p', { class: 'fault' }, `${app.layer.name} has no output: ${output.error}`));
    app.live.textContent = `${app.layer.name} has no output: ${output.error}`;
    return;
  }
  const tell = { output: tellOutput, input: tellUses, weight: tellWeight }[app.state.what];
  const { title, lines, extra = [], spoken } = tell(app);
  const list = make('dl', {}, ...lines.flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, text)]));
  telling.replaceChildren(make(app.heading, { class: 'result' }, title), ...extra, list);
  if (!app.controls.isPlaying) app.live.textContent = spoken;
}

function tellOutput(app) {
  const { layer, look, state } = app;
  const explanation = look.explanation;
  const named = { ...layer, below: app.inputName(0), belows: layer.inputs.map((_, number) => app.inputName(number)) };
  const title = `output${positionText(state.cell)} = ${resultText(explanation.total)}`;
  const lines = sumLines(named, explanation);
  const extra = layer.kind === 'conv' || layer.kind === 'transposed-conv' ? productTables(layer, explanation) : [];
  const note = layer.kind === 'conv' ? paddingNote(layer, explanation) : '';
  if (note) extra.push(make('p', { class: 'quiet' }, note));
  const short =
    explanation.terms.length <= MOST_SPOKEN * 3
      ? lines.map(([name, text]) => `${name} ${text}`).join('; ')
      : lines[lines.length - 1].join(' ');
  return { title, lines, extra, spoken: `${title}: ${short}` };
}

function tellUses(app) {
  const { look, state, layer } = app;
  const numbers = outputOf(app.network, layer.inputs[state.source]);
  const value = valueAt(numbers, state.used);
  const { weight } = layer.numbers;
  const title = `${app.inputName(state.source)}${positionText(state.used)} = ${shortText(value)}`;
  const cells = new Set(look.uses.map(({ cell }) => keyOf(cell))).size;
  const lines = look.uses
    .slice(0, MOST_LISTED)
    .map(({ cell, place }) => [
      `output${positionText(cell)}`,
      place !== null && weight
        ? `× weight ${shortText(numberAt(weight, place))} = ${shortText(times(value, numberAt(weight, place)))}`
        : `= ${shortText(valueAt(app.output.numbers, cell))}`,
    ]);
  if (look.uses.length > MOST_LISTED) lines.push(['…', `${look.uses.length - MOST_LISTED} more`]);
  const many = cells === 1 ? '1 output cell uses it' : `${cells} output cells use it`;
  return { title: `${title}: ${many}`, lines, spoken: `${title}: ${many}` };
}

function tellWeight(app) {
  const { look, state, layer } = app;
  const { weight } = layer.numbers;
  const value = numberAt(weight, state.place);
  const title = `weight${positionText(cellAt(weight.shape, state.place))} = ${shortText(value)}`;
  const many = look.pairs.length === 1 ? 'applied once' : `applied ${look.pairs.length} times`;
  const lines = look.pairs.slice(0, MOST_LISTED).map(({ at, cell }) => {
    const source = app.sourceCell(at, 0);
    const scalar = source ? valueAt(inputsOf(app.network, state.layer)[0], source) : layer.boundary.value;
    return [
      `output${positionText(cell)}`,
      `${app.inputName(0)}${positionText(at)} ${shortText(scalar)} × ${shortText(value)} = ${shortText(times(scalar, value))}`,
    ];
  });
  if (look.pairs.length > MOST_LISTED) lines.push(['…', `${look.pairs.length - MOST_LISTED} more`]);
  return { title: `${title}, ${many}`, lines, spoken: `${title}, ${many}` };
}

/* The receptive field -------------------------------------------------------------------------------------------- */

/** What the picked cell sees of every layer below. @param {Calculator} app */
function showField(app) {
  const { state, network, field } = app;
  field.hidden = network.layers.length < 2 || state.what !== 'output' || !app.output.numbers;
  if (field.hidden) return;
  const found = fieldOf(network, state.layer, state.cell);
  const below = [...found.keys()].filter((number) => number !== state.layer).sort((a, b) => b - a);
  const parts = below.map((number) => fieldPart(app, number, found.get(number)));
  field.replaceChildren(
    make(app.heading, {}, `what output${positionText(state.cell)} sees: its receptive field`),
    make('div', { class: 'fields' }, ...parts),
  );
}

/** A small picture of a layer's output (or of the input) with what is seen of it, and the same in words. */
function fieldPart(app, number, region) {
  const numbers = outputOf(app.network, number);
  const name = number === NETWORK_INPUT ? app.record.input.name || 'input' : app.network.layers[number].name;
  const text = `${name}: ${regionText(region, numbers.shape)}`;
  const canvas = make('canvas', { role: 'img', 'aria-label': text });
  const planes = planesOf(numbers.shape);
  const first = region.axes.length === 3 ? [region.channels[0], region.axes[0][0]] : [region.channels[0] ?? 0];
  const place = Math.max(
    0,
    planes.findIndex(({ key }) => key.every((each, axis) => each === first[axis])),
  );
  const plane = planes[place];
  const isImage = number === NETWORK_INPUT && app.record.input.is_image;
  const data = Array.isArray(numbers.data) ? floatsOf(numbers, 'float64') : numbers.data;
  drawPlane(canvas, data, place * plane.rows * plane.columns, plane, spanOf(numbers, isImage), isImage);
  const picture = make('div', { class: 'picture' }, canvas, ...frameOf(plane, region));
  picture.style.aspectRatio = `${plane.columns} / ${plane.rows}`;
  const go =
    number === NETWORK_INPUT
      ? []
      : [make('button', { type: 'button', onclick: () => app.open(number, firstOf(region)) }, `open ${name}`)];
  return make('figure', {}, picture, make('figcaption', {}, text, ' ', ...go));
}

const firstOf = ({ channels, axes }) => [channels[0], ...axes.map(([first]) => first)];

/** A frame around the rows and columns that are seen. */
function frameOf(plane, { channels, axes }) {
  const [rows, columns] =
    axes.length > 1
      ? axes.slice(-2)
      : axes.length
        ? [[0], axes[0]]
        : [
            [0, plane.rows - 1],
            channels.length === plane.rows * plane.columns
              ? [0, plane.columns - 1]
              : channels.map((each) => each % plane.columns),
          ];
  if (!rows.length || !columns.length) return [];
  const frame = make('div', { class: 'mark' });
  const share = (value, all) => `${(100 * value) / all}%`;
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  frame.style.top = share(top, plane.rows);
  frame.style.left = share(left, plane.columns);
  frame.style.height = share(Math.max(...rows) - top + 1, plane.rows);
  frame.style.width = share(Math.max(...columns) - left + 1, plane.columns);
  return [frame];
}
