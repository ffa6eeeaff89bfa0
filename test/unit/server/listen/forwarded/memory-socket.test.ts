import { once } from 'node:events'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  type Carrier,
  MemorySocket,
  type MemorySocketOwner,
  type WrittenPiece,
} from '../../../../../server/listen/forwarded/memory-socket.ts'

const PEER = {
  remoteAddress: '192.0.2.1',
  remotePort: 4711,
  peer: '192.0.2.1:4711',
  isEncrypted: false,
  httpVersion: '2',
} as const

/** Records its calls. */
class RecordingOwner implements MemorySocketOwner {
  readonly events: string[] = []
  readonly pieces: WrittenPiece[] = []
  hasRoom = true

  onWrite(pieces: readonly WrittenPiece[], done: () => void): void {
    this.pieces.push(...pieces)
    if (this.hasRoom) done()
  }

  onEnd(): void {
    this.events.push('end')
  }

  onResume(): void {
    this.events.push('resume')
  }

  onTimeout(): void {
    this.events.push('timeout')
  }

  onDestroy(): void {
    this.events.push('destroy')
  }
}

function open(carrier: Partial<Carrier> = {}) {
  const owner = new RecordingOwner()
  return { owner, socket: MemorySocket.of({ socket: new Socket(), connection: PEER, ...carrier }, owner) }
}

test('corked writes reach the owner at once, strings unchanged', () => {
  const { socket, owner } = open()
  socket.cork()
  socket.write('head', 'latin1')
  socket.write(Buffer.from('body'))
  expect(owner.pieces).toEqual([])
  socket.uncork()
  expect(owner.pieces.map(({ chunk }) => chunk)).toEqual(['head', Buffer.from('body')])
})

test('a write waits until the owner has room', () => {
  const { socket, owner } = open()
  owner.hasRoom = false
  socket.write('first')
  socket.write('second')
  expect(owner.pieces.map(({ chunk }) => chunk)).toEqual(['first'])
})

describe('the owner is notified', () => {
  test('when a reader wants more', () => {
    const { socket, owner } = open()
    socket.resume()
    expect(owner.events).toEqual(['resume'])
  })

  test('when the socket has ended, and when it was destroyed', async () => {
    const { socket, owner } = open()
    socket.destroySoon()
    await once(socket, 'close')
    expect(owner.events).toEqual(['end', 'destroy'])
  })

  test('when the socket timeout passes', async () => {
    const { socket, owner } = open()
    const timedOut = once(socket, 'timeout')
    socket.setTimeout(1)
    await timedOut
    expect(owner.events).toEqual(['timeout'])
    socket.setTimeout(1).setTimeout(0)
    await delay(10)
    expect(owner.events).toEqual(['timeout'])
  })
})

test('an error without a listener ends only the socket', async () => {
  const { socket } = open()
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.destroy(new Error('broken'))
  await closed
  expect(socket.destroyed).toBe(true)
})

describe('it resembles the socket of its carrier', () => {
  test('cleartext, without the methods of TLS', () => {
    const { socket } = open()
    expect(socket).toMatchObject({ remoteAddress: '192.0.2.1', remotePort: 4711, encrypted: false, connecting: false })
    expect('getPeerCertificate' in socket).toBe(false)
  })

  test('encrypted, with them', () => {
    const tls = Object.assign(new Socket(), { authorized: true, getProtocol: () => 'TLSv1.3' })
    const { socket } = open({ socket: tls, connection: { ...PEER, isEncrypted: true } })
    expect(socket).toMatchObject({ encrypted: true, authorized: true })
    expect((socket as unknown as typeof tls).getProtocol()).toBe('TLSv1.3')
  })
})
