/** Which of flags, environment, code and defaults counts. */
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { helpText } from '../../server/config/help-text.ts'
import type { PorticoRouter } from '../../server/rpc/service-options.ts'
import { serveTables } from '../../server/serve-options.ts'
import { sayHello } from '../support/calls.ts'
import { exchangeHttp2 } from '../support/exchange.ts'

import { serveHere } from '../support/serve-here.ts'

describe('flags override code, code overrides defaults', () => {
  const large = sayHello('connect-json', 'x'.repeat(1_500))
  const routes = (router: PorticoRouter) =>
    void router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) })

  test.each([
    ['code', { readMaxBytes: 1_000, defaults: { 'max-receive': '1MiB' } }, 429],
    ['defaults', { defaults: { 'max-receive': 1_000 } }, 429],
    ['a flag', { readMaxBytes: 1_000, argv: ['--max-receive', '1MiB'] }, 200],
    ['a variable', { readMaxBytes: 1_000, env: { PORTICO_MAX_RECEIVE: '1MiB' } }, 200],
    ['the table', {}, 200],
  ])('%s', async (_what, options, status) => {
    const { address } = await serveHere({ routes, ...options })
    expect((await exchangeHttp2(address, large)).status).toBe(status)
  })

  test('options that only code can set are kept, and --help says so', async () => {
    const settings = { cors: { origins: [/^https:\/\/a/], allowsCredentials: true } }
    const { own, server } = serveTables(settings)
    expect(helpText({ command: '', title: undefined, own, table: server })).toContain(
      'env PORTICO_CORS_ORIGIN, default set by the program:',
    )
    const { address } = await serveHere({ ...settings, routes })
    const flagged = await serveHere({ ...settings, routes, argv: ['--cors-origin', '*'] })
    const ask = (origin: string) => ({
      ...sayHello('connect-json'),
      headers: { ...sayHello('connect-json').headers, origin },
    })
    const allowed = async (at: string, origin: string) =>
      (await exchangeHttp2(at, ask(origin))).headers['access-control-allow-origin']
    expect([await allowed(address, 'https://a'), await allowed(address, 'https://b')]).toEqual(['https://a', undefined])
    expect(await allowed(flagged.address, 'https://b')).toBe('https://b')
  })
})
