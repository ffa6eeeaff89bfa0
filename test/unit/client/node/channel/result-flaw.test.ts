import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { resultFlaw } from '../../../../../client/node/channel/result-flaw.ts'

const ADDRESS = { host: '192.0.2.1', port: 80 }
const endpointWith = (address: unknown) => ({ endpoints: [{ addresses: [address], attributes: {} }] })
const endpointOf = (attributes: unknown) => ({ endpoints: [{ addresses: [ADDRESS], attributes }] })

test.each([
  [endpointWith(ADDRESS)],
  [endpointWith({ path: '/run/app.sock' })],
  [endpointOf({ weight: 2, hashKey: 'a', zone: Symbol('b') })],
  [{ endpoints: [], attributes: {}, serviceConfig: { json: null } }],
  [{ endpoints: new ConnectError('gone'), serviceConfig: new ConnectError('unread') }],
])('result %# is as it must be', (result) => {
  expect(resultFlaw(result)).toBeNull()
})

test.each([
  [undefined, 'the result of the resolver is undefined'],
  [{}, 'endpoints is undefined'],
  [{ endpoints: { length: 1 } }, 'endpoints is [object Object]'],
  [{ endpoints: [null] }, 'endpoints[0] is null'],
  [{ endpoints: [{ attributes: {} }] }, 'endpoints[0].addresses is undefined'],
  [{ endpoints: [{ addresses: [], attributes: {} }] }, 'endpoints[0].addresses is []'],
  [endpointWith({ port: 80 }), 'endpoints[0].addresses[0].host is undefined'],
  [endpointWith({ path: '' }), 'endpoints[0].addresses[0].path is ""'],
  [endpointWith({ ...ADDRESS, port: Number.NaN }), 'endpoints[0].addresses[0].port is NaN'],
  [endpointWith({ ...ADDRESS, port: 0 }), 'endpoints[0].addresses[0].port is 0'],
  [endpointWith({ ...ADDRESS, port: 70_000 }), 'endpoints[0].addresses[0].port is 70000'],
  [endpointWith({ ...ADDRESS, port: '80' }), 'endpoints[0].addresses[0].port is 80'],
  [endpointOf(7), 'endpoints[0].attributes is 7'],
  [endpointOf({ weight: '3' }), 'endpoints[0].attributes.weight is 3'],
  [endpointOf({ hashKey: 1 }), 'endpoints[0].attributes.hashKey is 1'],
  [{ endpoints: [], attributes: 'a' }, 'attributes is a'],
  [{ endpoints: [], serviceConfig: '{}' }, 'serviceConfig is {}'],
  [{ endpoints: [], serviceConfig: {} }, 'serviceConfig.json is undefined'],
])('flaw %# is named', (result, message) => {
  const error = resultFlaw(result)
  expect(error?.code).toBe(Code.Unavailable)
  expect(error?.rawMessage).toContain(`: ${message}: it must be `)
})
