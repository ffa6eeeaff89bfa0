import { expect, test } from 'vitest'
import type { FrameOutput } from '../../../../wire/http2/frame-output.ts'
import { ShortPieces } from '../../../../wire/http2/short-pieces.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

/** Records its input, copied. */
function collector() {
  const parts: Buffer[] = []
  const output = {
    append: (data: Uint8Array, start: number, end: number) => parts.push(Buffer.from(data.subarray(start, end))),
  }
  return { output: output as unknown as FrameOutput, text: () => Buffer.concat(parts).toString('latin1') }
}

test('bytes come out in order, however they are taken', () => {
  const random = new SeededRandom(7)
  for (let round = 0; round < 50; round += 1) {
    const { output, text } = collector()
    const pieces = new ShortPieces()
    let queued = 0
    let expected = ''
    for (let step = 0; step < 60; step += 1) {
      const word = random.word(random.below(1_500))
      expected += word
      queued += word.length
      pieces.append(Buffer.from(`<${word}>`), 1, 1 + word.length)
      const taken = Math.min(queued, random.below(2_000))
      queued -= taken
      expect(pieces.moveTo(output, taken)).toBe(queued === 0)
    }
    expected = expected.slice(0, expected.length - queued)
    expect(text()).toBe(expected)
  }
})

test('taking chunks returns all that is left', () => {
  const { output } = collector()
  const pieces = new ShortPieces()
  for (let i = 0; i < 1_000; i += 1) pieces.append(Buffer.from(`${i},`), 0, `${i},`.length)
  pieces.moveTo(output, 10)
  const expected = Array.from({ length: 1_000 }, (_, i) => `${i},`).join('')
  expect(Buffer.concat(pieces.takeAll()).toString()).toBe(expected.slice(10))
})
