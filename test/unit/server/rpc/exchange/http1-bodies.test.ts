/** The octets of bodies over HTTP/1.1: those that the process holds, and those that came with their head. */
import { createServer } from 'node:http'
import { createConnection } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Http1Exchange } from '../../../../../server/rpc/exchange/http1-exchange.ts'
import { NodeHead } from '../../../../../server/rpc/exchange/node-request.ts'
import { ProcessMemory } from '../../../../../wire/http2/http2.ts'
import { listenRaw } from '../../../../support/listen-raw.ts'
import { RawSocket } from '../../../../support/raw-socket.ts'
import { connectTo, OK, type Owner, PEER, serve } from '../../../../support/served-exchanges.ts'

const MIB = 1_048_576

describe('held bytes count against the process limit', () => {
  const head = (length: number) => `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`

  test('until they are read', async () => {
    const memory = new ProcessMemory()
    const owners: Owner[] = []
    const served = await serve(
      (owner) => {
        owners.push(owner)
        owner.exchange.want(100_001)
      },
      { budget: { memory, processBufferBytes: MIB } },
    )
    const socket = await connectTo(served)
    socket.write(head(100_001) + 'x'.repeat(100_000))
    await expect.poll(() => memory.heldBytes).toBeGreaterThanOrEqual(100_000)
    socket.write('x')
    await expect.poll(() => owners[0]?.readable).toBe(1)
    owners[0]?.exchange.read(100_001)
    expect(memory.heldBytes).toBe(0)
    expect(memory.size).toBe(0)
  })

  test('above the limit the exchange that holds most gets 503, and the others continue', async () => {
    const memory = new ProcessMemory()
    const owners: Owner[] = []
    const served = await serve(
      async (owner) => {
        owners.push(owner)
        const body = await owner.body()
        if (owner.resets.length === 0) owner.exchange.reply(OK, Buffer.from(`got ${body.length}`), null)
      },
      { budget: { memory, processBufferBytes: MIB } },
    )
    const large = await connectTo(served)
    const small = await connectTo(served)
    large.write(head(4 * MIB) + 'x'.repeat(0.7 * MIB))
    await expect.poll(() => memory.heldBytes).toBeGreaterThanOrEqual(Math.floor(0.7 * MIB))
    small.write(head(0.5 * MIB) + 'x'.repeat(0.5 * MIB - 1))
    await large.closed
    expect(large.text).toMatch(/^HTTP\/1\.1 503 /)
    expect(owners[0]?.resets).toMatchObject([{ source: 'local', reason: 'out of memory for messages' }])
    small.write('x')
    await small.untilText('got 524288')
    expect(memory.heldBytes).toBe(0)
  })

  test('an unread response counts until it is gone', async () => {
    const memory = new ProcessMemory()
    const served = await serve(({ exchange }) => exchange.reply(OK, Buffer.alloc(64 * MIB), null), {
      budget: { memory, processBufferBytes: 128 * MIB },
    })
    const socket = createConnection(served.port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await expect.poll(() => memory.heldBytes).toBe(64 * MIB)
    socket.destroy()
    await expect.poll(() => memory.heldBytes).toBe(0)
  })
})

test('a body that came with its head is taken at once from each request of a connection, which then ends', async () => {
  const budget = { memory: new ProcessMemory(), processBufferBytes: MIB }
  const taken: string[] = []
  let closes = 0
  const server = createServer((request, response) => {
    request.on('close', () => (closes += 1))
    const exchange = new Http1Exchange(request, response, { head: new NodeHead(request), connection: PEER, budget })
    process.nextTick(() => {
      exchange.takeArrived()
      expect(exchange.isPeerDone).toBe(true)
      taken.push(exchange.read(exchange.readableBytes).toString('latin1'))
      exchange.reply(OK, Buffer.from(`got ${taken.length}`), null)
    })
  })
  const socket = await RawSocket.open({ port: await listenRaw(server) })
  for (const body of ['first', 'second', 'third']) {
    socket.write(`POST / HTTP/1.1\r\nHost: here\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await socket.untilText(`got ${taken.length + 1}`)
  }
  expect(taken).toEqual(['first', 'second', 'third'])
  await expect.poll(() => closes).toBe(3)
})

test('a body of which a part is missing is left to be waited for', async () => {
  const states: [boolean, number][] = []
  const served = await serve(({ exchange }) => {
    process.nextTick(() => {
      exchange.takeArrived()
      states.push([exchange.isPeerDone, exchange.readableBytes])
      exchange.reply(OK, Buffer.from('answered'), null)
    })
  })
  const socket = await connectTo(served)
  socket.write('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nfour')
  await socket.untilText('answered')
  expect(states).toEqual([[false, 0]])
})
