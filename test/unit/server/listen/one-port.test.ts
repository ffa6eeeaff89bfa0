import { type FastifyServerOptions, fastify } from 'fastify'
import { expect, test } from 'vitest'
import { onePort } from '../../../../server/listen/one-port.ts'

test.each([
  [{ https: { cert: '', key: '' } }, /https has no effect beside onePort: use onePort\(\{ tls: \{ cert, key \} \}\)/],
  [{ https: true }, /https has no effect/],
  [{ http2: true }, /http2 has no effect beside onePort: leave it out/],
  [{ http: { maxHeaderSize: 1 } }, /http has no effect beside onePort/],
  [{ keepAliveTimeout: 5 }, /keepAliveTimeout has no effect beside onePort: use onePort\(\{ keepAliveTimeoutMs \}\)/],
  [{ requestTimeout: 5 }, /requestTimeout has no effect.*requestTimeoutMs/],
  [{ connectionTimeout: 5 }, /connectionTimeout has no effect.*stallTimeoutMs/],
  [{ http2SessionTimeout: 5 }, /http2SessionTimeout has no effect.*idleTimeoutMs/],
  [{ maxRequestsPerSocket: 5 }, /maxRequestsPerSocket has no effect/],
])('fastify rejects %j as an option, at any position', (options, message) => {
  expect(() => fastify({ ...(options as FastifyServerOptions), ...onePort() })).toThrow(message)
  expect(() => fastify({ ...onePort(), ...(options as FastifyServerOptions) })).toThrow(message)
})

test('fastify accepts its defaults, and options that do not concern its server', () => {
  const options = { https: null, http2: false, keepAliveTimeout: 72_000, bodyLimit: 5, forceCloseConnections: true }
  expect(() => fastify({ ...(options as unknown as FastifyServerOptions), ...onePort() })).not.toThrow()
})
