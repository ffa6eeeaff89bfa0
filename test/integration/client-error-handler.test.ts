/** Fastify's `clientErrorHandler` with `onePort` receives the same as on a node:http server. */
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { onePort } from '../../server/listen/one-port.ts'
import { testCertificates } from '../support/certificates.ts'
import { startFastify } from '../support/demo-server.ts'
import { RawSocket } from '../support/raw-socket.ts'

const { ca, server } = await testCertificates()

const BROKEN: readonly (readonly [name: string, request: string])[] = [
  ['an invalid method', 'B@D / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['an unknown method', 'BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a field without a name', 'GET / HTTP/1.1\r\nHost: localhost\r\n: value\r\n\r\n'],
  ['two framings', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
]

/** What a user's handler returns, and the codes that it received. */
async function answerTo(request: string, options: object, isTls: boolean) {
  const codes: (string | undefined)[] = []
  const app = fastify({
    ...options,
    clientErrorHandler(error, socket) {
      codes.push(error.code)
      socket.end(`HTTP/1.1 418 I am a teapot\r\nConnection: close\r\nX-Code: ${error.code}\r\n\r\n`)
    },
  })
  const { port } = await startFastify(app)
  const raw = await RawSocket.open({ port, ...(isTls && { tls: { ca } }) })
  raw.write(request)
  await raw.closed
  return { codes, text: raw.text }
}

test.each(BROKEN)('passes a malformed head to the clientError handler: %s', async (_, request) => {
  const theirs = await answerTo(request, {}, false)
  expect(theirs.codes).not.toEqual([])
  expect(await answerTo(request, onePort({ drainTimeoutMs: 0 }), false)).toEqual(theirs)
  expect(await answerTo(request, onePort({ drainTimeoutMs: 0, tls: server }), true)).toEqual(theirs)
})

test('passes a malformed body to it, too', async () => {
  const request = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
  const { codes } = await answerTo(request, {}, false)
  expect(codes).toEqual(['HPE_INVALID_CHUNK_SIZE'])
  expect((await answerTo(request, onePort({ drainTimeoutMs: 0 }), false)).codes).toEqual(codes)
})

test('without a handler of the user the port responds', async () => {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  const { port } = await startFastify(app)
  const raw = await RawSocket.open({ port })
  raw.write('GET / HTTP/1.1\r\nHost: localhost\r\n: value\r\n\r\n')
  await raw.closed
  expect(raw.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
})
