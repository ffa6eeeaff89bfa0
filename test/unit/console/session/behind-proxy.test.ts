import { describe, expect, it } from 'vitest'
import { behindProxy } from '../../../../console/app/session/behind-proxy.ts'
import type { ConsoleFacts } from '../../../../wire/console/console-facts.ts'

const FACTS: ConsoleFacts = {
  title: 'Shop',
  version: '1.0.0',
  prefix: '/api',
  protocols: ['connect'],
  needsCredentials: false,
  schemes: {},
  descriptorsPath: '/internal/console/descriptors.binpb',
  metricsPath: '/metrics',
  docsPath: null,
  isDemo: false,
}

describe('the paths that a page reaches', () => {
  it('have the prefix that a proxy has added', () => {
    expect(behindProxy(FACTS, '/team/shop/internal/console/')).toEqual({
      ...FACTS,
      prefix: '/team/shop/api',
      descriptorsPath: '/team/shop/internal/console/descriptors.binpb',
      metricsPath: '/team/shop/metrics',
    })
  })

  it.each(['/internal/console/', '/elsewhere/', '/', '//other.example/internal/console/', '/a//b/internal/console/'])(
    'are those of the server at %s',
    (pathname) => {
      expect(behindProxy(FACTS, pathname)).toEqual(FACTS)
    },
  )
})
