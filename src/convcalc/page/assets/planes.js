/* Arrays of any rank up to 3 as planes of rows and columns, and their colours. */

/**
 * @typedef {{name: string, rows: number, columns: number, low: number[], high: number[],
 *   cell: (row: number, column: number) => Cell|null, rowName: (row: number) => string}} Plane
 *   `low` and `high`: the first row and column, padding included, and those behind the last.
 */

const WIDE_ROW = 12; // features that stand in one row
const FEATURES = 10; // in each of several rows

/** @param {number[]} shape (channels, *spatial) @param {number[][]} [pads] Cells of padding shown [before, after]. */
function planesOf(shape, pads) {
  const [channels, ...size] = shape;
  if (!size.length) return [featurePlane(channels)];
  const around = pads || size.map(() => [0, 0]);
  const inner = size.slice(-2);
  const border = around.slice(-2);
  if (size.length === 1) {
    inner.unshift(1);
    border.unshift([0, 0]);
  }
  const slices = size.length === 3 ? range(size[0] + around[0][0] + around[0][1], -around[0][0]) : [null];
  return range(channels).flatMap((channel) =>
    slices.map((slice) => ({
      name: slice === null ? `channel ${channel}` : `channel ${channel}, slice ${slice}`,
      key: slice === null ? [channel] : [channel, slice],
      rows: inner[0],
      columns: inner[1],
      low: border.map(([before]) => -before),
      high: inner.map((cells, axis) => cells + border[axis][1]),
      rowName: (row) => `${row}`,
      cell: (row, column) => [channel, ...(slice === null ? [] : [slice]), ...(size.length === 1 ? [] : [row]), column],
    })),
  );
}

/** Features in rows of ten. @param {number} count @returns {Plane} */
function featurePlane(count) {
  const columns = count <= WIDE_ROW ? count : FEATURES;
  const rows = Math.ceil(count / columns);
  return {
    name: 'features',
    key: [],
    rows,
    columns,
    low: [0, 0],
    high: [rows, columns],
    rowName: (row) => `${row * columns}`,
    cell: (row, column) =>
      row >= 0 && column >= 0 && column < columns && row * columns + column < count ? [row * columns + column] : null,
  };
}

/** Where a cell stands in the planes of its array: [plane, row, column]. */
function standsIn(planes, cell) {
  if (cell.length === 1) return [0, Math.floor(cell[0] / planes[0].columns), cell[0] % planes[0].columns];
  const lead = cell.length === 4 ? 2 : 1;
  const number = planes.findIndex(({ key }) => key.every((each, place) => each === cell[place]));
  return [number, cell.length === 2 ? 0 : cell[lead], cell[cell.length - 1]];
}

/* Colours -------------------------------------------------------------------------------------------------------- */

const BELOW = [200, 92, 12];
const ABOVE = [36, 99, 178];
const PAPER = [247, 246, 242];

const SPANS = new WeakMap(); // of the arrays that were looked through

/** The ends of an array's colours: its least and largest finite number, of a picture its levels as they are. */
function spanOf(numbers, isImage = false) {
  if (!numbers) return [0, 0];
  if (isImage && numbers.most === 255) return [0, 255];
  if (!SPANS.has(numbers)) SPANS.set(numbers, endsOf(numbers));
  return SPANS.get(numbers);
}

/** The least and the largest finite number. @param {Numbers} numbers @returns {[number, number]} */
function endsOf(numbers) {
  const data = Array.isArray(numbers.data) ? floatsOf(numbers, 'float64') : numbers.data;
  let [low, high] = [Infinity, -Infinity];
  for (let place = 0; place < data.length; place += 1) {
    const value = data[place];
    if (value < low) low = value === -Infinity ? low : value;
    if (value > high) high = value === Infinity ? high : value;
  }
  return low <= high ? [low, high] : [0, 0];
}

/** How a number stands between the ends: from -1 to 1, 0 in the middle where some are negative. */
function levelOf(value, [low, high]) {
  if (Number.isNaN(value)) return 0;
  if (low < 0) return Math.max(-1, Math.min(1, value / Math.max(-low, high)));
  return high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0;
}

/** The background of a number in a grid; what stands on it stays legible. */
function heatOf(value, span) {
  const level = levelOf(value, span);
  const [red, green, blue] = level < 0 ? BELOW : ABOVE;
  return level ? `rgba(${red}, ${green}, ${blue}, ${(Math.abs(level) * 0.42).toFixed(3)})` : '';
}

/**
 * A plane as pixels: an image in greys, other numbers in two colours.
 * @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} data The plane begins at `first`.
 */
function drawPlane(canvas, data, first, { rows, columns }, span, isImage) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = paletteOf(isImage)[span[0] < 0 ? 1 : 0];
  const scale = span[0] < 0 ? 127.5 / Math.max(-span[0], span[1]) : 255 / (span[1] - span[0] || 1);
  const shift = span[0] < 0 ? 127.5 : -span[0] * scale;
  const part = data.subarray(first, first + pixels.length);
  for (let start = 0; start < part.length; start += columns) {
    const row = part.subarray(start, start + columns);
    if (scale === 1 && row instanceof Uint8Array) paintBytes(pixels, start, row, colours);
    else paintRow(pixels, start, row, colours, scale, shift);
  }
  context.putImageData(image, 0, 0);
}

/** The pixels of a row, whose levels are its numbers: value × scale + shift, from 0 to 255. */
function paintRow(pixels, start, row, colours, scale, shift) {
  for (let place = 0; place < row.length; place += 1) {
    const level = row[place] * scale + shift;
    pixels[start + place] = colours[level > 255 ? 255 : level > 0 ? level | 0 : 0];
  }
}

/** As paintRow, of bytes that are levels themselves. */
function paintBytes(pixels, start, row, colours) {
  for (let place = 0; place < row.length; place += 1) pixels[start + place] = colours[row[place]];
}

/** 256 colours of numbers from 0 on, and as many with 0 in the middle. */
function paletteOf(isImage) {
  const packed = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const mixed = (one, other, share) => one.map((each, place) => Math.round(each + (other[place] - each) * share));
  const grey = Uint32Array.from({ length: 256 }, (_, level) => packed([level, level, level]));
  if (isImage) return [grey, grey];
  const above = Uint32Array.from({ length: 256 }, (_, level) => packed(mixed(PAPER, ABOVE, level / 255)));
  const both = Uint32Array.from({ length: 256 }, (_, level) =>
    packed(mixed(PAPER, level < 128 ? BELOW : ABOVE, Math.abs(level - 127.5) / 127.5)),
  );
  return [above, both];
}
