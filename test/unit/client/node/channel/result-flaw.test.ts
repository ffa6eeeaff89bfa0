import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { resultFlaw } from '../../../../../client/node/channel/result-flaw.ts'
import type { ResolverResult } from '../../../../../client/node/contracts/resolver.ts'

const ADDRESS = { host: '192.0.2.1', port: 80 }
const endpointWith = (address: unknown) => ({ endpoints: [{ addresses: [address], attributes: {} }] })
const endpointOf = (attributes: unknown) => ({ endpoints: [{ addresses: [ADDRESS], attributes }] })

test.each([
  [endpointWith(ADDRESS)],
  [endpointWith({ path: '/run/app.sock' })],
  [endpointOf({ weight: 2, hashKey: 'a', zone: Symbol('b') })],
  [{ endpoints: [], attributes: {}, serviceConfig: { json: null } }],
  [{ endpoints: new ConnectError('gone'), serviceConfig: new ConnectError('unread') }],
])('result %# is valid', (result) => {
  expect(resultFlaw(result as ResolverResult)).toBeNull()
})

test.each([
  [undefined, 'the result of the resolver is undefined, and must be an object'],
  [{}, 'endpoints is undefined, and must be an array'],
  [{ endpoints: { length: 1 } }, 'endpoints is an object, and must be an array'],
  [{ endpoints: [null] }, 'endpoints[0] is null, and must be an object'],
  [{ endpoints: [{ attributes: {} }] }, 'endpoints[0].addresses is undefined, and must be an array'],
  [{ endpoints: [{ addresses: [], attributes: {} }] }, 'endpoints[0].addresses is [], and must have at least one'],
  [endpointWith({ port: 80 }), 'endpoints[0].addresses[0].host is undefined, and must be a string'],
  [endpointWith({ path: '' }), 'endpoints[0].addresses[0].path is empty'],
  [
    endpointWith({ ...ADDRESS, port: Number.NaN }),
    'endpoints[0].addresses[0].port is NaN, and must be a whole number from 1 to 65535',
  ],
  [
    endpointWith({ ...ADDRESS, port: 0 }),
    'endpoints[0].addresses[0].port is 0, and must be a whole number from 1 to 65535',
  ],
  [
    endpointWith({ ...ADDRESS, port: 70_000 }),
    'endpoints[0].addresses[0].port is 70000, and must be a whole number from 1 to 65535',
  ],
  [
    endpointWith({ ...ADDRESS, port: '80' }),
    'endpoints[0].addresses[0].port is 80, and must be a whole number from 1 to 65535',
  ],
  [endpointOf(7), 'endpoints[0].attributes is a number, and must be an object'],
  [endpointOf({ weight: '3' }), 'endpoints[0].attributes.weight is a string, and must be a number'],
  [endpointOf({ hashKey: 1 }), 'endpoints[0].attributes.hashKey is a number, and must be a string'],
  [{ endpoints: [], attributes: 'a' }, 'attributes is a string, and must be an object'],
  [{ endpoints: [], serviceConfig: '{}' }, 'serviceConfig is a string, and must be an object'],
  [{ endpoints: [], serviceConfig: {} }, 'serviceConfig.json is missing'],
])('flaw %# is reported', (result, message) => {
  const error = resultFlaw(result as ResolverResult)
  expect(error?.code).toBe(Code.Unavailable)
  expect(error?.rawMessage).toBe(`name resolution failed: ${message}`)
})
