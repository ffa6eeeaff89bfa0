/** A session frees the chunks that it has read, unless others may keep them. */
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { FrameType as T } from '../../../../wire/http2/frame.ts'
import { createServerSession, normalizeHttp2Options } from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { frame, socketPair } from '../../../support/raw-http2.ts'

/** Ignored, as nobody knows frames of this type. */
const PADDING = frame(0x42, 0, 0, Buffer.alloc(16_384))

type Listen = (socket: Socket) => unknown

/** Added before and after the session's own listener. */
interface Listeners {
  readonly before?: Listen
  readonly after?: Listen
}

const always: Listen = (socket) => socket.on('data', () => {})
const once: Listen = (socket) => socket.once('data', () => {})

/** Lets a session read a chunk of which it keeps nothing. Returns the length of what is left. */
async function read({ before, after }: Listeners = {}): Promise<number> {
  const { near, far } = await socketPair()
  const closed = Promise.withResolvers<void>()
  const options = normalizeHttp2Options('server', { memory: new ProcessMemory() })
  const handler = { onRequest() {}, onClose: () => closed.resolve() }
  onTestFinished(async () => {
    near.destroy()
    far.destroy()
    await closed.promise
  })
  far.resume()
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const chunk = Buffer.concat([preface, frame(T.SETTINGS, 0, 0), PADDING, PADDING, PADDING])
  near.unshift(chunk)
  before?.(near)
  const session = createServerSession(near, options, handler)
  session.start()
  after?.(near)
  while (session.stats.bytesReceived === 0) await turn()
  return chunk.length
}

test('a chunk that only the session has read is freed', async () => {
  expect(await read()).toBe(0)
})

const SHARED: Readonly<Record<string, Listeners>> = {
  'a listener before it': { before: always },
  'a listener before it that is gone': { before: once },
  'a listener after it': { after: always },
  'a listener after it, for once': { after: once },
}

test.each(Object.entries(SHARED))('a chunk is left to %s', async (_, listeners) => {
  expect(await read(listeners)).toBeGreaterThan(3 * PADDING.length)
})
