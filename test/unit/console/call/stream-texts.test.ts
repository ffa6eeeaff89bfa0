import { expect, it } from 'vitest'
import { NdjsonReader, SseReader, type StreamTextReader } from '../../../../console/app/call/rest/stream-texts.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

function readAll(reader: StreamTextReader, text: string, random: SeededRandom) {
  const octets = new TextEncoder().encode(text)
  const read = []
  for (let at = 0; at < octets.length; ) {
    const part = octets.subarray(at, at + 1 + random.below(7))
    read.push(...reader.feed(part))
    at += part.length
  }
  return [...read, ...reader.finish()].map(({ text, isError }) => (isError ? `error ${text}` : text))
}

it.each([
  ['{"a":1}\n{"b":"\u2028é\u{1f600}"}\n', ['{"a":1}', '{"b":"\u2028é\u{1f600}"}']],
  ['{"a":1}\r\n\r\n{"b":2}', ['{"a":1}', '{"b":2}']],
  ['{"a":1}\n{"error":{"code":5}}\n', ['{"a":1}', 'error {"code":5}']],
  ['', []],
])('lines %j', (text, expected) => {
  for (let seed = 0; seed < 20; seed++)
    expect(readAll(new NdjsonReader(false), text, new SeededRandom(seed))).toEqual(expected)
})

it('takes an error for a message where messages have such a field', () => {
  expect(readAll(new NdjsonReader(true), '{"error":{"code":5}}\n', new SeededRandom(1))).toEqual([
    '{"error":{"code":5}}',
  ])
})

it.each([
  ['data: {"a":1}\n\nid: 5:1\ndata: {"b":"\u2028"}\n\n', ['{"a":1}', '{"b":"\u2028"}']],
  [':\n\nretry: 10\n\ndata:x\r\n\r\n', ['x']],
  ['data: {\ndata: }\n\n', ['{\n}']],
  ['data: 1\n\nevent: error\ndata: {"code":5}\n\n', ['1', 'error {"code":5}']],
  ['event: error\n\ndata: 1\n\n', ['1']],
  ['data: cut off', []],
])('events %j', (text, expected) => {
  for (let seed = 0; seed < 20; seed++) expect(readAll(new SseReader(), text, new SeededRandom(seed))).toEqual(expected)
})
