import { expect, test } from 'vitest'
import { readServers } from '../../../../registry/url/server-list.ts'

test.each([
  ['a', 'a:2379'],
  ['a:1', 'a:1'],
  ['10.0.0.1', '10.0.0.1:2379'],
  ['[::1]', '[::1]:2379'],
  ['[::1]:1', '[::1]:1'],
  ['::1', '[::1]:2379'],
  ['fd00::a', '[fd00::a]:2379'],
])('%s is %s: the port of the registry is added where there is none', (server, address) => {
  expect(readServers('etcdResolver: endpoints', [server], '2379')).toEqual([address])
})
