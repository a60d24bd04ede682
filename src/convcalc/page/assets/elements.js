/* Elements of the page, and the grid of numbers that input, kernel and output are shown in. */

/**
 * An element with attributes, listeners (`onclick`) and children; text is always text, never markup.
 * @param {string} tag @param {Object<string, any>} [attributes] @param {...(Node|string)} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

/** @param {Element} element @param {string} name @param {string|null} value Written only where it is another. */
function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @typedef {object} Cells What a grid shows.
 * @property {number[]} rows @property {number[]} columns Of the plane, padding counted from below 0.
 * @property {(row: number) => string} rowName @property {string} label
 * @property {(row: number, column: number) => {text: string, style: string, label: string, heat?: string}|null} at
 */

/** A grid of numbers: one cell takes the focus, arrow keys move it. */
class Grid {
  /**
   * @param {{pick: (row: number, column: number) => void, edit?: (row: number, column: number, text: string) => string,
   *   begin?: (row: number, column: number) => string|null}} actions `edit` gives what is wrong with a text, or nothing;
   *   `begin` the full text of a number that may be changed.
   */
  constructor(actions) {
    this.actions = actions;
    this.body = make('tbody');
    this.head = make('tr');
    this.table = make('table', { role: 'grid' }, make('thead', {}, this.head), this.body);
    this.shown = '';
    this.focused = null;
    this.table.addEventListener('click', (event) => this.clicked(event));
    this.table.addEventListener('dblclick', (event) => this.startEdit(event.target.closest('td')));
    this.table.addEventListener('keydown', (event) => this.pressed(event));
  }

  /** @param {Cells} cells @param {[number, number]|null} picked The cell that Tab leads to. */
  show(cells, picked) {
    this.cells = cells;
    const hadFocus = this.hasFocus();
    const shape = `${cells.rows.join()}/${cells.columns.join()}`;
    if (shape !== this.shown) this.build(cells);
    this.shown = shape;
    setAttribute(this.table, 'aria-label', cells.label);
    for (const [number, row] of cells.rows.entries()) {
      this.heads[number].textContent = cells.rowName(row);
      for (const [place, column] of cells.columns.entries()) this.paint(this.tds[number][place], cells.at(row, column));
    }
    this.settle(picked, hadFocus);
  }

  build({ rows, columns }) {
    const head = (name, scope) => make('th', { scope }, `${name}`);
    this.head.replaceChildren(make('td'), ...columns.map((column) => head(column, 'col')));
    this.heads = rows.map((row) => head(row, 'row'));
    this.tds = rows.map((row) => columns.map((column) => make('td', { 'data-row': row, 'data-column': column })));
    this.body.replaceChildren(...rows.map((_, number) => make('tr', {}, this.heads[number], ...this.tds[number])));
  }

  /** @param {HTMLElement} td */
  paint(td, cell) {
    if (td.firstElementChild) return; // it is being edited
    const { text = '', style = 'none', label = '', heat = '' } = cell || {};
    if (td.textContent !== text) td.textContent = text;
    if (td.className !== style) td.className = style;
    setAttribute(td, 'aria-label', label || null);
    setAttribute(td, 'aria-selected', style.includes('picked') ? 'true' : null);
    if (td.style.backgroundColor !== heat) td.style.backgroundColor = heat;
  }

  /** One cell can be reached by Tab. @param {[number, number]|null} picked */
  settle(picked, hadFocus) {
    const wanted = picked && this.cellAt(...picked);
    const kept =
      wanted ||
      (this.focused && this.focused.isConnected ? this.focused : null) ||
      this.tds.flat().find((td) => td.className !== 'none');
    if (this.focused && this.focused !== kept) this.focused.tabIndex = -1;
    this.focused = kept || null;
    if (!kept) return;
    kept.tabIndex = 0;
    if (hadFocus && !this.table.querySelector('input')) kept.focus();
  }

  hasFocus() {
    const { activeElement } = this.table.getRootNode();
    return Boolean(activeElement && this.table.contains(activeElement));
  }

  cellAt(row, column) {
    const [number, place] = [this.cells.rows.indexOf(row), this.cells.columns.indexOf(column)];
    return number < 0 || place < 0 ? null : this.tds[number][place];
  }

  placeOf(td) {
    return [Number(td.dataset.row), Number(td.dataset.column)];
  }

  clicked(event) {
    const td = event.target.closest('td[data-row]');
    if (!td || td.className === 'none' || td.firstElementChild) return;
    this.actions.pick(...this.placeOf(td));
    if (this.actions.isEditing && this.actions.isEditing()) this.startEdit(td);
    else td.focus();
  }

  pressed(event) {
    const td = event.target.closest('td[data-row]');
    if (!td || td.firstElementChild) return;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) this.move(td, step);
    else if (event.key === 'Enter' || event.key === 'F2') this.startEdit(td);
    else if (event.key === ' ') this.actions.pick(...this.placeOf(td));
    else if (/^[-0-9.]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey)
      this.startEdit(td, event.key);
    else if (event.key === 'Home' || event.key === 'End')
      this.move(td, [0, event.key === 'Home' ? -Infinity : Infinity]);
    else return;
    event.preventDefault();
  }

  move(td, [down, right]) {
    const [row, column] = this.placeOf(td);
    const { columns } = this.cells;
    const wanted = Number.isFinite(right) ? column + right : right < 0 ? columns[0] : columns[columns.length - 1];
    const next = this.cellAt(row + down, wanted);
    if (next && next.className === 'none') return;
    if (next) {
      td.tabIndex = -1;
      this.focused = next;
      next.tabIndex = 0;
      next.focus();
    }
    this.actions.pick(row + down, wanted);
  }

  /** A field in the place of a number. @param {string} [typed] What it begins with. */
  startEdit(td, typed) {
    const text = td && this.actions.begin ? this.actions.begin(...this.placeOf(td)) : null;
    if (text === null) return;
    const place = this.placeOf(td);
    const field = make('input', {
      type: 'text',
      value: typed ?? text,
      'aria-label': `${td.getAttribute('aria-label')}, new number`,
      size: 4,
      autocomplete: 'off',
      spellcheck: 'false',
    });
    let isOver = false;
    const end = (keep) => {
      if (isOver) return; // taking the field away blurs it
      isOver = true;
      if (!keep) this.actions.edit(...this.placeOf(td), text);
      field.remove();
      this.actions.done();
      if (this.cellAt(...place)) this.cellAt(...place).focus();
    };
    field.addEventListener('input', () => this.typed(td, field));
    field.addEventListener('blur', () => end(field.getAttribute('aria-invalid') !== 'true'));
    field.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') end(false);
      else if (event.key === 'Enter') end(field.getAttribute('aria-invalid') !== 'true');
    });
    td.replaceChildren(field);
    field.focus();
    if (typed === undefined) field.select();
    else this.typed(td, field);
  }

  typed(td, field) {
    const fault = this.actions.edit(...this.placeOf(td), field.value);
    setAttribute(field, 'aria-invalid', fault ? 'true' : null);
    field.title = fault;
  }
}
