import { expect, test } from 'vitest'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import { REGISTRY_RESOLVERS } from '../../../registry/registry-resolvers.ts'

test.each([...REGISTRY_RESOLVERS])('%s targets have a resolver', async (scheme, load) => {
  const factory = await load({})
  const { target } = parseTarget(`${scheme}:///greeter`, [factory])
  expect(target).toMatchObject({ scheme, endpoint: 'greeter' })
  expect(factory.defaultAuthority(target)).toContain('greeter')
})

test.each([...REGISTRY_RESOLVERS])(
  'the error for credentials in %s targets does not show them',
  async (scheme, load) => {
    const factory = await load({})
    const { target } = parseTarget(`${scheme}://me:s3cret@127.0.0.1/greeter`, [factory])
    expect(() => factory.defaultAuthority(target)).toThrow(`give them to ${scheme}Resolver`)
    expect(() => factory.defaultAuthority(target)).not.toThrow('s3cret')
  },
)
