/** Pages of other origins: who may call, and what they may read. */
import { expect, test } from 'vitest'
import { SAY_HELLO, sayHello } from '../support/calls.ts'
import { startDemo } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'

const ALLOWED = 'https://a.example'
const cors = { origins: [ALLOWED] }

test.each(exchanges)('a preflight of an allowed origin is granted over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ cors })
  const headers = { origin: ALLOWED, 'access-control-request-method': 'POST' }
  const answer = await exchange(origin, { method: 'OPTIONS', path: SAY_HELLO, headers })
  expect(answer.status).toBe(204)
  expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, vary: 'origin' })
})

test.each(exchanges)('one of another origin is refused over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ cors })
  const headers = { origin: 'https://a.example.evil.example', 'access-control-request-method': 'POST' }
  const answer = await exchange(origin, { method: 'OPTIONS', path: SAY_HELLO, headers })
  expect(answer.status).toBe(403)
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})

test.each(exchanges)(
  'an answer is marked for an allowed origin, and for no other, over %s',
  async (_version, exchange) => {
    const { origin } = await startDemo({ cors })
    const call = sayHello('grpc-web')
    const allowed = await exchange(origin, { ...call, headers: { ...call.headers, origin: ALLOWED } })
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, vary: 'origin' })
    const other = await exchange(origin, { ...call, headers: { ...call.headers, origin: 'null' } })
    expect(other.headers).not.toHaveProperty('access-control-allow-origin')
    expect(other.headers.vary).toBe('origin')
  },
)
