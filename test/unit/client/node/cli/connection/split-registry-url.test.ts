import { expect, test } from 'vitest'
import { splitRegistryUrl } from '../../../../../../client/node/cli/connection/split-registry-url.ts'

test.each([
  ['etcd:///greeter', 'etcd:///greeter', {}],
  ['etcd://a:1,b:2/shop/greeter', 'etcd://a:1,b:2/shop/greeter', {}],
  ['etcd://me:a%40b:c@a:1/greeter', 'etcd://a:1/greeter', { username: 'me', password: 'a@b:c' }],
  ['nats://s3cret@a:4222/greeter?bucket=b', 'nats://a:4222/greeter', { token: 's3cret', bucket: 'b' }],
  ['consul://a/greeter?tag=x&tag=y&dc=z', 'consul://a/greeter?tag=x&tag=y&dc=z', {}],
  ['consul:///greeter?tokenFile=/t&dc=z', 'consul:///greeter?dc=z', { tokenFile: '/t' }],
  ['consul:greeter?tag=a@b', 'consul:greeter?tag=a@b', {}],
  ['etcd://me:pass@a:1', 'etcd://a:1', { username: 'me', password: 'pass' }],
  ['etcd:///greeter?tls=true', 'etcd:///greeter', { tls: {} }],
  ['etcd:///greeter?ca=/a&cert=/b&key=/c', 'etcd:///greeter', { tls: { caFile: '/a', certFile: '/b', keyFile: '/c' } }],
  ['etcd:///greeter?weight=2&zone=a&version=1&ttl=5&tags=v2', 'etcd:///greeter', {}],
  ['kubernetes:///greeter?namespace=shop&portName=http', 'kubernetes:///greeter', { namespace: 'shop' }],
  ['kubernetes:///greeter.shop:grpc', 'kubernetes:///greeter.shop:grpc', {}],
  ['kubernetes:///greeter?server=http://127.0.0.1:8001', 'kubernetes:///greeter', { server: 'http://127.0.0.1:8001' }],
])('%s is the target %s', (url, target, access) => {
  expect(splitRegistryUrl(url)).toEqual({ target, access })
})

test.each([
  'etcd://me:s3cret%@a/greeter',
  'etcd://me:s3cret@a/greeter?tls=perhaps',
  'etcd://me:pass@s3cret@a/greeter',
  'etcd://me:s3cret/pass@a/greeter',
  'etcd://me:s3cret?pass@a/greeter',
  'etcd://me:s3cret#pass@a/greeter',
])('%s is invalid', (url) => {
  expect(() => splitRegistryUrl(url)).toThrow(RangeError)
  expect(() => splitRegistryUrl(url)).not.toThrow('s3cret')
})
