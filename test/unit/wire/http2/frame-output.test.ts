/** What a socket still holds is not overwritten, and the slab is replaced only then. */
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FrameOutput } from '../../../../wire/http2/frame-output.ts'

/** Records what is written without a copy. A congested socket does not get rid of it. */
class FakeSocket {
  readonly written: Buffer[] = []
  writableLength = 0
  readonly #isCongested: boolean

  constructor(isCongested: boolean) {
    this.#isCongested = isCongested
  }

  write(data: Buffer): boolean {
    this.written.push(data)
    if (this.#isCongested) this.writableLength += data.length
    return true
  }
}

function open(isCongested: boolean) {
  const socket = new FakeSocket(isCongested)
  const output = new FrameOutput(socket as unknown as Socket, true)
  /** Sends a text in one flush. Returns the slab of that flush. */
  const send = (text: string): Buffer => {
    output.begin()
    const slab = output.buffer
    output.append(Buffer.from(text), 0, text.length)
    output.finish()
    return slab
  }
  return { socket, send }
}

test('a congested socket keeps what it holds, whatever is sent afterwards', () => {
  const slow = open(true)
  const fast = open(false)
  for (const letter of 'abc') {
    slow.send(letter.repeat(500))
    fast.send('#'.repeat(1_000))
  }
  expect(Buffer.concat(slow.socket.written).toString()).toBe(['a', 'b', 'c'].map((each) => each.repeat(500)).join(''))
})

test('a congested socket takes the slab once, and then copies', () => {
  const { send } = open(true)
  const taken = send('first')
  const next = send('second')
  expect(next).not.toBe(taken)
  expect(send('third')).toBe(next)
})
