/** JSON texts that take far more memory than their characters, as messages of type `sample.Sample`. */
import { SeededRandom } from './seeded-random.ts'

/** Each makes a text of about this many characters. */
export const JSON_BOMBS: Readonly<Record<string, (length: number) => string>> = Object.freeze({
  'empty arrays in an unknown field': (length) => listOf('x', '[]', length),
  'empty objects in an unknown field': (length) => listOf('x', '{}', length),
  'objects with one key of their own each': (length) =>
    numbered('x', length, (number) => `{"k${number.toString(36)}":0}`),
  'objects whose keys come in another order each time': (length) => {
    const random = new SeededRandom(3)
    return numbered('x', length, () => shuffled(random, 20))
  },
  'objects with an index for a key': (length) => listOf('x', '{"999":0}', length),
  'known empty messages': (length) => listOf('empties', '{}', length),
  'messages of a type with many fields': (length) => listOf('wides', '{}', length),
  'messages with a map of one high key each': (length) => listOf('many', '{"flags":{"999":false}}', length),
  'messages with a list of one element each': (length) => listOf('many', '{"bools":[true]}', length),
  'messages in messages': (length) => listOf('many', '{"next":{"next":{"next":{}}}}', length),
  'empty bytes': (length) => listOf('blobs', '""', length),
  'values of JSON': (length) => `{"struct":${listOf('a', '[]', length)}}`,
  'keys of a JSON object': (length) =>
    `{"struct":{"a":{${numberedItems(length, (number) => `"${number.toString(36)}":{}`)}}}}`,
  'entries of a map': (length) => `{"texts":{${numberedItems(length, (number) => `"${number.toString(36)}":""`)}}}`,
})

/** Texts whose values take about as much memory as they have characters. */
export const PLAIN_JSON: Readonly<Record<string, (length: number) => string>> = Object.freeze({
  'one string': (length) => `{"name":"${'x'.repeat(length)}"}`,
  'one blob': (length) => `{"blobs":["${'AAAA'.repeat(length / 4)}"]}`,
  'strings of 100 characters': (length) => listOf('strings', `"${'x'.repeat(100)}"`, length),
  'long integers': (length) => listOf('longs', '9007199254740993', length),
  'long integers in strings': (length) => listOf('longs', '"9007199254740993"', length),
  'truth values': (length) => listOf('bools', 'false', length),
  'numbers of JSON with many digits': (length) =>
    `{"struct":{"a":"${'x'.repeat(length / 2)}","b":${JSON.stringify({ c: 'y'.repeat(length / 2) })}}}`,
  'messages with three texts': (length) =>
    listOf('many', `{"name":"${'x'.repeat(200)}","strings":["${'y'.repeat(100)}","${'z'.repeat(100)}"]}`, length),
})

function listOf(key: string, item: string, length: number): string {
  const count = Math.floor(length / (item.length + 1))
  return `{"${key}":[${`${item},`.repeat(count - 1)}${item}]}`
}

function numbered(key: string, length: number, make: (number: number) => string): string {
  return `{"${key}":[${numberedItems(length, make)}]}`
}

function numberedItems(length: number, make: (number: number) => string): string {
  const items: string[] = []
  for (let size = 0, number = 0; size < length; number += 1) {
    const item = make(number)
    items.push(item)
    size += item.length + 1
  }
  return items.join(',')
}

function shuffled(random: SeededRandom, count: number): string {
  const keys = Array.from({ length: count }, (_, index) => `"${String.fromCharCode(97 + index)}":0`)
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.below(last + 1)
    const key = keys[last] ?? ''
    keys[last] = keys[other] ?? ''
    keys[other] = key
  }
  return `{${keys.join(',')}}`
}
