/** Changes the JSON of messages: other forms of the same values, and values that do not fit. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'

type Json = unknown
type JsonObject = Record<string, Json>

/** A literal that `JSON.stringify` cannot write, in place of a value. */
const RAW = 'raw:'

const VALUES: readonly Json[] = [
  ...[null, true, false, 0, -0, 1, -1, 1.5, 2 ** 31, -(2 ** 31), 2 ** 32, 1e15, 1e21, 1e40, 1e-7],
  ...['', ' ', '0', '-0', '007', '12', ' 12', '1.0', '1e3', '0x10', '-1', '+1', 'NaN', 'Infinity', '-Infinity', 'nan'],
  ...[
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    '18446744073709551615',
    '18446744073709551616',
  ],
  ...[
    '9'.repeat(30),
    '9'.repeat(80),
    'true',
    'AA==',
    'AAA',
    'AA-_',
    'AA+/',
    'A',
    'A===',
    '!',
    '\ud800',
    'caf\u00e9',
    '\u20ac',
  ],
  ...[
    '1972-01-01T10:00:20.021Z',
    '1972-01-01T10:00:20.021+01:00',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999Z',
  ],
  ...[
    '10000-01-01T00:00:00Z',
    '1972-02-30T00:00:00Z',
    '1972-01-01T24:00:00Z',
    '1972-01-01T10:00:20.0000000001Z',
    '1972-01-01t10:00:20z',
  ],
  ...[
    '1s',
    '-1.5s',
    '-0.5s',
    '-1.0s',
    '-0s',
    '0.000000001s',
    '315576000000s',
    '315576000001s',
    '1.1234567890s',
    '1sx',
    '1',
    's',
  ],
  ...['a,b', 'fooBar.bazQux', 'foo_bar', 'foo3Bar'],
  ...[
    [],
    {},
    [null],
    [[]],
    [1, '2', 3.0],
    ['a', null],
    { a: 1 },
    { a: null },
    { 1: true, '01': false },
    { true: 'x', false: 1 },
  ],
  ...[{ '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }, { '@type': 'x' }, { '@type': '' }],
  ...[
    { '@type': 'type.googleapis.com/google.protobuf.Empty', x: { y: [1] } },
    { __proto__x: { a: [] }, '': {} },
  ],
  ...[
    '9007199254740993',
    '18446744073709551616',
    '1.0000000000000000000',
    '9.007199254740993e15',
    '1e999',
    '-0.0',
    '1E2',
    '100e-2',
  ].map((literal) => RAW + literal),
]

const KEYS = ['unknown', '[no.such.extension]', '[', '__proto__', 'constructor', '0', '@type', '\ud800', 'caf\u00e9']

/** Returns the text of a value after a few changes. @param desc the type of the message that it is for */
export function mutateJson(json: Json, desc: DescMessage, random: SeededRandom): string {
  let changed = structuredClone(json)
  for (let left = random.below(4); left > 0; left--) changed = mutate(changed, desc, random)
  const text = JSON.stringify(changed).replace(/"raw:([^"]*)"/g, '$1')
  switch (random.below(8)) {
    case 0:
      return JSON.stringify(changed, null, random.below(4)).replace(/"raw:([^"]*)"/g, '$1')
    case 1:
      return garble(text, random)
    case 2:
      return withTwice(text, random)
    default:
      return text
  }
}

function mutate(json: Json, desc: DescMessage | undefined, random: SeededRandom): Json {
  if (random.below(6) === 0 || typeof json !== 'object' || json === null) return anyValue(random)
  if (Array.isArray(json)) {
    if (json.length === 0 || random.below(4) === 0) json.push(anyValue(random))
    else json[random.below(json.length)] = mutate(json[random.below(json.length)], desc, random)
    return json
  }
  return mutateObject(json as JsonObject, desc, random)
}

function mutateObject(json: JsonObject, desc: DescMessage | undefined, random: SeededRandom): Json {
  const keys = Object.keys(json)
  const key = random.pick(keys)
  const field = fieldOf(desc, key)
  const choice = random.below(5)
  if (keys.length === 0 || choice === 0) return set(json, nameOf(desc, random), anyValue(random))
  // Under its other name, alone or beside this one.
  if (choice === 1 && field !== undefined) {
    const value = json[key]
    if (random.below(2) === 0) delete json[key]
    return set(json, key === field.name ? field.jsonName : field.name, value)
  }
  return set(json, key, mutate(json[key], field?.message, random))
}

function anyValue(random: SeededRandom): Json {
  return structuredClone(random.pick(VALUES))
}

function nameOf(desc: DescMessage | undefined, random: SeededRandom): string {
  if (desc === undefined || desc.fields.length === 0 || random.below(3) === 0) return random.pick(KEYS)
  const { name, jsonName } = random.pick(desc.fields)
  return random.pick([name, jsonName])
}

function fieldOf(desc: DescMessage | undefined, key: string): DescField | undefined {
  return desc?.fields.find(({ name, jsonName }) => name === key || jsonName === key)
}

function set(json: JsonObject, key: string, value: Json): JsonObject {
  return Object.defineProperty(json, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Replaces, drops or adds a character. */
function garble(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1)
  const added = random.pick([
    '',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '1',
    'e',
    '-',
    ' ',
    '\n',
    '\u00e9',
    '\\u0061',
  ])
  return text.slice(0, at) + added + text.slice(at + random.below(2))
}

/** Repeats a key of an object, plainly or with an escape. */
function withTwice(text: string, random: SeededRandom): string {
  const members = [...text.matchAll(/[{,]"([^"\\]+)":/g)]
  if (members.length === 0) return text
  const { index, 1: key = '' } = random.pick(members)
  const code = key.charCodeAt(0).toString(16).padStart(4, '0')
  const name = random.below(2) === 0 ? key : `\\u${code}${key.slice(1)}`
  return `${text.slice(0, index + 1)}"${name}":${random.pick(['null', '1', '"x"', '{}', '[]'])},${text.slice(index + 1)}`
}
