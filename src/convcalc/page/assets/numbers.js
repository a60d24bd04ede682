/* Numbers: whole ones and fractions exactly, however large, and floats of 64 and 32 bits. */

/**
 * @typedef {{n: bigint, d: bigint}} Fraction An exact number in lowest terms, d above 0.
 * @typedef {number|Fraction} Scalar A float, or an exact number.
 * @typedef {object} Numbers An array, row by row.
 * @property {'whole'|'float32'|'float64'} type
 * @property {number[]} shape
 * @property {Float64Array|Float32Array|Uint8Array|bigint[]} data Of whole: numbers up to 2^53, or numerators.
 * @property {bigint} over What all numerators are divided by; 1 but for fractions.
 * @property {number} [most] What no magnitude is above, where the type of the stored numbers says so.
 */

const SAFE = Number.MAX_SAFE_INTEGER;
const LONGEST_NUMBER = 4300; // digits that a typed number may have

/** @param {bigint} a @returns {bigint} */
const magnitude = (a) => (a < 0n ? -a : a);

/** @param {number[]} shape @returns {number} How many cells it has. */
const cellsOf = (shape) => shape.reduce((product, size) => product * size, 1);

/** The greatest common divisor. @param {bigint} a @param {bigint} b @returns {bigint} */
function gcd(a, b) {
  a = magnitude(a);
  b = magnitude(b);
  while (b) [a, b] = [b, a % b];
  return a;
}

/** @param {bigint} n @param {bigint} d @returns {Fraction} In lowest terms. */
function fraction(n, d) {
  if (d === 1n) return { n, d };
  const common = gcd(n, d) * (d < 0n ? -1n : 1n) || 1n;
  return { n: n / common, d: d / common };
}

/** @param {number|bigint} value @returns {Fraction} */
const whole = (value) => ({ n: BigInt(value), d: 1n });

/** @param {Scalar} scalar @returns {boolean} */
const isExact = (scalar) => typeof scalar === 'object';

/** @param {bigint} value Not negative. @returns {number} */
const bits = (value) => value.toString(16).length * 4;

/** The float nearest to n / d, rounded once. @param {bigint} n @param {bigint} d @returns {number} */
function nearestFloat(n, d) {
  if (d === 1n) return Number(n);
  const [a, b] = [Number(n), Number(d)];
  if (Math.abs(a) <= SAFE && b <= SAFE) return a / b;
  const shift = Math.min(bits(d) - bits(magnitude(n)) + 70, 1076); // 2^-1076: two bits below the least float
  const top = shift >= 0 ? magnitude(n) << BigInt(shift) : magnitude(n);
  const bottom = shift >= 0 ? d : d << BigInt(-shift);
  let quotient = top / bottom;
  if (top % bottom) quotient |= 1n; // so that no tie is seen where there is none
  const size = shift === 1076 ? halfEven(quotient) * 2 ** -1074 : scaled(Number(quotient), -shift);
  return n < 0n ? -size : size;
}

/** @param {bigint} quotient In quarters. @returns {number} The nearest whole number, a float by itself. */
function halfEven(quotient) {
  if (quotient >> 55n) return Number(quotient) / 4; // a normal float, which is rounded to its own digits
  const [floor, rest] = [quotient >> 2n, quotient & 3n];
  return Number(rest > 2n || (rest === 2n && floor & 1n) ? floor + 1n : floor);
}

/** @param {number} value @param {number} power @returns {number} value × 2^power, whose parts may be too large. */
function scaled(value, power) {
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}

/** @param {Scalar} scalar @returns {number} */
const floatOf = (scalar) => (isExact(scalar) ? nearestFloat(scalar.n, scalar.d) : scalar);

/** @param {Scalar} a @param {Scalar} b @returns {Scalar} Exact where both are. */
function times(a, b) {
  if (isExact(a) && isExact(b)) return fraction(a.n * b.n, a.d * b.d);
  return floatOf(a) * floatOf(b);
}

/** @param {Scalar} a @param {Scalar} b @returns {Scalar} Exact where both are. */
function plus(a, b) {
  if (isExact(a) && isExact(b)) return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
  return floatOf(a) + floatOf(b);
}

/** @param {Scalar} scalar @returns {boolean} */
const isZero = (scalar) => (isExact(scalar) ? scalar.n === 0n : scalar === 0);

/** @param {Scalar} scalar @returns {boolean} */
const isNegative = (scalar) => (isExact(scalar) ? scalar.n < 0n : scalar < 0);

/** Whether they are the same number; nan is nan. @param {Scalar} a @param {Scalar} b @returns {boolean} */
function same(a, b) {
  if (isExact(a) && isExact(b)) return a.n === b.n && a.d === b.d;
  return Object.is(floatOf(a) + 0, floatOf(b) + 0);
}

/* Texts ---------------------------------------------------------------------------------------------------------- */

const FLOAT_WORDS = { nan: NaN, inf: Infinity, infinity: Infinity, '-inf': -Infinity, '-infinity': -Infinity };

/**
 * The number that somebody typed: 3, -1/9, 0.5, 1e3, nan, inf. A point makes a float, as in a file.
 * @param {string} text
 * @returns {Scalar}
 * @throws {Error} It is no number.
 */
function readNumber(text) {
  const typed = String(text).trim().replace(/−/g, '-').replace(/^\+/, '');
  if (typed.length > LONGEST_NUMBER) throw new Error(`a number has at most ${LONGEST_NUMBER} characters`);
  const parts = /^(-?\d+)\s*(?:\/\s*(\d+))?$/.exec(typed);
  if (parts && (parts[2] === undefined || BigInt(parts[2]))) return fraction(BigInt(parts[1]), BigInt(parts[2] || 1));
  const word = FLOAT_WORDS[typed.toLowerCase().replace(/^(-?)\./, '$1')];
  if (word !== undefined) return word;
  if (/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed)) {
    if (Number.isFinite(Number(typed))) return Number(typed);
    throw new Error(`${typed.slice(0, 40)} is out of range: the largest float is about 1.8e308`);
  }
  throw new Error(`${JSON.stringify(typed.slice(0, 40))} is no number: write 3, -1/9, 0.5 or 1e3`);
}

/** All digits of a number. @param {Scalar} scalar @returns {string} */
function textOf(scalar) {
  if (isExact(scalar)) return scalar.d === 1n ? `${scalar.n}` : `${scalar.n}/${scalar.d}`;
  if (Number.isNaN(scalar)) return 'nan';
  if (!Number.isFinite(scalar)) return scalar > 0 ? 'inf' : '-inf';
  return Number.isInteger(scalar) && Math.abs(scalar) < 1e16 ? `${scalar}.0` : `${scalar}`;
}

/** A number as a table shows it, six digits of a float. @param {Scalar} scalar @returns {string} */
function shortText(scalar, digits = 6) {
  const full = textOf(scalar);
  if (isExact(scalar) && full.length <= 12) return full;
  const value = floatOf(scalar);
  if (!Number.isFinite(value)) return isExact(scalar) ? `${full.slice(0, 8)}…` : full;
  return isExact(scalar) ? `≈ ${floatText(value, digits)}` : floatText(value, digits);
}

const LONGEST_WHOLE = 1e15; // floats below it that are whole are written as such

/** A float to so many digits, more of one before whose point there are more. @param {number} value @returns {string} */
function floatText(value, digits) {
  if (Number.isInteger(value) && Math.abs(value) < LONGEST_WHOLE) return `${value}`;
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) < 10 ** digits) return `${rounded}`;
  return Math.abs(value) < 1e6 ? `${Math.round(value)}` : rounded.toExponential();
}

/** A result: all digits of an exact one that are not very many, ten of a float. @param {Scalar} scalar */
function resultText(scalar, digits = 10) {
  const full = textOf(scalar);
  return isExact(scalar) && full.length <= 80 ? full : shortText(scalar, digits).replace('≈ ', '');
}

/* Arrays --------------------------------------------------------------------------------------------------------- */

const STORED = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

const MOST = { uint8: 255, int8: 128, uint16: 65535, int16: 32768 };

/**
 * An array of the page's data.
 * @param {{shape: number[], type: string, values?: Array<number|string>, base64?: string, as?: string}} record
 * @returns {Numbers}
 */
function decode(record) {
  const { shape } = record;
  if (record.base64 !== undefined) {
    const stored = new STORED[record.as](bytesOf(record.base64).buffer);
    return { type: record.type, shape, data: stored, over: 1n, most: MOST[record.as] };
  }
  if (record.type === 'whole' && record.values.every((each) => typeof each === 'number')) {
    return { type: 'whole', shape, data: new Float64Array(record.values), over: 1n };
  }
  if (record.type === 'whole')
    return exactNumbers(
      record.values.map((each) => readNumber(`${each}`)),
      shape,
    );
  const floats = record.values.map((each) => (typeof each === 'number' ? each : floatOf(readNumber(each))));
  return { type: record.type, shape, data: new STORED[record.type](floats), over: 1n };
}

/** @param {string} text In base64. @returns {Uint8Array} */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let place = 0; place < plain.length; place += 1) bytes[place] = plain.charCodeAt(place);
  return bytes;
}

/** @param {Fraction[]} scalars @param {number[]} shape @returns {Numbers} */
function exactNumbers(scalars, shape) {
  const over = scalars.reduce((least, { d }) => (d === 1n ? least : (least / gcd(least, d)) * d), 1n);
  return compact(
    scalars.map(({ n, d }) => n * (over / d)),
    over,
    shape,
  );
}

/** Numerators as whole numbers in floats where these hold them. @param {bigint[]} data @param {bigint} over */
function compact(data, over, shape) {
  const limit = BigInt(SAFE);
  const fits = over === 1n && data.every((each) => each <= limit && each >= -limit);
  return { type: 'whole', shape, data: fits ? Float64Array.from(data, Number) : data, over };
}

/** @param {Numbers} numbers @returns {boolean} Whether whole numbers in floats hold all of it. */
const isSmall = (numbers) => numbers.type === 'whole' && !Array.isArray(numbers.data);

/** @param {Numbers} numbers @param {number} place @returns {Scalar} */
function numberAt(numbers, place) {
  const value = numbers.data[place];
  if (numbers.type !== 'whole') return value;
  return typeof value === 'bigint' ? fraction(value, numbers.over) : whole(value);
}

/** @param {Numbers} numbers @returns {Scalar[]} */
const scalarsOf = (numbers) => Array.from(numbers.data, (_, place) => numberAt(numbers, place));

/** An array of these; a float among exact ones makes floats of all. @param {Scalar[]} scalars @returns {Numbers} */
function numbersOf(scalars, shape, type = 'float64') {
  if (scalars.every(isExact)) return exactNumbers(scalars, shape);
  return { type, shape, data: STORED[type].from(scalars, floatOf), over: 1n };
}

/**
 * The array with other numbers at some places; a float among exact ones makes floats of all.
 * @param {Numbers} numbers @param {[number, Scalar][]} entries Places with what stands there @returns {Numbers}
 */
function replaced(numbers, entries) {
  if (!entries.length) return numbers;
  const isWhole = ([, scalar]) => isExact(scalar) && scalar.d === 1n && isSafe(scalar.n);
  if (numbers.type !== 'whole' || (isSmall(numbers) && entries.every(isWhole))) {
    const data = STORED[numbers.type === 'whole' ? 'float64' : numbers.type].from(numbers.data);
    for (const [place, scalar] of entries) data[place] = floatOf(scalar);
    return { ...numbers, data, most: undefined };
  }
  const scalars = scalarsOf(numbers);
  for (const [place, scalar] of entries) scalars[place] = scalar;
  return numbersOf(scalars, numbers.shape);
}

/** @param {bigint} n @returns {boolean} */
const isSafe = (n) => magnitude(n) <= BigInt(SAFE);

/** @param {Numbers} numbers @returns {bigint[]} Its numerators, see `over`. */
const numeratorsOf = (numbers) => (isSmall(numbers) ? Array.from(numbers.data, BigInt) : numbers.data);

/** @param {Numbers} numbers @param {'float32'|'float64'} type @returns {Float64Array} As floats of that type hold it. */
function floatsOf(numbers, type) {
  const { data, over } = numbers;
  if (Array.isArray(data))
    return Float64Array.from(data, (each) =>
      type === 'float32' ? Math.fround(nearestFloat(each, over)) : nearestFloat(each, over),
    );
  if (type === 'float32' && numbers.type !== 'float32') return Float64Array.from(data, Math.fround);
  return data instanceof Float64Array ? data : new Float64Array(data); // bytes would stay bytes in what is made of them
}

/** @param {ArrayLike<number>} data @returns {number} */
function largest(data) {
  let [low, high] = [0, 0];
  for (let place = 0; place < data.length; place += 1) {
    const value = data[place];
    if (value > high) high = value;
    else if (value < low) low = value;
  }
  return Math.max(high, -low);
}

/**
 * What is computed in: `exact` and `auto` in whole numbers and fractions, otherwise floats.
 * @param {string} word What is asked for: auto, exact, float32 or float64.
 * @param {Numbers[]} arrays Whose widest float decides.
 * @param {Scalar[]} [scalars] A float among them makes floats of exact arrays, but never wider ones.
 */
function resolvedType(word, arrays, scalars = []) {
  const floats = arrays.map(({ type }) => type).filter((type) => type !== 'whole');
  const isReal = floats.length > 0 || scalars.some((each) => !isExact(each));
  if (word === 'exact' && isReal) {
    throw new Error('dtype exact computes in whole numbers and fractions: write 1/2 instead of 0.5');
  }
  if (word !== 'auto' || !isReal) return word;
  return floats.length > 0 && floats.every((type) => type === 'float32') ? 'float32' : 'float64';
}

/** @param {string} type @returns {boolean} */
const isExactType = (type) => type === 'auto' || type === 'exact';

/**
 * Exact results as they are handed on: whole where all are; fractions stay (exact), or are rounded once (auto).
 * @param {bigint[]} numerators @param {bigint} over @param {number[]} shape @param {string} type @returns {Numbers}
 */
function settled(numerators, over, shape, type) {
  if (over === 1n) return compact(numerators, 1n, shape);
  if (numerators.every((each) => each % over === 0n))
    return compact(
      numerators.map((each) => each / over),
      1n,
      shape,
    );
  if (type === 'exact') return { type: 'whole', shape, data: numerators, over };
  const data = Float64Array.from(numerators, (each) => nearestFloat(each, over));
  if (!data.every(Number.isFinite)) throw new Error('a result is too large for float64: take dtype exact');
  return { type: 'float64', shape, data, over: 1n };
}

/** Floats as an array of a type. @param {Float64Array|Float32Array} data @returns {Numbers} */
const real = (data, shape, type) => ({ type, shape, data: STORED[type].from(data), over: 1n });
