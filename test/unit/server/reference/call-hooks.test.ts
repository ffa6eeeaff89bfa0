import { Code, ConnectError, createContextValues, type HandlerContext } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import {
  checkBinaryMetadata,
  clampConnectTimeout,
  clampGrpcTimeout,
  limitTimeouts,
} from '../../../../server/reference/call-hooks.ts'

const DAY_MS = 86_400_000

test.each([
  ['99999999H', DAY_MS, '86400000m'],
  ['1441M', DAY_MS, '86400000m'],
  ['99999999H', 2_147_483_647, '2147483S'],
  ['24H', DAY_MS, undefined],
  ['1n', DAY_MS, undefined],
  ['2S', 1_000, '1000m'],
  ['1000001u', 1_000, '1000m'],
])('grpc-timeout %s with a limit of %i ms becomes %s', (value, limitMs, clamped) => {
  expect(clampGrpcTimeout(value, limitMs)).toBe(clamped)
})

test.each(['', '-1S', '1', 'S', '999999999H', '1h', ' 1H', '1e9H'])(
  '"%s" is not a grpc-timeout, and is passed on',
  (value) => {
    expect(clampGrpcTimeout(value, 1_000)).toBeUndefined()
  },
)

test.each([
  ['9999999999', String(DAY_MS)],
  ['86400000', undefined],
  ['99999999999', undefined],
  ['-1', undefined],
  ['1.5', undefined],
])('connect-timeout-ms %s becomes %s', (value, clamped) => {
  expect(clampConnectTimeout(value, DAY_MS)).toBe(clamped)
})

test('handlers see deadlines capped at the limit', async () => {
  const app = fastify()
  app.addHook(
    'onRequest',
    limitTimeouts(1_000, () => 0),
  )
  app.get('/', async ({ raw }) => raw.headers)
  const headers = { 'grpc-timeout': '1H', 'connect-timeout-ms': '5' }
  const answer = await app.inject({ url: '/', headers })
  await app.close()
  expect(answer.json()).toMatchObject({ 'grpc-timeout': '1000m', 'connect-timeout-ms': '5' })
})

function contextWith(header: Record<string, string>): HandlerContext {
  const requestHeader = new Headers(header)
  return { requestHeader, values: createContextValues() } as Partial<HandlerContext> as HandlerContext
}

test.each(['', 'AA', 'AAA', 'AAA=', 'AA==', 'AAAA', '-_-_', '+/+/', 'AA==,AAAA', 'AA, AAA'])(
  '"%s" is base64',
  (value) => {
    expect(() => checkBinaryMetadata(contextWith({ 'x-bin': value }))).not.toThrow()
  },
)

test.each(['A', '%', 'AA=', 'A===', 'AAAA,%', 'AA AA'])('"%s" is not, and the header is named', (value) => {
  const check = () => checkBinaryMetadata(contextWith({ 'x-bin': value, other: '%' }))
  expect(check).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
  expect(check).toThrow(ConnectError)
  expect(check).toThrow(/^\[invalid_argument\] x-bin:/)
})
