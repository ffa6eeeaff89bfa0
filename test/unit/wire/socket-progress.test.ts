/** What the system has taken of the octets that were written to a socket. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { takenBytesOf } from '../../../wire/socket-progress.ts'
import { testCertificates } from '../../support/certificates.ts'

const MEGABYTE = 1_048_576
const WRITTEN_BYTES = 32 * MEGABYTE

/** Returns both ends of a connection, of which the client does not read. */
async function connected(isSecure: boolean): Promise<{ server: Socket; client: Socket }> {
  const { ca, server: tls } = await testCertificates()
  const listener = isSecure ? createTlsServer(tls) : createServer()
  const accepted = once(listener, isSecure ? 'secureConnection' : 'connection')
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const { port } = listener.address() as AddressInfo
  const client = isSecure ? connectTls({ port, ca, servername: 'localhost' }) : connect({ port, host: '127.0.0.1' })
  client.on('error', () => {})
  const [server] = await accepted
  server.on('error', () => {})
  onTestFinished(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { server, client }
}

test.each([false, true])('grows while one write is taken bit by bit, over TLS: %s', async (isSecure) => {
  const { server, client } = await connected(isSecure)
  server.write(Buffer.alloc(WRITTEN_BYTES))
  let before = -1
  await expect
    .poll(() => {
      const isFull = takenBytesOf(server) === before
      before = takenBytesOf(server)
      return isFull
    })
    .toBe(true)
  expect(before).toBeLessThan(WRITTEN_BYTES)
  const timer = setInterval(() => client.read(), 1)
  onTestFinished(() => clearInterval(timer))
  await expect.poll(() => takenBytesOf(server), { timeout: 5_000 }).toBeGreaterThan(before)
  expect(server.writableLength).toBe(WRITTEN_BYTES)
})

test('is nothing for what only resembles a socket', () => {
  expect(takenBytesOf({} as Socket)).toBe(0)
})

test('is everything in the end, also after the socket is destroyed', async () => {
  const { server, client } = await connected(false)
  server.write(Buffer.alloc(MEGABYTE))
  server.write(Buffer.alloc(MEGABYTE))
  client.resume()
  await expect.poll(() => takenBytesOf(server)).toBe(2 * MEGABYTE)
  server.destroy()
  expect(takenBytesOf(server)).toBe(2 * MEGABYTE)
})
