/** A call over WebSocketStream, which Node does not have: what it makes of each end of a connection. */
import { Code } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { StreamSocket, type WebSocketStreamLike } from '../../../../../client/web/websocket/stream-socket.ts'
import { settled } from '../../../../support/settled.ts'

const MAX_BYTES = 1024

/** The platform's side of a connection, which opens when the test says so. */
class FakeStream implements WebSocketStreamLike {
  static last: FakeStream
  readonly sent: Uint8Array[] = []
  readonly closes: number[] = []
  readonly #opening = Promise.withResolvers<Awaited<WebSocketStreamLike['opened']>>()
  readonly #closing = Promise.withResolvers<{ closeCode: number; reason: string }>()
  readonly #received = new TransformStream<unknown, unknown>({}, { highWaterMark: 10 }, { highWaterMark: 10 })
  readonly incoming = this.#received.writable.getWriter()

  constructor(_url: string, { signal }: { signal: AbortSignal }) {
    FakeStream.last = this
    signal.addEventListener('abort', () => this.#opening.reject(signal.reason))
  }

  get opened() {
    return this.#opening.promise
  }

  get closed() {
    return this.#closing.promise
  }

  open(protocol = 'grpc-websockets'): void {
    const writable = new WritableStream<Uint8Array>({ write: (octets) => void this.sent.push(octets) })
    this.#opening.resolve({ protocol, readable: this.#received.readable, writable })
  }

  close({ closeCode }: { closeCode: number }): void {
    this.closes.push(closeCode)
  }

  async endCleanly(closeCode: number, reason: string): Promise<void> {
    await this.incoming.close()
    this.#closing.resolve({ closeCode, reason })
  }

  cut(): void {
    this.incoming.abort(new Error('not cleanly closed')).catch(() => {})
    this.#closing.reject(new Error('not cleanly closed'))
  }
}

async function openFake() {
  const socket = new StreamSocket(FakeStream, 'ws://a/', MAX_BYTES)
  const platform = FakeStream.last
  platform.open()
  await socket.opened
  return { socket, platform }
}

it('sends, and receives octets in either type', async () => {
  const { socket, platform } = await openFake()
  expect(await socket.send(Uint8Array.of(1))).toBe(true)
  expect(platform.sent).toEqual([Uint8Array.of(1)])
  await platform.incoming.write(Uint8Array.of(2).buffer)
  await platform.incoming.write(Uint8Array.of(3))
  expect([await socket.receive(), await socket.receive()]).toEqual([Uint8Array.of(2), Uint8Array.of(3)])
})

it('a text message is an error', async () => {
  const { socket, platform } = await openFake()
  await platform.incoming.write('text')
  await expect(socket.receive()).rejects.toMatchObject({ code: Code.Internal })
})

it('text messages that nobody reads are not kept, however large', async () => {
  const { socket, platform } = await openFake()
  let taken = 0
  for (let count = 0; count < 30; count++) platform.incoming.write('text').then(() => taken++)
  await settled()
  // Ten wait in the streams of the test.
  expect(taken).toBeLessThan(15)
  await expect(socket.receive()).rejects.toMatchObject({ code: Code.Internal })
  socket.close('left')
  await settled()
  // The server's Close frame comes only behind them.
  expect(taken).toBe(30)
})

it('messages before a clean end arrive before its code', async () => {
  const { socket, platform } = await openFake()
  await platform.incoming.write(Uint8Array.of(1))
  const ending = platform.endCleanly(1001, 'restart')
  expect(await socket.receive()).toEqual(Uint8Array.of(1))
  await ending
  await expect(socket.receive()).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('(1001): restart'),
  })
})

it('messages before a cut arrive before it', async () => {
  const { socket, platform } = await openFake()
  await platform.incoming.write(Uint8Array.of(1))
  await settled()
  platform.cut()
  expect(await socket.receive()).toEqual(Uint8Array.of(1))
  await expect(socket.receive()).rejects.toMatchObject({ code: Code.Unavailable })
})

it('reads ahead up to the limit, then as the call reads', async () => {
  const { socket, platform } = await openFake()
  let taken = 0
  for (let count = 0; count < 20; count++) platform.incoming.write(new Uint8Array(500)).then(() => taken++)
  await settled()
  const ahead = taken
  for (let count = 0; count < 20; count++) expect((await socket.receive()).byteLength).toBe(500)
  expect(taken).toBe(20)
  // Ten more wait in the streams of the test.
  expect(ahead).toBeLessThan(15)
})

it('a platform that drops messages because too many wait is RESOURCE_EXHAUSTED', async () => {
  const { socket, platform } = await openFake()
  for (let count = 0; count < 2; count++) await platform.incoming.write(new Uint8Array(500))
  await settled()
  const ending = platform.endCleanly(1000, '')
  for (let count = 0; count < 2; count++) await socket.receive()
  await ending
  await expect(socket.receive()).rejects.toMatchObject({ code: Code.ResourceExhausted })
})

it('a cut connection is UNAVAILABLE', async () => {
  const { socket, platform } = await openFake()
  const receiving = socket.receive()
  platform.cut()
  await expect(receiving).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: 'the connection was lost' })
})

it('close ends the read that waits, says so to the server, and reads what it has sent', async () => {
  const { socket, platform } = await openFake()
  const receiving = socket.receive()
  socket.close('left')
  await expect(receiving).rejects.toBe('left')
  await expect(socket.receive()).rejects.toBe('left')
  expect(await socket.send(Uint8Array.of(1))).toBe(false)
  expect(platform.closes).toEqual([1000])
  // The server's Close frame comes only behind these.
  for (let count = 0; count < 100; count++) await platform.incoming.write(Uint8Array.of(count))
})

it('close aborts a handshake', async () => {
  const socket = new StreamSocket(FakeStream, 'ws://a/', MAX_BYTES)
  socket.close('left')
  await expect(socket.opened).rejects.toBe('left')
})

it('close just after the handshake closes the connection', async () => {
  const socket = new StreamSocket(FakeStream, 'ws://a/', MAX_BYTES)
  const platform = FakeStream.last
  platform.open()
  socket.close('left')
  await expect(socket.opened).rejects.toBe('left')
  expect(platform.closes).toEqual([1000])
})
