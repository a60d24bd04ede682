/* A panel for each array: its planes as grids of numbers, and as pictures where there are too many for a grid. */

const MOST_SHOWN = 20; // rows or columns of a plane that is shown whole
const VIEW = 7; // rows and columns around the picked cell of a larger one
const [LEAST_PLANES, MOST_PLANES] = [3, 6]; // at a time
const MANY_CELLS = 300; // of the planes that are shown at a time

const keyOf = (cell) => cell.join();

/**
 * @typedef {object} Shown What a panel shows.
 * @property {string} title @property {number[]} shape @property {number[][]} [pads] @property {Numbers|null} numbers
 * @property {(cell: Cell) => {text: string, style: string, label: string, value: number|null}|null} paint
 * @property {Cell|null} picked @property {Cell[]} focus Cells that must be in view: the picked one or a window.
 * @property {boolean} isHeat @property {boolean} isImage
 * @property {(plane: Plane) => string} [planeName]
 */

class PlanePanel {
  /** @param {{pick: (cell: Cell) => void, begin?: Function, edit?: Function, done: Function, isEditing: Function}} actions */
  constructor(kind, heading, actions) {
    this.actions = actions;
    this.heading = make(heading);
    this.planes = make('div', { class: 'planes' });
    this.pagerText = make('span');
    const turn = (step) => () => this.turn(step);
    this.pager = make(
      'div',
      { class: 'pager' },
      make('button', { type: 'button', onclick: turn(-1), 'aria-label': 'earlier planes' }, '‹'),
      this.pagerText,
      make('button', { type: 'button', onclick: turn(1), 'aria-label': 'later planes' }, '›'),
    );
    this.element = make('section', { class: `panel ${kind}` }, this.heading, this.pager, this.planes);
    this.parts = [];
    this.turned = 0;
  }

  turn(step) {
    this.turned += step;
    this.show(this.shown, true);
  }

  /** @param {Shown} shown */
  show(shown, isTurned = false) {
    if (!isTurned) this.turned = 0;
    this.shown = shown;
    this.heading.textContent = shown.title;
    const planes = planesOf(shown.shape, shown.pads);
    const first = shown.focus.length ? standsIn(planes, shown.focus[0])[0] : 0;
    const most = this.mostPlanes(planes[0]);
    const pages = Math.ceil(planes.length / most);
    const home = Math.floor(Math.max(0, first) / most);
    const page = Math.max(0, Math.min(pages - 1, home + this.turned));
    this.turned = page - home;
    this.pager.hidden = pages < 2;
    const shownPlanes = planes.slice(page * most, (page + 1) * most);
    this.pagerText.textContent = `${shownPlanes[0].name} to ${shownPlanes[shownPlanes.length - 1].name} of ${planes.length} planes`;
    while (this.parts.length < shownPlanes.length) this.parts.push(this.part(this.parts.length));
    if (this.planes.children.length !== shownPlanes.length) {
      // what is put in anew loses the focus
      this.planes.replaceChildren(...this.parts.slice(0, shownPlanes.length).map(({ element }) => element));
    }
    this.span = shown.isHeat || this.isLarge(planes[0]) ? spanOf(shown.numbers, shown.isImage) : [0, 0];
    shownPlanes.forEach((plane, number) => this.fill(this.parts[number], plane, planes.indexOf(plane), planes));
  }

  part(number) {
    const part = { name: make('p', { class: 'plane-name' }), canvas: null, mark: null, element: null };
    const cellOf = (row, column) => part.plane.cell(row, column);
    const inside = (row, column) => part.cells.at(row, column) !== null;
    const { actions } = this;
    part.grid = new Grid({
      pick: (row, column) => this.picked(part, row, column),
      begin: (row, column) => (actions.begin && inside(row, column) ? actions.begin(cellOf(row, column)) : null),
      edit: (row, column, text) => actions.edit(cellOf(row, column), text),
      done: actions.done,
      isEditing: actions.isEditing,
    });
    part.picture = make('div', { class: 'picture', hidden: true });
    part.element = make(
      'div',
      { class: 'plane', 'data-plane': number },
      part.name,
      make('div', { class: 'shown' }, part.picture, make('div', { class: 'scroll' }, part.grid.table)),
    );
    return part;
  }

  /** Pick a cell, also one that only comes into view with it. */
  picked(part, row, column) {
    const cell = part.plane.cell(row, column);
    if (cell && this.shown.paint(cell)) this.actions.pick(cell);
  }

  mostPlanes({ low, high }) {
    const [rows, columns] = low.map((each, axis) => (high[axis] - each > MOST_SHOWN ? VIEW : high[axis] - each));
    return Math.max(LEAST_PLANES, Math.min(MOST_PLANES, Math.floor(MANY_CELLS / (rows * columns))));
  }

  isLarge({ low, high }) {
    return high[0] - low[0] > MOST_SHOWN || high[1] - low[1] > MOST_SHOWN;
  }

  fill(part, plane, number, planes) {
    const { shown } = this;
    part.plane = plane;
    part.name.textContent = shown.planeName ? shown.planeName(plane) : plane.name;
    part.name.hidden = planes.length === 1;
    const isLarge = this.isLarge(plane);
    const inView = shown.focus.map((cell) => standsIn(planes, cell));
    const [rows, columns] = [0, 1].map((axis) =>
      this.inView(
        plane,
        axis,
        inView.map((each) => each[axis + 1]),
      ),
    );
    part.cells = {
      rows,
      columns,
      rowName: plane.rowName,
      label: `${shown.title}, ${part.name.textContent}`,
      at: (row, column) => this.cellShown(plane, row, column),
    };
    const own = shown.picked ? standsIn(planes, shown.picked) : null;
    part.grid.show(part.cells, own && own[0] === number ? own.slice(1) : null);
    part.picture.hidden = !isLarge;
    if (isLarge) this.draw(part, plane, number, inView);
  }

  /** The rows or columns of a plane that are shown. */
  inView({ low, high }, axis, places) {
    const count = high[axis] - low[axis];
    if (count <= MOST_SHOWN) return range(count, low[axis]);
    const [first, last] = places.length
      ? [places.reduce((a, b) => Math.min(a, b)), places.reduce((a, b) => Math.max(a, b))]
      : [0, 0];
    const size = Math.min(count, Math.max(VIEW, Math.min(last - first + 3, MOST_SHOWN)));
    const start = Math.round((first + last - size + 1) / 2);
    return range(size, Math.max(low[axis], Math.min(high[axis] - size, start)));
  }

  cellShown(plane, row, column) {
    const cell = plane.cell(row, column);
    const found = cell && this.shown.paint(cell);
    if (!found) return null;
    return { ...found, heat: this.shown.isHeat && found.value !== null ? heatOf(found.value, this.span) : '' };
  }

  /** A plane as a picture, with a frame around what the grid shows. */
  draw(part, plane, number, inView) {
    const { shown } = this;
    if (!part.canvas) this.addCanvas(part);
    const key = plane.key.length === 2 ? plane.key[0] * shown.shape[1] + plane.key[1] : plane.key[0] || 0;
    const isDrawn = part.drawn && part.drawn.numbers === shown.numbers && part.drawn.key === key;
    if (shown.numbers && !isDrawn) {
      const data = Array.isArray(shown.numbers.data) ? floatsOf(shown.numbers, 'float64') : shown.numbers.data;
      drawPlane(part.canvas, data, key * plane.rows * plane.columns, plane, this.span, shown.isImage);
      part.drawn = { numbers: shown.numbers, key };
      part.canvas.setAttribute(
        'aria-label',
        `${part.cells.label}: a picture of ${plane.rows}×${plane.columns} cells from ${shortText(this.span[0])} to ${shortText(this.span[1])}; the grid below shows those around the picked one`,
      );
    }
    const [rows, columns] = [part.cells.rows, part.cells.columns];
    const share = (value, all) => `${(100 * value) / all}%`;
    const { style } = part.mark;
    style.top = share(rows[0], plane.rows);
    style.left = share(columns[0], plane.columns);
    style.height = share(rows.length, plane.rows);
    style.width = share(columns.length, plane.columns);
    part.mark.hidden = !inView.length;
  }

  addCanvas(part) {
    part.canvas = make('canvas', { role: 'img', onclick: (event) => this.clickedPicture(part, event) });
    part.mark = make('div', { class: 'mark' });
    part.picture.append(part.canvas, part.mark);
  }

  clickedPicture(part, event) {
    const { left, top, width, height } = part.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - top) / height) * part.plane.rows);
    const column = Math.floor(((event.clientX - left) / width) * part.plane.columns);
    this.picked(part, row, column);
  }
}
