/** Over HTTP/1.1 an answer does not depend on how the network cuts the request, or what it delivers together. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { callHeaders, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchangeHttp1 } from '../support/exchange.ts'
import { RawSocket } from '../support/raw-socket.ts'

/** gRPC needs HTTP/2. */
const PROTOCOLS = UNARY_PROTOCOLS.filter((protocol) => protocol !== 'grpc')

type Framing = 'content-length' | 'chunked'

function requestOf(protocol: (typeof PROTOCOLS)[number], framing: Framing): Buffer {
  const body = Buffer.from(sayHello(protocol, 'Ada').body ?? '')
  const fields = Object.entries(callHeaders(protocol)).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = framing === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
  const head = `POST ${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\n${fields.join('')}${length}\r\n\r\n`
  const chunked = [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]
  return Buffer.concat([Buffer.from(head), ...(framing === 'chunked' ? chunked : [body])])
}

/** The answers so far, by their status lines. */
const answersIn = (text: string) => text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0

test.each(
  PROTOCOLS.flatMap((protocol) =>
    (['content-length', 'chunked'] as const).map((framing) => [protocol, framing] as const),
  ),
)('%s with %s: whole, in two parts, and several at once', async (protocol, framing) => {
  const { origin, port } = await startDemo()
  const request = requestOf(protocol, framing)
  const { body } = await exchangeHttp1(origin, sayHello(protocol, 'Ada'))
  const raw = await RawSocket.open({ port })
  let answers = 0
  const send = async (parts: readonly Buffer[], count: number) => {
    for (const part of parts) {
      raw.socket.write(part)
      await sleep(5)
    }
    answers += count
    await expect.poll(() => answersIn(raw.text)).toBe(answers)
  }
  await send([request], 1)
  // The last cuts are in the body.
  for (const fromEnd of [1, 2, 10, request.length - 20]) {
    const cut = request.length - fromEnd
    await send([request.subarray(0, cut), request.subarray(cut)], 1)
  }
  await send([Buffer.concat([request, request, request])], 3)
  await send([Buffer.concat([request, request.subarray(0, -1)]), request.subarray(-1)], 2)
  expect(raw.text.split(body.toString('latin1'))).toHaveLength(answers + 1)
})

test('a body that follows its head in the same packet is not waited for by a stalled next request', async () => {
  const { port } = await startDemo()
  const request = requestOf('connect-json', 'content-length')
  const raw = await RawSocket.open({ port })
  raw.socket.write(Buffer.concat([request, request.subarray(0, request.length - 3)]))
  await expect.poll(() => answersIn(raw.text)).toBe(1)
  raw.socket.write(request.subarray(request.length - 3))
  await expect.poll(() => answersIn(raw.text)).toBe(2)
})

test('a client that leaves in the packet of its request harms nothing', async () => {
  const { origin, port } = await startDemo()
  const raw = await RawSocket.open({ port })
  raw.socket.end(requestOf('connect-json', 'content-length'))
  raw.socket.destroySoon()
  await raw.closed
  expect((await exchangeHttp1(origin, sayHello('connect-json'))).status).toBe(200)
})
