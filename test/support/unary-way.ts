/**
 * Prints which modules a gRPC unary call over HTTP/2 executes above `wire/http2` and `wire/codec`, one path a line: those of a call whose head the
 * connection has seen before, or with `fresh` as its argument of one with a head of its own. For a process of its own, as the
 * engine counts for all of a process.
 */
import { once } from 'node:events'
import { connect } from 'node:http2'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fastify } from 'fastify'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { callHeaders, SAY_HELLO, sayHello } from './calls.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const isFresh = process.argv[2] === 'fresh'

const app = fastify(onePort({ drainTimeoutMs: 0, idleTimeoutMs: 0 }))
await app.register(portico, {
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
await app.listen({ port: 0, host: '127.0.0.1' })
const client = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)

async function call(n: number): Promise<void> {
  const own = isFresh ? { 'x-request-id': String(n), 'grpc-timeout': `${100 + n}S` } : {}
  const headers = { ...callHeaders('grpc'), 'grpc-accept-encoding': 'identity,gzip', ...own }
  const stream = client.request({ ':method': 'POST', ':path': SAY_HELLO, ...headers })
  let status: unknown
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status']
  })
  stream.resume().end(sayHello('grpc').body)
  await once(stream, 'close')
  if (status !== '0') throw new Error(`grpc-status ${status}`)
}

for (let n = 0; n < 3; n++) await call(n)
const inspector = new Session()
inspector.connect()
await inspector.post('Profiler.enable')
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
await call(3)
const { result } = await inspector.post('Profiler.takePreciseCoverage')
const files = result
  .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
  .map(({ url }) => (url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : ''))
  .filter((path) => /^(?:server|wire)\//.test(path) && !/^wire\/(?:http2|codec)\//.test(path))
process.stdout.write(`${files.toSorted().join('\n')}\n`)
client.destroy()
await app.close()
