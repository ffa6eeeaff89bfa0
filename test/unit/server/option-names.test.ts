import { expect, test } from 'vitest'
import { type AppOptions, createApp } from '../../../server/app.ts'
import { type NodeHandlerOptions, nodeHandler } from '../../../server/node-handler.ts'

const routes = () => {}

test.each([
  [{}, 'routes must be a function that takes a ConnectRouter'],
  [{ routes: {} }, 'routes must be a function that takes a ConnectRouter'],
  [{ routes, serveHealth: false }, 'serveHealth is unknown: did you mean servesHealth?'],
  [{ routes, health: {} }, 'health is unknown: use servesHealth'],
  [{ routes, maxReceiveBytes: 5 }, 'maxReceiveBytes is unknown: use readMaxBytes'],
  [{ routes, maxConnections: 5 }, 'maxConnections is unknown: use listen.maxConnections'],
  [{ routes, https: {} }, 'https is unknown: use tls of listen'],
  [{ routes, bodyLimit: 5 }, 'bodyLimit is unknown: use fastifyOptions.bodyLimit'],
  [{ routes, port: 8080 }, "port is unknown: an option of Fastify's listen({ port })"],
  [{ routes, logLevel: 'warn' }, 'logLevel is unknown: use logger: { level }'],
  [
    { routes, cors: { origins: 'https://a.example' } },
    'cors.origins is a string, and must be a boolean, an array or a function',
  ],
  [{ routes, cors: { origin: '*' } }, 'cors.origin is unknown: use cors.origins: true, a list or a function'],
  [{ routes, listen: { maxConnection: 5 } }, 'listen.maxConnection is unknown: did you mean listen.maxConnections?'],
  [{ routes, listen: { tls: { crt: '' } } }, 'listen.tls.crt is unknown: did you mean listen.tls.cert?'],
  [{ routes, listen: { servesHealth: true } }, 'listen.servesHealth is unknown: use servesHealth, beside listen'],
])('createApp rejects %j', async (options, message) => {
  await expect(createApp(options as AppOptions)).rejects.toThrow(new RangeError(`createApp: ${message}`))
})

test('createApp rejects without an argument', async () => {
  const act = createApp as () => Promise<unknown>
  await expect(act()).rejects.toThrow(new RangeError('the argument of createApp is undefined, and must be an object'))
})

test.each([
  [{ route: routes }, 'route is unknown: did you mean routes?'],
  [{ routes, lane: 'native' }, 'lane is unknown: no counterpart, as the handler has one lane'],
  [{ routes, requestPathPrefix: '/api' }, 'requestPathPrefix is unknown: use prefix'],
  [{ routes, keepAliveTimeout: 5 }, 'keepAliveTimeout is unknown: an option of the server that calls the handler'],
])('nodeHandler rejects %j', (options, message) => {
  const act = () => nodeHandler(options as unknown as NodeHandlerOptions)
  expect(act).toThrow(new RangeError(`nodeHandler: ${message}`))
})
