import { expect, test } from 'vitest'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import { REGISTRY_RESOLVERS } from '../../../registry/registry-resolvers.ts'

test.each([...REGISTRY_RESOLVERS])('%s targets have a resolver', async (scheme, load) => {
  const factory = await load({})
  const { target } = parseTarget(`${scheme}:///greeter`, [factory])
  expect(target).toMatchObject({ scheme, endpoint: 'greeter' })
  expect(factory.defaultAuthority(target)).toContain('greeter')
})
