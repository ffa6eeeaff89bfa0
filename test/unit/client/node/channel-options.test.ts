import { expect, it } from 'vitest'
import { normalizeChannelOptions } from '../../../../client/node/channel-options.ts'

it.each(['dns:///a:x', 'dns://dns.example/a', 'file:///', 'unix:'])(
  'rejects the target %s, with and without an authority',
  (target) => {
    expect(() => normalizeChannelOptions({ target })).toThrow(RangeError)
    expect(() => normalizeChannelOptions({ target, authority: 'greeter.example' })).toThrow(RangeError)
  },
)

it.each([undefined, 7, '', 'a b', 'a\r\nb', 'straße'])('rejects a resolver with the authority %s', (authority) => {
  const own = { scheme: 'own', defaultAuthority: () => authority as string, create: () => ({}) as never }
  const options = { target: 'own:///a', resolvers: [own] }
  expect(() => normalizeChannelOptions(options)).toThrow('the resolver of own:///a gives no authority')
})

it('allows overriding the authority', () => {
  expect(normalizeChannelOptions({ target: 'dns:///a:1' }).authority).toBe('a:1')
  expect(normalizeChannelOptions({ target: 'dns:///a:1', authority: 'greeter.example' }).authority).toBe(
    'greeter.example',
  )
})
