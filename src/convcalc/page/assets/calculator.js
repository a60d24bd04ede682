/* The calculator: what is picked and changed, and what is shown of it. */

/**
 * @typedef {{layer: number, what: 'output'|'input'|'weight', cell: Cell, used: Cell|null, place: number,
 *   isHeat: boolean, isEditing: boolean}} State `cell` is the output cell; `used` a picked input cell of the input
 *   number `source`; `place` a picked weight's in its array.
 */

class Calculator {
  /** @param {HTMLElement} host @param {object} record Of `page/data.py`. @param {{isPage: boolean, id: string}} how */
  constructor(host, record, how) {
    this.host = host;
    this.record = record;
    this.how = how;
    this.changes = { settings: {}, edits: {} };
    this.original = networkOf(record);
    computeFrom(this.original);
    this.network = this.original;
    this.state = {
      layer: record.picked.layer,
      what: 'output',
      cell: record.picked.cell,
      used: null,
      source: 0,
      place: 0,
      isHeat: false,
      isEditing: false,
    };
    this.build();
    this.restore(addressOf(how.id));
    this.refresh();
    this.isStarted = true; // from here on the address follows
  }

  get layer() {
    return this.network.layers[this.state.layer];
  }

  get output() {
    return this.network.outputs[this.state.layer];
  }

  build() {
    const { record, how } = this;
    this.heading = how.isPage ? 'h2' : 'h3';
    this.title = make(how.isPage ? 'h1' : 'h2', { class: 'title' }, record.title || 'Convolution');
    this.tabs = make('div', {
      role: 'tablist',
      'aria-label': 'layers',
      class: 'tabs',
      onkeydown: (event) => this.turnTab(event),
    });
    this.controls = new Controls(this);
    this.stage = make('div', { class: 'stage' });
    this.sign = (text) => make('span', { class: 'sign', 'aria-hidden': 'true' }, text);
    this.telling = make('section', { class: 'telling', 'aria-label': 'the sum' });
    this.field = make('section', { class: 'field', 'aria-label': 'receptive field' });
    this.live = make('p', { role: 'status', class: 'spoken' });
    this.alert = make('p', { role: 'alert', class: 'alert' });
    this.panelArea = make(
      'div',
      { class: 'layer' },
      this.controls.settings,
      this.alert,
      this.stage,
      this.controls.toolbar,
      this.telling,
      this.field,
    );
    this.root = make(
      'div',
      { class: 'calculator' },
      this.title,
      this.tabs,
      this.panelArea,
      this.controls.footer,
      ...(record.questions ? [new Questions(record.questions, this.heading).root] : []),
      this.live,
    );
    this.buildTabs();
    this.buildPanels();
  }

  buildTabs() {
    const { layers } = this.network;
    this.tabs.hidden = layers.length < 2;
    if (layers.length > 1) setAttribute(this.panelArea, 'role', 'tabpanel');
    this.tabButtons = layers.map((layer, number) =>
      make('button', {
        type: 'button',
        role: 'tab',
        id: `${this.how.id}-tab-${number}`,
        onclick: () => this.open(number),
      }),
    );
    this.tabs.replaceChildren(...this.tabButtons);
  }

  turnTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const { length } = this.network.layers;
    this.open(modulo(this.state.layer + step, length));
    this.tabButtons[this.state.layer].focus();
  }

  /** Show a layer. @param {number} number @param {Cell} [cell] */
  open(number, cell) {
    this.controls.pause();
    const shape = this.network.outputs[number].shape || [1];
    this.state = { ...this.state, layer: number, what: 'output', used: null, cell: cell || shape.map(() => 0) };
    this.alert.textContent = '';
    this.buildPanels();
    this.refresh();
  }

  buildPanels() {
    const { layer } = this;
    const done = () => this.refresh();
    const isEditing = () => this.state.isEditing;
    this.inputs = layer.inputs.map(
      (below, number) =>
        new PlanePanel('input', this.heading, {
          pick: (cell) => this.pickInput(cell, number),
          begin: below === NETWORK_INPUT ? (cell) => this.beginInput(cell) : undefined,
          edit: (cell, text) => this.edit('input', placeOf(this.network.input.shape, this.sourceCell(cell)), text),
          done,
          isEditing,
        }),
    );
    this.kernel = new PlanePanel('kernel', this.heading, {
      pick: (cell) => this.pick({ what: 'weight', place: this.kernelView().place(cell) }),
      begin: (cell) => textOf(numberAt(layer.numbers.weight, this.kernelView().place(cell))),
      edit: (cell, text) => this.edit(`${layer.name}/weight`, this.kernelView().place(cell), text),
      done,
      isEditing,
    });
    this.outputPanel = new PlanePanel('output', this.heading, {
      pick: (cell) => this.pick({ what: 'output', cell }),
      done,
      isEditing: () => false,
    });
    const hasKernel = layer.kind === 'conv' || layer.kind === 'transposed-conv' || layer.kind === 'linear';
    const between = hasKernel
      ? [this.sign(layer.kind === 'linear' ? '·' : layer.flip ? '∗' : '⋆'), this.kernel.element]
      : [];
    const inputs = this.inputs.flatMap(({ element }, number) => (number ? [this.sign('+'), element] : [element]));
    this.hasKernel = hasKernel;
    this.stage.replaceChildren(
      ...inputs,
      ...between,
      this.sign(hasKernel || layer.kind === 'add' ? '=' : '→'),
      this.outputPanel.element,
    );
  }

  /* What is picked ------------------------------------------------------------------------------------------------ */

  pick(change) {
    this.controls.pause();
    this.state = { ...this.state, used: null, ...change };
    this.refresh();
  }

  pickInput(cell, number) {
    const from = this.sourceCell(cell, number);
    if (from) this.pick({ what: 'input', used: from, source: number });
  }

  /** The input cell that a cell of the panel is, or is a copy of. */
  sourceCell([channel, ...position], number = 0) {
    const numbers = outputOf(this.network, this.layer.inputs[number]);
    const size = numbers.shape.slice(1);
    const boundary = this.layer.boundary || { mode: 'constant' };
    const from = position.map((index, axis) => sourceOf(boundary, index, size[axis]));
    return from.includes(null) ? null : [channel, ...from];
  }

  beginInput(cell) {
    const from = this.sourceCell(cell);
    return from && keyOf(from) === keyOf(cell) ? textOf(valueAt(this.network.input, from)) : null;
  }

  /** Pick the next cell of the output, row by row; behind the last comes the first. */
  step(by) {
    const { shape } = this.output;
    if (!shape) return;
    const next = placeOf(shape, this.state.cell) + by;
    this.state = { ...this.state, what: 'output', used: null, cell: cellAt(shape, modulo(next, cellsOf(shape))) };
    this.refresh();
  }

  /** Whether the picked cell is the output's last. */
  get isAtEnd() {
    const { shape } = this.output;
    return !shape || placeOf(shape, this.state.cell) === cellsOf(shape) - 1;
  }

  /* What is changed ----------------------------------------------------------------------------------------------- */

  /** Change one number; what is wrong with it, or nothing. */
  edit(name, place, text) {
    try {
      this.change(withEdit(this.changes, name, place, text), name === 'input' ? 0 : this.state.layer);
    } catch (error) {
      this.alert.textContent = error.message;
      return error.message;
    }
    this.alert.textContent = '';
    this.keepInside();
    this.refresh();
    return '';
  }

  /** Change a setting of the layer, as typed; it stays as it was where the layer cannot be so. */
  set(field, text) {
    const { layer } = this.state;
    const [network, changes] = [this.network, this.changes];
    try {
      this.change(withField(changes, this.layer, field, text), layer);
      if (this.output.error) throw new Error(this.output.error);
    } catch (error) {
      [this.network, this.changes] = [network, changes];
      const name = field.replace(/:.*/, '').replace('_', ' ');
      this.alert.textContent = error.message.startsWith(name) ? error.message : `${name}: ${error.message}`;
      return false;
    }
    this.alert.textContent = '';
    this.keepInside();
    return true;
  }

  /** @param {Changes} changes @param {number} first The layer that they begin with. */
  change(changes, first) {
    this.network = changedNetwork(this.original, this.network, changes, this.record.kernels, first);
    this.changes = changes;
  }

  /** The picked cell stays one that there is. */
  keepInside() {
    const { shape } = this.output;
    if (!shape) return;
    const fits = this.state.cell.length === shape.length;
    const cell = fits
      ? this.state.cell.map((index, axis) => Math.max(0, Math.min(index, shape[axis] - 1)))
      : shape.map(() => 0);
    this.state = { ...this.state, cell };
    if (this.state.what === 'weight' && this.state.place >= this.layer.numbers.weight.data.length)
      this.state.what = 'output';
    if (
      this.state.used &&
      !(outputOf(this.network, this.layer.inputs[this.state.source]) || { shape: [] }).shape.every(
        (size, axis) => this.state.used[axis] < size,
      )
    )
      this.state.what = 'output';
  }

  /** Everything as it was in the file, but for what an address says. @param {object|null} memo */
  reset(memo = null) {
    this.controls.pause();
    this.changes = { settings: {}, edits: {} };
    this.network = this.original;
    this.alert.textContent = '';
    this.keepInside();
    this.restore(memo);
    this.buildPanels();
    this.refresh();
  }

  /* The address --------------------------------------------------------------------------------------------------- */

  get memo() {
    const { layer, what, cell, used, source, place, isHeat } = this.state;
    return { layer, what, cell, used, source, place, isHeat, ...this.changes };
  }

  /** Make the page what an address says; what is not right in it is passed over. */
  restore(memo) {
    if (!memo) return;
    this.safely(changesFrom(memo));
    for (const { name } of this.original.layers) {
      const number = this.network.layers.findIndex((layer) => layer.name === name);
      const isChanged =
        this.changes.settings[name] || Object.keys(this.changes.edits).some((each) => each.startsWith(`${name}/`));
      if (isChanged && this.network.outputs[number].error) this.safely(without(this.changes, name));
    }
    this.restorePick(memo);
  }

  /** Changes of an address; where the input cannot be so, it stays as it is. */
  safely(changes) {
    try {
      this.change(changes, 0);
    } catch {
      this.change(without(changes, 'input'), 0);
    }
  }

  restorePick({ layer, what, cell, used, source, place, isHeat }) {
    const isWhole = (numbers) => Array.isArray(numbers) && numbers.every((each) => Number.isInteger(each) && each >= 0);
    if (Number.isInteger(layer) && layer >= 0 && layer < this.network.layers.length) this.state.layer = layer;
    this.buildPanels();
    const { shape } = this.output;
    if (shape && isWhole(cell) && cell.length === shape.length) this.state.cell = cell;
    this.state.isHeat = isHeat === true;
    const below = this.layer.inputs[source];
    const from = below === undefined ? null : outputOf(this.network, below);
    if (what === 'input' && from && isWhole(used) && used.length === from.shape.length)
      Object.assign(this.state, { what, used, source });
    const { weight } = this.layer.numbers;
    if (what === 'weight' && weight && Number.isInteger(place) && place >= 0 && place < weight.data.length)
      Object.assign(this.state, { what, place });
    this.keepInside();
  }

  /* What is shown ------------------------------------------------------------------------------------------------- */

  refresh() {
    this.look = lookOf(this);
    this.showTabs();
    this.controls.show();
    const { output } = this;
    this.inputs.forEach((panel, number) => this.showInput(panel, number));
    if (this.hasKernel) this.showKernel();
    if (output.numbers) this.showOutput();
    this.outputPanel.element.hidden = !output.numbers;
    showTelling(this);
    showField(this);
    if (this.how.isPage && this.isStarted) keepAddress(this.how.id, this.memo);
  }

  showTabs() {
    this.network.layers.forEach((layer, number) => {
      const { shape, error } = this.network.outputs[number];
      const tab = this.tabButtons[number];
      const isOpen = number === this.state.layer;
      tab.textContent = `${layer.name} ${error ? '(no output)' : shapeText(shape)}`;
      setAttribute(tab, 'aria-selected', `${isOpen}`);
      tab.tabIndex = isOpen ? 0 : -1;
    });
    if (this.network.layers.length > 1) setAttribute(this.panelArea, 'aria-label', this.layer.name);
  }

  inputName(number) {
    const below = this.layer.inputs[number];
    return below === NETWORK_INPUT ? this.record.input.name || 'input' : this.network.layers[below].name;
  }

  showInput(panel, number) {
    const below = this.layer.inputs[number];
    const numbers = outputOf(this.network, below);
    panel.element.hidden = !numbers;
    if (!numbers) return;
    const { look, state } = this;
    const window = [...look.windows[number].values()].slice(0, state.what === 'weight' ? 1 : undefined);
    panel.show({
      title: `${this.inputName(number)} ${shapeText(numbers.shape)}`,
      shape: numbers.shape,
      pads: this.padsOf(numbers.shape),
      numbers,
      picked: state.what === 'input' && state.source === number ? state.used : window[0] || null,
      focus: state.what === 'input' && state.source === number ? [state.used] : window,
      isHeat: state.isHeat,
      isImage: below === NETWORK_INPUT && this.record.input.is_image,
      paint: (cell) => look.input(cell, number, numbers),
    });
  }

  /** The padding that is shown around an input. */
  padsOf(shape) {
    const { layer } = this;
    if (shape.length < 2 || layer.kind === 'transposed-conv' || !(layer.kind === 'conv' || layer.kind.includes('pool')))
      return undefined;
    try {
      return axesOf(layer, shape.slice(1)).map(({ before, after }) => [before, after]);
    } catch {
      return undefined;
    }
  }

  /** The kernel of the picked output channel as it lies on the input, and the place of each of its weights. */
  kernelView() {
    const { layer } = this;
    const { shape } = layer.numbers.weight;
    const channel = this.state.what === 'weight' ? this.filterOf(this.state.place) : this.state.cell[0];
    if (layer.kind === 'linear')
      return { shape: [shape[1]], name: null, place: ([feature]) => placeOf(shape, [channel, feature]) };
    const inputs = inputsOf(this.network, this.state.layer)[0].shape[0];
    const filters = layer.kind === 'conv' ? shape[0] : shape[1] * layer.groups;
    const channels = groupChannels(channel, inputs, filters, layer.groups);
    const place = ([plane, ...tap]) =>
      layer.kind === 'conv'
        ? weightPlace(layer, channel, plane, tap)
        : placeOf(shape, [channels[plane], channel % shape[1], ...tap]);
    return { shape: [channels.length, ...shape.slice(2)], name: (plane) => channels[plane], place };
  }

  /** The output channel that a weight belongs to: the picked one where it is in several. */
  filterOf(place) {
    const { shape } = this.layer.numbers.weight;
    const cell = cellAt(shape, place);
    if (this.layer.kind !== 'transposed-conv') return cell[0];
    const span = inputsOf(this.network, this.state.layer)[0].shape[0] / this.layer.groups;
    return Math.floor(cell[0] / span) * shape[1] + cell[1];
  }

  showKernel() {
    const { layer, look, state } = this;
    const view = this.kernelView();
    const scale = layer.scale && layer.scale[state.cell[0]];
    const parts = [
      layer.kernel || 'kernel',
      layer.flip ? ', turned' : '',
      scale && !same(scale, ONE) ? ` × ${textOf(scale)}` : '',
    ];
    const { weight } = layer.numbers;
    const several =
      weight.shape[0] > 1 && layer.kind !== 'linear'
        ? ` of output channel ${this.state.what === 'weight' ? this.filterOf(state.place) : state.cell[0]}`
        : '';
    const places = range(cellsOf(view.shape)).map((place) => cellAt(view.shape, place));
    const picked = state.what === 'weight' ? places.find((cell) => view.place(cell) === state.place) : null;
    const scalars = places.length > 4096 ? null : places.map((cell) => numberAt(weight, view.place(cell)));
    this.kernel.show({
      title: `${parts.join('')}${several} ${shapeText(view.shape)}`,
      shape: view.shape,
      numbers: scalars && numbersOf(scalars, view.shape),
      picked,
      focus: picked ? [picked] : [],
      isHeat: state.isHeat,
      isImage: false,
      planeName: view.name
        ? (plane) => plane.name.replace(/channel (\d+)/, (_, each) => `for channel ${view.name(Number(each))}`)
        : undefined,
      paint: (cell) => look.weight(cell, view),
    });
  }

  showOutput() {
    const { numbers } = this.output;
    const { state, look } = this;
    this.outputPanel.show({
      title: `output ${shapeText(numbers.shape)}`,
      shape: numbers.shape,
      numbers,
      picked: state.what === 'output' ? state.cell : null,
      focus: state.what === 'input' && look.uses.length ? [look.uses[0].cell] : [state.cell],
      isHeat: state.isHeat,
      isImage: false,
      paint: (cell) => look.output(cell, numbers),
    });
  }
}
