/**
 * Raw frames for RFC 6455, sections 5 to 7: the same octets go to our port, on both carriers, and to a server of the package `ws`. Where
 * the two differ, the row says why.
 */

import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startRoutes } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { BLOCK, CARRIERS, FramePeer } from '../../support/websocket/frame-peer.ts'
import {
  binary,
  type ClientFrame,
  clientFrame,
  close,
  closeCodeOf,
  serverFrames,
} from '../../support/websocket/frames.ts'

/** The connection is still open, and answers a ping. */
const OPEN = 'open'

type Outcome = number | 'no code' | typeof OPEN

interface Row {
  readonly name: string
  readonly octets: readonly Buffer[]
  readonly outcome: Outcome
  /** Whether the last frame goes on, so that a ping would be part of its payload. Default: false. */
  readonly isIncomplete?: boolean
  /** What `ws` does, if that differs. */
  readonly oracle?: { readonly outcome: Outcome; readonly because: string }
}

const DATA = [0, 0, 0, 0, 0]

const ROWS: readonly Row[] = [
  ...[4, 2, 1].map((reserved) =>
    row(`5.2: reserved bits ${reserved.toString(2)}`, 1002, frame({ opcode: 2, reserved })),
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    row(`5.2: opcode ${opcode} is reserved`, 1002, frame({ opcode })),
  ),
  row('5.1: a frame without a mask', 1002, frame({ opcode: 2, isMasked: false, payload: Buffer.from([0]) })),
  row('5.1: a ping without a mask', 1002, frame({ opcode: 9, isMasked: false })),
  row('5.2: a message of 126 octets', OPEN, binary(0, Buffer.alloc(125))),
  row('5.2: a message of 65,536 octets', OPEN, binary(0, Buffer.alloc(65_535))),
  row('5.2: a short length in 16 bits', 1002, frame({ opcode: 2, payload: zeros(5), lengthBytes: 2 }), {
    outcome: OPEN,
    because: 'ws accepts lengths in a longer form than needed, which the RFC forbids',
  }),
  row('5.2: a short length in 64 bits', 1002, frame({ opcode: 2, payload: zeros(5), lengthBytes: 8 }), {
    outcome: OPEN,
    because: 'ws accepts lengths in a longer form than needed, which the RFC forbids',
  }),
  row('5.2: a length with the highest bit', 1002, frame({ opcode: 2, length: 2n ** 63n }), {
    outcome: 1009,
    because: 'ws does not distinguish it from one that is only too large',
  }),
  row('5.2: a length of 63 bits', 1009, frame({ opcode: 2, length: 2n ** 63n - 1n })),
  row('5.2: a length of 54 bits', 1009, frame({ opcode: 2, length: 2n ** 53n })),
  {
    ...row(
      '5.2: a length of 1 GiB',
      OPEN,
      frame({ opcode: 2, length: 2n ** 30n, payload: Buffer.from([0, 0, 0, 1, 0, 0]) }),
      {
        outcome: 1009,
        because: 'ws collects messages; ours are read as they come, and readMaxBytes limits what is in them',
      },
    ),
    isIncomplete: true,
  },
  row('5.4: fragments', OPEN, part(2, DATA), part(0, DATA), last(0, DATA)),
  row('5.4: an empty last fragment', OPEN, part(2, DATA), last(0, [])),
  row('5.4: empty fragments', OPEN, part(2, []), part(0, []), last(0, [0])),
  row('5.4: a ping between fragments', OPEN, part(2, DATA), frame({ opcode: 9 }), last(0, DATA)),
  row('5.4: a continuation of nothing', 1002, last(0, DATA)),
  row('5.4: a continuation after the last', 1002, part(2, DATA), last(0, DATA), last(0, DATA)),
  row('5.4: a message inside of another', 1002, part(2, DATA), last(2, DATA)),
  row('5.4: a close between fragments', 1000, part(2, DATA), close(1000)),
  row('5.5: a fragmented ping', 1002, part(9, [])),
  row('5.5: a fragmented close', 1002, part(8, [])),
  row('5.5: a ping of 125 octets', OPEN, frame({ opcode: 9, payload: zeros(125) })),
  row('5.5: a ping of 126 octets', 1002, frame({ opcode: 9, payload: zeros(126) })),
  row('5.5: a close of 126 octets', 1002, frame({ opcode: 8, payload: zeros(126) })),
  row('5.5.3: a pong that nobody asked for', OPEN, frame({ opcode: 10, payload: zeros(4) })),
  row('5.5.1: a close without a code', 'no code', close()),
  row('5.5.1: a close of one octet', 1002, frame({ opcode: 8, payload: zeros(1) })),
  row('5.5.1: a reason', 1000, close(1000, 'done')),
  row('5.5.1: a reason of 123 octets', 1000, close(1000, 'x'.repeat(123))),
  row('5.5.1: a reason that is not UTF-8', 1007, frame({ opcode: 8, payload: Buffer.from([3, 232, 0xc3, 0x28]) })),
  row(
    '5.5.1: a reason that ends inside of a character',
    1007,
    frame({ opcode: 8, payload: Buffer.from([3, 232, 0xe2, 0x82]) }),
  ),
  row('5.5.1: a surrogate', 1007, frame({ opcode: 8, payload: Buffer.from([3, 232, 0xed, 0xa0, 0x80]) })),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) =>
    row(`7.4: close code ${code}`, code, close(code)),
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) =>
    row(`7.4: close code ${code} may not be sent`, 1002, close(code)),
  ),
  row('7.1: data after a close', 1000, close(1000), binary(0, ...DATA), frame({ opcode: 3 })),
  row('7.1: a second close', 1000, close(1000), close(1001)),
  row('5.6: text', 1003, frame({ opcode: 1, payload: Buffer.from('text') }), {
    outcome: OPEN,
    because: 'the wire format has binary messages only',
  }),
  row('8.1: text that is not UTF-8', 1003, frame({ opcode: 1, payload: Buffer.from([0xc3, 0x28]) }), {
    outcome: 1007,
    because: 'the wire format has binary messages only',
  }),
]

describe.each(CARRIERS)('our port on %s', (carrier) => {
  test.each(ROWS)('$name', async (each) => {
    const { port } = await startRoutes({ lane: 'native', routes: echoRoutes })
    const peer = await FramePeer.open(carrier, { port, path: '/greeter.v1.GreeterService/AllStream' })
    expect(await outcomeOf(peer, each)).toBe(each.outcome)
  })
})

test.each(ROWS)('the oracle agrees, or differs for a reason: $name', async (each) => {
  const outcome = each.oracle?.outcome ?? each.outcome
  const http = createHttpServer()
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: false,
    handleProtocols: ([first]) => first ?? false,
  })
  server.on('connection', (socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    http.close()
  })
  const peer = await FramePeer.onSocket({ port: (http.address() as AddressInfo).port, path: '/' })
  expect(await outcomeOf(peer, { ...each, outcome })).toBe(outcome)
})

/** Sends the octets behind a header block, then a ping. */
async function outcomeOf(peer: FramePeer, { octets, outcome, isIncomplete = false }: Row): Promise<Outcome> {
  const ping = clientFrame({ opcode: 9, payload: Buffer.from('alive') })
  peer.write(BLOCK, ...octets)
  peer.write(ping)
  const isAlive = () => peer.frames.some(({ opcode, payload }) => opcode === 10 && payload.toString() === 'alive')
  const isClosed = () => peer.frames.some(({ opcode }) => opcode === 8)
  if (outcome === OPEN && isIncomplete) await Promise.race([peer.until(isClosed), silence()])
  else await peer.until(() => isAlive() || isClosed())
  if (!isClosed()) return OPEN
  return closeCodeOf(serverFrames(peer.received)) ?? 'no code'
}

/** A huge frame swallows the ping, and nothing comes back while the connection is open. */
function silence(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300))
}

function row(name: string, outcome: Outcome, ...given: readonly (Buffer | NonNullable<Row['oracle']>)[]): Row {
  const octets = given.filter((each) => Buffer.isBuffer(each))
  const [oracle] = given.filter((each): each is NonNullable<Row['oracle']> => !Buffer.isBuffer(each))
  return { name, octets, outcome, ...(oracle !== undefined && { oracle }) }
}

function frame(init: ClientFrame): Buffer {
  return clientFrame(init)
}

function part(opcode: number, payload: readonly number[]): Buffer {
  return clientFrame({ opcode, payload: Buffer.from(payload), isLast: false })
}

function last(opcode: number, payload: readonly number[]): Buffer {
  return clientFrame({ opcode, payload: Buffer.from(payload) })
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count)
}
