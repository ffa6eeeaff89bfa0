/** Facts of servers that are none, or that lead elsewhere. */
import { describe, expect, it } from 'vitest'
import { readFacts } from '../../../../console/app/session/read-facts.ts'

const FACTS = {
  title: 'Shop',
  version: '1.2.3',
  prefix: '/api',
  protocols: ['connect', 'rest'],
  needsCredentials: true,
  schemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
  descriptorsPath: '/console/descriptors.binpb',
  metricsPath: '/metrics?all=1',
  docsPath: null,
  isDemo: false,
}

describe('facts', () => {
  it('are those of the server', () => {
    expect(readFacts(FACTS)).toEqual(FACTS)
  })

  it('have what a server of another version leaves out, and nothing that it adds', () => {
    expect(readFacts({ descriptorsPath: '/d', protocols: ['connect', 'semaphore'], more: 1 })).toEqual({
      title: 'API',
      version: '',
      prefix: '',
      protocols: ['connect'],
      needsCredentials: false,
      schemes: {},
      descriptorsPath: '/d',
      metricsPath: null,
      docsPath: null,
      isDemo: false,
    })
  })

  it('have schemes of texts, whatever their names', () => {
    const schemes = JSON.parse('{"__proto__":{"type":"oauth2","flows":{"password":{}},"description":"Ask."},"b":{}}')
    expect(Object.entries(readFacts({ ...FACTS, schemes }).schemes)).toEqual([
      ['__proto__', { type: 'oauth2', description: 'Ask.' }],
      ['b', { type: '' }],
    ])
  })

  it.each([null, 7, 'text', [], {}, { error: 'no such page' }, { ...FACTS, schemes: [] }])('are not %j', (json) => {
    expect(() => readFacts(json)).toThrow(/^facts\.json /)
  })

  describe.each(['prefix', 'descriptorsPath', 'metricsPath', 'docsPath'])('of %s', (name) => {
    it.each([
      'javascript:alert(1)',
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example/',
      '/\n/evil.example/',
      '/\t\\evil.example',
      'data:text/html,x',
      'relative',
      7,
      {},
    ])('lead to no other origin, as %j does', (path) => {
      expect(() => readFacts({ ...FACTS, [name]: path })).toThrow(`facts.json has ${name} `)
    })
  })
})
