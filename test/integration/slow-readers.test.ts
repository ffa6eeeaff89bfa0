/** What is queued for clients that do not read is bounded, and its buffers are free again afterwards. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { normalizeHttp2Options } from '../../wire/http2/options.ts'
import type { SlowReaderFigures } from '../support/slow-reader-program.ts'

const PROGRAM = path.resolve(import.meta.dirname, '../support/slow-reader-program.ts')
const KIB = 1_024
const STREAMS = 10
const SIZES = [10, KIB, 20 * KIB, 200 * KIB]

/** Short messages are queued in chunks of this size, and 64 free ones are kept. */
const CHUNK_BYTES = 4 * KIB
const POOL_BYTES = 64 * CHUNK_BYTES
/** The connection's own buffers, and what the envelope and its fields add to a message. */
const CONNECTION_BYTES = 128 * KIB
const MESSAGE_OVERHEAD_BYTES = 64
/** Covers what the engine itself keeps. If each queued message of 10 bytes were an object, their heap would exceed it. */
const HEAP_BYTES = 1_024 * KIB

const OPTIONS = normalizeHttp2Options('server')

/** Each limit may be exceeded by the message that reaches it. */
function mostQueued(size: number): number {
  const { streamHighWaterBytes, sessionHighWaterBytes } = OPTIONS
  const last = size + MESSAGE_OVERHEAD_BYTES
  return Math.min(STREAMS * (streamHighWaterBytes + last), sessionHighWaterBytes + last) + STREAMS * CHUNK_BYTES
}

test('ten endless streams that the client does not read hold bounded memory, and nothing once they end', {
  timeout: 60_000,
}, async () => {
  const args = [STREAMS, ...SIZES].map(String)
  const child: ChildProcess = fork(PROGRAM, args, { execArgv: ['--expose-gc', '--no-warnings'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [results] = (await once(child, 'message')) as [readonly SlowReaderFigures[]]
  expect(results.map(({ size }) => size)).toEqual(SIZES.flatMap((size) => [size, size]))
  for (const { size, ending, contentType, givenBytes, waiting, ended } of results) {
    const what = `${contentType} with messages of ${size} bytes, ${ending}`
    expect(givenBytes, what).toBeGreaterThanOrEqual(STREAMS * size)
    expect(waiting.buffers, `buffers of ${what}`).toBeLessThan(mostQueued(size) + CONNECTION_BYTES)
    expect(waiting.heap, `heap of ${what}`).toBeLessThan(HEAP_BYTES)
    expect(ended.buffers, `buffers after ${what}`).toBeLessThan(POOL_BYTES + 64 * KIB)
    expect(ended.heap, `heap after ${what}`).toBeLessThan(HEAP_BYTES)
  }
})
