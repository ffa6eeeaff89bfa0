/** Values that fields are set to, whether or not they fit. */

/** Values of every kind, each of which some scalar type refuses. */
export const ANY_VALUES: readonly unknown[] = [
  ...[0, -0, 1, -1, 1.5, 127, 128, 300, 16384, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32],
  ...[2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, 2 ** 64, 1e300, -1e300, 3.5e38, 1e-50, Number.NaN],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[0n, 1n, -1n, 127n, 128n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n],
  ...[2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 32n)],
  ...['', '0', '-0', '1', '-1', '1.5', ' 7 ', '0x10', '1e3', 'abc', 'NaN', 'Infinity', '9007199254740993', '1n'],
  ...[
    '18446744073709551615',
    'ASCII',
    'é',
    '€',
    '😀',
    'unpaired \ud800 high',
    'unpaired \udc00 low',
    '\ud83d',
    '\u0000',
  ],
  ...[
    'x'.repeat(42),
    'x'.repeat(43),
    'x'.repeat(127),
    'x'.repeat(128),
    'é'.repeat(64),
    '€'.repeat(100),
    '\ud800'.repeat(50),
  ],
  ...[
    true,
    false,
    null,
    undefined,
    Symbol('symbol'),
    () => 1,
    {},
    [],
    [1, 2],
    { valueOf: () => 5 },
    new Date(7),
    new Date(0),
  ],
  ...[new Uint8Array(0), new Uint8Array([1, 2, 255]), new Uint8Array(200).fill(7)],
  ...[
    Buffer.from('text'),
    new Uint16Array([1, 2]),
    { byteLength: 2, length: 2, 0: 1, 1: 2 },
    Object(5),
    Object('boxed'),
  ],
  ...[Object.create(null), new Uint8Array(new ArrayBuffer(8), 2, 3)],
]

/** Values that do not fit the buffer that is reused, or take more octets than units of UTF-16. */
export const LONG_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  string: ['x'.repeat(16_384), 'é'.repeat(16_000), '😀'.repeat(40_000)],
  bytes: [new Uint8Array(70_000).fill(8)],
}
