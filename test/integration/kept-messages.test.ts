/** Messages that an application keeps hold only what is in them: no chunk of a socket, and no buffer of a codec. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { KeptMessages } from '../support/kept-messages-program.ts'

const PROGRAM = path.resolve(import.meta.dirname, '../support/kept-messages-program.ts')
const MESSAGES = 50_000
/** So many that a chunk kept for one message would show: it has the octets of the others as well. */
const STEP = 50

/** Maximum memory of a kept message: in the heap, with its objects, and outside of it. */
const LIMITS: Readonly<Record<string, readonly [heapBytes: number, bufferBytes: number]>> = {
  // Node keeps typed arrays of up to 64 bytes in the heap. These have 100.
  bytes: [700, 150],
  'an unknown field': [800, 150],
  'a short ASCII string': [500, 50],
  'a long ASCII string': [900, 50],
  'a short string with other characters': [500, 50],
  // Two bytes for each character.
  'a long string with other characters': [1_200, 50],
}

async function keptBy(...args: string[]): Promise<readonly KeptMessages[]> {
  const child: ChildProcess = fork(PROGRAM, args, { execArgv: ['--expose-gc', '--no-warnings'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [results] = (await once(child, 'message')) as [readonly KeptMessages[]]
  return results
}

test.each([
  ['server', 'grpc'],
  ['client', 'connect'],
])('the %s keeps some of 50,000 messages of each kind, over %s', { timeout: 60_000 }, async (side, protocol) => {
  const results = await keptBy(side, protocol, String(MESSAGES), String(STEP))
  expect(results.map(({ content }) => content)).toEqual(Object.keys(LIMITS))
  for (const { content, received, kept, heapBytes, bufferBytes } of results) {
    expect([received, kept]).toEqual([MESSAGES, MESSAGES / STEP])
    const [mostHeap = 0, mostBuffers = 0] = LIMITS[content] ?? []
    expect(heapBytes / kept, `heap of a message with ${content}`).toBeLessThan(mostHeap)
    expect(bufferBytes / kept, `buffers of a message with ${content}`).toBeLessThan(mostBuffers)
  }
})
