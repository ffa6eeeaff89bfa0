/** What clients take from the metadata of an instance. */
import { expect, test } from 'vitest'
import { resultFlaw } from '../../../../client/node/channel/result-flaw.ts'
import { metadataAttributes } from '../../../../registry/resolver/metadata-attributes.ts'

const ADDRESSES = [{ host: '10.0.0.1', port: 80 }]

test.each([
  [
    { weight: 2, zone: 'a', rack: { row: 1 } },
    { weight: 2, zone: 'a', rack: { row: 1 } },
  ],
  [{ weight: '2' }, { weight: 2 }],
  [{ weight: 'heavy', zone: 'a' }, { zone: 'a' }],
  [{ weight: null }, {}],
  [{ hashKey: 'k' }, { hashKey: 'k' }],
  [{ hashKey: 7 }, { hashKey: '7' }],
  [{ hashKey: ['k'], zone: 'a' }, { zone: 'a' }],
  [{ hashKey: null }, {}],
  [{ hostname: 7 }, {}],
])('%j never keeps a channel from using its endpoint', (metadata, attributes) => {
  expect(metadataAttributes(metadata)).toEqual(attributes)
  expect(resultFlaw({ endpoints: [{ addresses: ADDRESSES, attributes: metadataAttributes(metadata) }] })).toBeNull()
})
