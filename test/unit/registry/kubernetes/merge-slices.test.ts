/** Which endpoints the slices of a service are. */
import { describe, expect, test } from 'vitest'
import { addressText } from '../../../../client/node/contracts/endpoint.ts'
import type { EndpointSlice, SliceEndpoint } from '../../../../registry/kubernetes/endpoint-slice.ts'
import { mergeSlices } from '../../../../registry/kubernetes/merge-slices.ts'

const GRPC = [{ name: 'grpc', port: 80 }]

function slice(name: string, endpoints: readonly SliceEndpoint[], rest: EndpointSlice = {}): EndpointSlice {
  return { metadata: { name }, addressType: 'IPv4', ports: GRPC, endpoints, ...rest }
}

/** The addresses of endpoints, those of one joined. */
function found(slices: readonly EndpointSlice[], port?: number | string): string[] {
  return mergeSlices(slices, port).map(({ addresses }) => addresses.map(addressText).join('|'))
}

function pod(host: string, conditions: SliceEndpoint['conditions'] = {}, uid?: string): SliceEndpoint {
  return { addresses: [host], conditions, ...(uid !== undefined && { targetRef: { uid } }) }
}

const LEAVING = { ready: false, serving: true, terminating: true }

describe('conditions', () => {
  test.each([
    ['unset conditions are ready', {}, true],
    ['null is unset', { ready: null, serving: null, terminating: null }, true],
    ['ready', { ready: true, serving: true, terminating: false }, true],
    ['not ready', { ready: false, serving: false, terminating: false }, false],
    ['serving, but not ready and not terminating', { ready: false, serving: true }, false],
    ['terminating and not serving', { ready: false, serving: false, terminating: true }, false],
    ['terminating with an unset serving', { ready: false, terminating: true }, false],
  ])('%s', (_, conditions, isUsed) => {
    expect(found([slice('a', [{ addresses: ['10.0.0.1'], conditions }])])).toEqual(isUsed ? ['10.0.0.1:80'] : [])
  })

  test('pods that terminate and serve are used only if no pod is ready, in any slice', () => {
    const leaving = slice('a', [pod('10.0.0.1', LEAVING), pod('10.0.0.2', { ...LEAVING, serving: false })])
    expect(found([leaving])).toEqual(['10.0.0.1:80'])
    expect(found([leaving, slice('b', [pod('10.0.0.3')])])).toEqual(['10.0.0.3:80'])
  })

  test('a pod that terminates does not count as ready where addresses are published that are not', () => {
    const published = slice('a', [pod('10.0.0.1', { ...LEAVING, ready: true }), pod('10.0.0.2')])
    expect(found([published])).toEqual(['10.0.0.2:80'])
  })
})

describe('several slices', () => {
  test('a pod in two of them is one endpoint, and ready if one says so', () => {
    const slices = [
      slice('a', [pod('10.0.0.1', LEAVING), pod('10.0.0.2')]),
      slice('b', [pod('10.0.0.2'), pod('10.0.0.1')]),
    ]
    expect(found(slices)).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
  })

  test('the addresses of both families of a pod are one endpoint, in the same order whatever comes first', () => {
    const four = slice('z', [pod('10.0.0.1', {}, 'u1'), pod('10.0.0.2', {}, 'u2')])
    const six = slice('a', [pod('fd00::1', {}, 'u1'), pod('fd00::3', {}, 'u3')], { addressType: 'IPv6' })
    const expected = ['10.0.0.1:80|[fd00::1]:80', '10.0.0.2:80', '[fd00::3]:80']
    expect(found([four, six])).toEqual(expected)
    expect(found([six, four])).toEqual(expected)
  })

  test('slices of names, and entries without what they need, are left out', () => {
    const slices = [
      slice('a', [pod('pod.test')], { addressType: 'FQDN' }),
      slice('b', [{}, { addresses: [] }, { addresses: null }]),
      slice('c', [pod('10.0.0.1')], { ports: null }),
      { metadata: { name: 'd' } },
      { addressType: 'IPv4', endpoints: null, ports: GRPC },
      slice('e', [pod('')]),
      slice('f', [pod('10.0.0.1')], { ports: [{ name: 'grpc', port: 65_536 }] }),
    ]
    expect(found(slices)).toEqual([])
  })
})

describe('ports', () => {
  const ports = [
    { name: 'metrics', port: 9090 },
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'grpc', port: 80, protocol: 'TCP' },
  ]
  const one = [slice('a', [pod('10.0.0.1')], { ports })]

  test.each([
    ['metrics', ['10.0.0.1:9090']],
    [80, ['10.0.0.1:80']],
    [undefined, ['10.0.0.1:80']],
    ['dns', []],
    [53, []],
    [81, []],
    ['http', []],
  ])('%s', (port, expected) => {
    expect(found(one, port)).toEqual(expected)
  })

  test('without one named grpc, the first counts', () => {
    expect(
      found([
        slice('a', [pod('10.0.0.1')], {
          ports: [
            { name: null, port: 7 },
            { name: 'x', port: 8 },
          ],
        }),
      ]),
    ).toEqual(['10.0.0.1:7'])
  })

  test('a name has another number in each slice', () => {
    const slices = [
      slice('a', [pod('10.0.0.1')]),
      slice('b', [pod('10.0.0.2')], { ports: [{ name: 'grpc', port: 81 }] }),
    ]
    expect(found(slices, 'grpc')).toEqual(['10.0.0.1:80', '10.0.0.2:81'])
  })

  test('a number reaches pods whose service declares no port, or all', () => {
    for (const all of [[], null, [{ name: 'any', port: null }]]) {
      expect(found([slice('a', [pod('10.0.0.1')], { ports: all })], 8080)).toEqual(['10.0.0.1:8080'])
    }
  })
})

test('zone, node, hints and registered metadata are attributes, and never the name of a certificate', () => {
  const annotations = { 'portico/metadata': '{"weight":3,"version":"1.2.0","hostname":"evil.test","zone":"x"}' }
  const endpoint = {
    ...pod('10.0.0.1'),
    zone: 'z1',
    nodeName: 'n1',
    hints: { forZones: [{ name: 'z1' }, { name: 'z2' }] },
  }
  const [merged] = mergeSlices([slice('a', [endpoint], { metadata: { name: 'a', annotations } })], 'grpc')
  expect(merged?.attributes).toEqual({ weight: 3, version: '1.2.0', zone: 'z1', nodeName: 'n1', forZones: 'z1,z2' })
})

test.each(['', '{', '[1]', '"text"', 'null'])('an annotation that is %j is ignored', (text) => {
  const metadata = { name: 'a', annotations: { 'portico/metadata': text } }
  expect(mergeSlices([slice('a', [pod('10.0.0.1')], { metadata })], 'grpc')).toHaveLength(1)
})
