/** CORS preflights: `@fastify/cors` responds for calls as it does for routes. */
import cors from '@fastify/cors'
import { expect, onTestFinished, test } from 'vitest'
import { SAY_HELLO, sayHello } from '../../support/calls.ts'
import { exchanges } from '../../support/exchange.ts'
import { ROUTE, startPluginApp } from '../../support/plugin-app.ts'

const ORIGIN = 'https://a.example'
const ASKS = {
  origin: ORIGIN,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,connect-protocol-version',
}

/** The option of the plugin says less than `@fastify/cors`, which wins. */
const OPTIONS = [
  ['alone', {}],
  ['beside the cors option', { cors: { origins: ['https://other.example'] } }],
] as const

test.each(
  exchanges.flatMap(([version, exchange]) =>
    OPTIONS.map(([name, options]) => [version, name, exchange, options] as const),
  ),
)('a preflight over %s is answered once, %s', async (_version, _name, exchange, options) => {
  const started = await startPluginApp({
    plugins: (app) => app.register(cors, { origin: ORIGIN, maxAge: 600 }),
    options,
  })
  onTestFinished(() => started.app.close())
  const origin = `http://127.0.0.1:${started.port}`
  for (const path of [ROUTE, SAY_HELLO, '/greeter.v1.GreeterService/GetStream', '/no.Service/Method']) {
    const { status, headers } = await exchange(origin, { method: 'OPTIONS', path, headers: ASKS })
    expect(status, path).toBe(204)
    expect(headers, path).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-max-age': '600',
      'access-control-allow-headers': ASKS['access-control-request-headers'],
    })
  }
  const call = sayHello('grpc-web')
  const answer = await exchange(origin, { ...call, headers: { ...call.headers, origin: ORIGIN } })
  expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': ORIGIN } })
})
