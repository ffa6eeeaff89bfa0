import { expect, test } from 'vitest'
import { readLines } from '../../../../../../client/node/cli/terminal/read-lines.ts'
import { collect } from '../../../../../support/collect.ts'

const BYTES = Buffer.from('a\r\n\nbüc\nlast')
const LINES = [
  { text: 'a', number: 1 },
  { text: '', number: 2 },
  { text: 'büc', number: 3 },
  { text: 'last', number: 4 },
]

test.each(Array.from({ length: BYTES.length }, (_, index) => index))(
  'lines are the same when split at byte %i',
  async (at) => {
    expect(await collect(readLines(chunks(BYTES.subarray(0, at), BYTES.subarray(at))))).toEqual(LINES)
  },
)

test('lines are the same byte by byte', async () => {
  expect(await collect(readLines(chunks(...Array.from(BYTES, (byte) => Uint8Array.of(byte)))))).toEqual(LINES)
})

test('empty input has no lines, and a final line break starts none', async () => {
  expect(await collect(readLines(chunks()))).toEqual([])
  expect(await collect(readLines(chunks(Buffer.from('a\n'))))).toEqual([{ text: 'a', number: 1 }])
})

test('a line is delivered before the next bytes arrive', async () => {
  let asked = 0
  async function* source() {
    asked = 1
    yield Buffer.from('a\nb')
    asked = 2
    yield Buffer.from('c\n')
  }
  const lines = readLines(source())
  expect(await lines.next()).toEqual({ done: false, value: { text: 'a', number: 1 } })
  expect(asked).toBe(1)
  expect(await lines.next()).toEqual({ done: false, value: { text: 'bc', number: 2 } })
})

test('a line may be as long as the limit, and no longer', async () => {
  expect(await collect(readLines(chunks(Buffer.from('abc\nabc')), 3))).toHaveLength(2)
  const tooLong = collect(readLines(chunks(Buffer.from('a\nab'), Buffer.from('cd')), 3))
  await expect(tooLong).rejects.toThrow('line 2 is longer than 3 bytes')
})

test('a line that is not UTF-8 is reported', async () => {
  const lines = collect(readLines(chunks(Buffer.from('a\n'), Uint8Array.of(0xff, 0x0a))))
  await expect(lines).rejects.toThrow('line 2 is not UTF-8')
})

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* parts
}
