import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { IdleSockets } from '../../../../server/listen/idle-sockets.ts'

const NOBODY: ReadonlySet<unknown> = new Set()

class FakeSocket extends EventEmitter {
  bytesRead = 0
  bytesWritten = 0
}

function add(sockets: IdleSockets): FakeSocket & Socket {
  const socket = new FakeSocket() as FakeSocket & Socket
  sockets.add(socket)
  return socket
}

test('a socket is idle since the first look at which nothing had moved', () => {
  const sockets = new IdleSockets()
  const socket = add(sockets)
  expect(sockets.findLongest(1_000, NOBODY)).toEqual({ socket, idleMs: 0 })
  expect(sockets.findLongest(6_000, NOBODY)).toEqual({ socket, idleMs: 5_000 })
  socket.bytesWritten += 1
  expect(sockets.findLongest(7_000, NOBODY)).toEqual({ socket, idleMs: 0 })
  expect(sockets.findLongest(8_000, new Set([socket]))).toEqual({ socket, idleMs: 0 })
  expect(sockets.findLongest(9_000, NOBODY)).toEqual({ socket, idleMs: 1_000 })
})

test('the longest is found, and a closed one is forgotten', () => {
  const sockets = new IdleSockets()
  const first = add(sockets)
  sockets.findLongest(1_000, NOBODY)
  const second = add(sockets)
  expect(sockets.findLongest(2_000, NOBODY)).toEqual({ socket: first, idleMs: 1_000 })
  first.emit('close')
  expect(sockets.findLongest(3_000, NOBODY)).toEqual({ socket: second, idleMs: 1_000 })
  second.emit('close')
  expect(sockets.findLongest(3_000, NOBODY)).toBeUndefined()
})
