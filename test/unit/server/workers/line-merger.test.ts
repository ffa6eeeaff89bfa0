/** Lines of several processes stay whole. */
import { open } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mayTearLines, mergeLines } from '../../../../server/workers/line-merger.ts'

test('lines pass on once they are complete, with the pieces of others between them', async () => {
  const seen: string[] = []
  const [first, second] = [new PassThrough(), new PassThrough()]
  for (const source of [first, second]) mergeLines(source, (lines) => seen.push(lines))
  first.write('one\ntwo ')
  await turn()
  second.write('a ')
  await turn()
  first.write('is ')
  await turn()
  second.write('line\n')
  await turn()
  first.write('long\nthree\nfour')
  await turn()
  expect(seen).toEqual(['one\n', 'a line\n', 'two is long\nthree\n'])
  first.end()
  second.end()
  await turn()
  expect(seen.slice(3)).toEqual(['four\n'])
})

test('characters that arrive in two pieces stay whole', async () => {
  const seen: string[] = []
  const source = new PassThrough()
  mergeLines(source, (lines) => seen.push(lines))
  const bytes = Buffer.from('grüße €\n')
  for (const byte of bytes) source.write(Buffer.of(byte))
  source.end()
  await turn()
  await turn()
  expect(seen.join('')).toBe('grüße €\n')
})

test('a line without an end does not fill the memory', async () => {
  const seen: string[] = []
  const source = new PassThrough()
  mergeLines(source, (lines) => seen.push(lines))
  for (let n = 0; n < 20; n += 1) {
    source.write('x'.repeat(100_000))
    await turn()
  }
  expect(seen.join('').length).toBeGreaterThanOrEqual(1_000_000)
})

test('only pipes and sockets may tear lines', async () => {
  const file = await open(import.meta.filename)
  expect(mayTearLines(file.fd)).toBe(false)
  await file.close()
  expect(mayTearLines(123_456)).toBe(false)
})
