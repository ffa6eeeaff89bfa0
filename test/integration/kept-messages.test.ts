/** Messages that an application keeps hold only what is in them: no chunk of a socket, and no buffer of a codec. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const PROGRAM = path.resolve(import.meta.dirname, '../support/kept-messages-program.ts')
const MESSAGES = 100_000
/** Node keeps typed arrays of up to 64 bytes in the heap. */
const BODY_BYTES = 100
const MIB = 1_048_576

interface Figures {
  readonly kept: number
  readonly arrayBuffers: number
  readonly external: number
}

async function figuresOf(...args: string[]): Promise<Figures> {
  const child: ChildProcess = fork(PROGRAM, args, { execArgv: ['--expose-gc', '--no-warnings'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [figures] = (await once(child, 'message')) as [Figures]
  return figures
}

test.each([
  ['server', 'grpc'],
  ['client', 'connect'],
])('the %s keeps 100,000 messages with bytes of a call, over %s', async (side, protocol) => {
  const { kept, arrayBuffers, external } = await figuresOf(side, protocol, String(MESSAGES), String(BODY_BYTES))
  expect(kept).toBe(MESSAGES)
  // Each has its own octets. A view would keep the chunk of the socket that it is in, or the pool of Buffer.
  const own = MESSAGES * BODY_BYTES
  expect(arrayBuffers).toBeLessThan(own + 16 * MIB)
  expect(external).toBeLessThan(own + 32 * MIB)
})
