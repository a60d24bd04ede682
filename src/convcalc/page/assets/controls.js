/* Buttons and fields: stepping, playing, what is shown, settings of the layer, and what is taken away. */

const SETTING_FIELDS = {
  conv: ['stride', 'padding', 'dilation'],
  'transposed-conv': ['stride', 'padding', 'dilation', 'output_padding'],
  'max-pool': ['kernel_size', 'stride', 'padding', 'dilation'],
  'avg-pool': ['kernel_size', 'stride', 'padding'],
};

class Controls {
  /** @param {Calculator} app */
  constructor(app) {
    this.app = app;
    this.timer = 0;
    this.fields = new Map();
    this.buildToolbar();
    this.buildFooter();
    this.form = make('div', { class: 'form' });
    this.sizes = make('p', { class: 'sizes' });
    this.settings = make('section', { class: 'settings', 'aria-label': 'settings' }, this.form, this.sizes);
  }

  get isPlaying() {
    return this.timer !== 0;
  }

  buildToolbar() {
    const button = (text, label, onclick) =>
      make('button', { type: 'button', 'aria-label': label, title: label, onclick }, text);
    this.playButton = button('▶ Play', 'play', () => (this.isPlaying ? this.pause() : this.play()));
    this.speed = make('input', { type: 'range', min: 1, max: 20, value: 3, 'aria-label': 'cells a second' });
    this.heat = make('input', { type: 'checkbox', onchange: () => this.toggle('isHeat', this.heat.checked) });
    this.editing = make('input', { type: 'checkbox', onchange: () => this.toggle('isEditing', this.editing.checked) });
    this.toolbar = make(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'animation and view' },
      button('◀', 'step back', () => this.step(-1)),
      this.playButton,
      button('▶▏', 'step forward', () => this.step(1)),
      make('label', { class: 'speed' }, 'speed ', this.speed),
      make('label', {}, this.heat, ' heat map'),
      make('label', {}, this.editing, ' edit numbers'),
    );
  }

  buildFooter() {
    const { app } = this;
    const button = (text, onclick) => make('button', { type: 'button', onclick }, text);
    const themes = ['as the system', 'light', 'dark'].map((name) => make('option', { value: name }, name));
    this.theme = make('select', { onchange: () => setAttribute(app.host, 'data-theme', this.theme.value) }, ...themes);
    this.linkText = make('input', {
      type: 'text',
      readonly: true,
      'aria-label': 'link to what is shown',
      hidden: true,
    });
    this.footer = make(
      'div',
      { class: 'toolbar footer', role: 'group', 'aria-label': 'this problem' },
      button('Start again', () => app.reset()),
      button('Save as YAML', () => this.saveProblem()),
      button('Link', () => this.showLink()),
      this.linkText,
      make('label', {}, 'colours ', this.theme),
    );
  }

  toggle(name, value) {
    this.app.state[name] = value;
    this.app.refresh();
  }

  step(by) {
    this.pause();
    this.app.step(by);
  }

  play() {
    const turn = () => {
      this.app.step(1);
      if (this.app.isAtEnd) this.pause();
      else this.timer = setTimeout(turn, 1000 / Number(this.speed.value));
    };
    this.timer = setTimeout(turn, 1000 / Number(this.speed.value));
    this.named('⏸ Pause', 'pause');
  }

  pause() {
    if (!this.isPlaying) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.named('▶ Play', 'play');
    if (this.app.look) showTelling(this.app);
  }

  named(text, label) {
    this.playButton.textContent = text;
    setAttribute(this.playButton, 'aria-label', label);
    this.playButton.title = label;
  }

  saveProblem() {
    const blob = new Blob([problemText(this.app.network)], { type: 'application/yaml' });
    const link = make('a', { href: URL.createObjectURL(blob), download: 'problem.yaml' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  showLink() {
    this.linkText.hidden = false;
    this.linkText.value = linkOf(this.app.how.id, this.app.memo);
    this.linkText.select();
    if (navigator.clipboard) navigator.clipboard.writeText(this.linkText.value).catch(() => {});
  }

  /* The settings of a layer --------------------------------------------------------------------------------------- */

  show() {
    const { layer, state } = this.app;
    if (this.shownFor !== layer.name) this.buildForm(layer);
    this.shownFor = layer.name;
    this.heat.checked = state.isHeat;
    this.editing.checked = state.isEditing;
    for (const [name, field] of this.fields) this.fill(name, field, layer);
    this.showSizes(layer);
  }

  fill(name, field, layer) {
    const root = field.getRootNode();
    if (root.activeElement === field && field.type === 'text') return; // somebody types
    const value = this.valueOf(name, layer);
    if (field.type === 'checkbox') field.checked = value === 'true';
    else if (field.value !== value) field.value = value;
    if (field.type === 'text' && name !== 'constant') field.size = Math.max(6, Math.min(24, value.length));
  }

  valueOf(name, layer) {
    const channel = this.app.state.cell[0];
    if (name === 'kernel') return this.app.record.kernels.some(([each]) => each === layer.kernel) ? layer.kernel : '';
    if (name === 'flip') return `${layer.flip}`;
    if (name === 'padding') return paddingText(layer.padding);
    if (name === 'boundary')
      return layer.boundary.mode === 'constant' && boundaryText(layer.boundary) !== 'zeros'
        ? 'number'
        : boundaryText(layer.boundary);
    if (name === 'constant') return layer.boundary.mode === 'constant' ? textOf(layer.boundary.value) : '';
    if (name === 'scale') return textOf(scaleOf(layer, channel));
    if (name === 'bias') return textOf(biasOf(layer, channel));
    return axesText(layer[name]);
  }

  buildForm(layer) {
    this.fields.clear();
    const isConvolution = layer.kind === 'conv';
    const parts = [];
    if (isConvolution && this.app.record.kernels.length) parts.push(this.labelled('kernel', this.kernelList()));
    for (const name of SETTING_FIELDS[layer.kind] || [])
      parts.push(
        this.labelled(
          name,
          this.textField((text) => this.set(name, text)),
        ),
      );
    if (isConvolution)
      parts.push(
        ...this.boundaryFields(),
        this.flipField(),
        this.labelled(
          'scale',
          this.textField((text) => this.setNumber('scale', text)),
        ),
      );
    if (layer.numbers.bias || isConvolution)
      parts.push(
        this.labelled(
          'bias',
          this.textField((text) => this.setNumber('bias', text)),
        ),
      );
    this.form.replaceChildren(...parts);
  }

  labelled(name, field) {
    this.fields.set(name, field);
    return make('label', { class: `setting ${name}` }, `${name.replace('_', ' ')} `, field);
  }

  textField(set) {
    const field = make('input', { type: 'text', size: 6, autocomplete: 'off', spellcheck: 'false' });
    field.addEventListener('change', () => setAttribute(field, 'aria-invalid', set(field.value) ? null : 'true'));
    field.addEventListener('keydown', (event) => event.stopPropagation());
    return field;
  }

  /** The kernels of the library by family; many as they are, they are put in once the page is on the screen. */
  kernelList() {
    const list = make('select', { onchange: () => this.set(this.kernelField(), list.value) }, this.ownNumbers());
    const { kernel } = this.app.layer;
    if (kernel) list.append(make('option', { value: kernel }, kernel));
    requestAnimationFrame(() => setTimeout(() => this.fillKernels(list)));
    return list;
  }

  ownNumbers() {
    return make('option', { value: '' }, 'these numbers');
  }

  fillKernels(list) {
    const families = new Map();
    for (const [name, title, family] of this.app.record.kernels) {
      if (!families.has(family)) families.set(family, []);
      families.get(family).push(make('option', { value: name }, title ? `${name}: ${title}` : name));
    }
    const groups = [...families].map(([family, options]) => make('optgroup', { label: family || 'other' }, ...options));
    const { value } = list;
    list.replaceChildren(this.ownNumbers(), ...groups);
    list.value = value;
    if (list.selectedIndex < 0) list.value = '';
  }

  /** Which kernel is meant: that of the picked output channel. */
  kernelField() {
    const channel = this.app.state.cell[0];
    return this.app.layer.numbers.weight.shape[0] > 1 ? `kernel:${channel}` : 'kernel';
  }

  boundaryFields() {
    const options = [...MODES, 'number'].map((mode) => make('option', { value: mode }, mode));
    const list = make(
      'select',
      { onchange: () => this.set('boundary', list.value === 'number' ? '1' : list.value) },
      ...options,
    );
    const constant = this.textField((text) => this.set('boundary', text));
    constant.size = 3;
    return [this.labelled('boundary', list), this.labelled('constant', constant)];
  }

  flipField() {
    const field = make('input', { type: 'checkbox', onchange: () => this.set('flip', `${field.checked}`) });
    const label = this.labelled('flip', field);
    label.replaceChildren(field, ' turned by 180° (convolution)');
    return label;
  }

  set(field, text) {
    if (field.startsWith('kernel') && !text) return true;
    this.pause();
    const isRight = this.app.set(field, text);
    if (isRight) this.app.buildPanels();
    this.app.refresh();
    return isRight;
  }

  setNumber(name, text) {
    return !this.app.edit(`${this.app.layer.name}/${name}`, this.app.state.cell[0], text);
  }

  showSizes(layer) {
    const constant = this.fields.get('constant');
    if (constant) constant.parentElement.hidden = this.valueOf('boundary', layer) !== 'number';
    const input = outputOf(this.app.network, layer.inputs[0]);
    this.axes = null;
    const hasAxes = layer.kind in SETTING_FIELDS || /pool$/.test(layer.kind);
    this.sizes.hidden = !hasAxes || !input || this.app.output.numbers === null;
    if (this.sizes.hidden) return;
    this.axes = layer.kind === 'transposed-conv' ? null : axesOf(layer, input.shape.slice(1));
    this.sizes.textContent = `output size of ${sizeLines(layer, input.shape).join('; ')}`;
  }
}

/* The address ---------------------------------------------------------------------------------------------------- */

const MOST_ADDRESS = 4000; // characters

/** What the page's address says of a calculator. @param {string} id @returns {object|null} */
function addressOf(id) {
  const found = location.hash
    .slice(1)
    .split('&')
    .find((part) => part.startsWith(`${id}=`));
  if (!found) return null;
  try {
    const memo = JSON.parse(decodeURIComponent(found.slice(id.length + 1)));
    return memo && typeof memo === 'object' ? memo : null;
  } catch {
    return null;
  }
}

/** The address with what a calculator shows; what others on the page show stays in it. */
function linkOf(id, memo) {
  const others = location.hash
    .slice(1)
    .split('&')
    .filter((part) => part && !part.startsWith(`${id}=`));
  const kept = Object.fromEntries(
    Object.entries(memo).filter(([, value]) => value !== null && value !== false && JSON.stringify(value) !== '{}'),
  );
  const text = encodeURIComponent(JSON.stringify(kept));
  return `${location.href.split('#')[0]}#${[...others, `${id}=${text}`].join('&')}`;
}

/** Keep the page's own address up to date, without a step in its history. */
function keepAddress(id, memo) {
  clearTimeout(keepAddress.timer);
  keepAddress.timer = setTimeout(() => {
    const link = linkOf(id, memo);
    if (link.length < MOST_ADDRESS) history.replaceState(history.state, '', link);
  }, 200);
}

/* The start ------------------------------------------------------------------------------------------------------ */

/** Make a calculator of every piece of data of the document that has none yet. */
function startAll() {
  for (const data of document.querySelectorAll('script[type="application/json"][data-convcalc]')) {
    if (data.hasAttribute('data-started')) continue;
    data.setAttribute('data-started', '');
    nameApart(data);
    start(data);
  }
}

/** Another name for what a document holds twice, so that an address means one of them. */
function nameApart(data) {
  const { id } = data;
  for (let number = 2; document.getElementById(data.id) !== data; number += 1) data.id = `${id}-${number}`;
}

/** @param {HTMLScriptElement} data Its parent is the calculator's place, which holds the same as text. */
function start(data) {
  const host = data.parentElement;
  const shadow = host.attachShadow({ mode: 'open' });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    const calculator = new Calculator(host, JSON.parse(data.textContent), {
      isPage: data.dataset.convcalc === 'page',
      id: data.id,
    });
    shadow.append(calculator.root);
    addEventListener('hashchange', () => calculator.reset(addressOf(data.id)));
  } catch (error) {
    shadow.replaceChildren(make('p', {}, `The interactive part does not run here: ${error.message}`), make('slot'));
  }
}
