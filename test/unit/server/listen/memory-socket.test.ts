import { once } from 'node:events'
import { createServer, request as sendRequest } from 'node:http'
import { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { type Carrier, MemorySocket } from '../../../../server/listen/memory-socket.ts'

const PEER = { remoteAddress: '192.0.2.1', remotePort: 4711, isEncrypted: false, httpVersion: '2' } as const

function pair(peer: Carrier['peer'] = PEER): readonly [MemorySocket, MemorySocket] {
  return MemorySocket.pair({ socket: new Socket(), peer })
}

test('what one end writes, the other one reads, until the end', async () => {
  const [near, far] = pair()
  near.write('to far')
  near.end()
  far.end('to near')
  expect(await Promise.all([text(far), text(near)])).toEqual(['to far', 'to near'])
})

test('a write waits for a reader once the buffer is full', async () => {
  const [near, far] = pair()
  const piece = Buffer.alloc(65_536)
  let written = 0
  for (let count = 0; count < 10; count++) near.write(piece, () => written++)
  await new Promise(setImmediate)
  expect(written).toBeLessThan(3)
  far.resume()
  near.end()
  await once(far, 'end')
  expect(written).toBe(10)
})

describe('an end that is destroyed', () => {
  test('closes the other one, without an end', async () => {
    const [near, far] = pair()
    let hasEnded = false
    far.on('end', () => {
      hasEnded = true
    })
    far.resume()
    near.destroy()
    await once(far, 'close')
    expect(hasEnded).toBe(false)
  })

  test('fails what the other one still writes', async () => {
    const [near, far] = pair()
    const failed = new Promise((resolve) => {
      near.write(Buffer.alloc(1_000_000), () => near.write('more', resolve))
    })
    far.destroy()
    expect(await failed).toBeInstanceOf(Error)
  })
})

test('to whoever serves it, it is the socket of its carrier', () => {
  const [, clear] = pair()
  expect(clear).toMatchObject({ remoteAddress: '192.0.2.1', remotePort: 4711, encrypted: false, authorized: false })
  expect(clear.getPeerCertificate()).toBeUndefined()
  expect(clear.getProtocol()).toBeNull()
  const [, secure] = pair({ ...PEER, isEncrypted: true })
  expect(secure.encrypted).toBe(true)
})

test.each([[''], ['x'.repeat(300_000)]])('node:http speaks over it at both ends, and both close', async (body) => {
  const server = createServer(async (request, response) => response.end(await text(request)))
  const [near, far] = pair()
  const closed = Promise.all([once(near, 'close'), once(far, 'close')])
  const request = sendRequest({ method: 'POST', createConnection: () => near })
  server.emit('connection', far)
  request.end(body)
  const [response] = await once(request, 'response')
  expect(await text(response)).toBe(body)
  await closed
  server.close()
})
