/** The registrars of URLs, and what is wrong with invalid ones. */
import { afterEach, expect, test, vi } from 'vitest'
import { registrationOf } from '../../../server/registry-engines.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each([
  ['consul:///greeter', 'consul'],
  ['consul://10.0.0.1/greeter?weight=2', 'consul'],
  ['consul://[::1]:8500/shop/greeter?tags=v1,v2&ttl=10&tokenFile=/run/token', 'consul'],
  ['consul://10.0.0.1:8501/greeter?tls=true', 'consul'],
  ['consul://10.0.0.1:8500/greeter?tls=false', 'consul'],
  ['kubernetes:///greeter?namespace=shop&portName=grpc&zone=a', 'kubernetes'],
])('%s is a URL of %s', async (url, name) => {
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.96.0.1')
  expect((await registrationOf(url)).registrar.name).toBe(name)
})

test.each([
  ['consul://a,b/greeter', 'there must be one agent'],
  ['consul://user:secret@a/greeter', 'use tokenFile'],
  ['consul://a/greeter?tls=1', 'tls must be true or false'],
  ['consul://a/greeter?ca=/nowhere&ttl=x', 'ttlMs is NaN'],
  ['consul://a/greeter?ca=/nowhere/ca', 'tls.caFile is "/nowhere/ca", and must be a file that can be read'],
  ['etcd://a/greeter?ca=/nowhere/ca', 'tls.caFile is "/nowhere/ca", and must be a file that can be read'],
  ['etcd://a/greeter?cert=/nowhere/cert', 'tls.cert and tls.key must come together'],
  ['nats://a/greeter?ca=/nowhere/ca', 'tls.caFile is "/nowhere/ca", and must be a file that can be read'],
  ['consul://a/greeter?token=secret', 'the parameter token is unknown'],
  ['kubernetes://cluster/greeter', 'must begin with kubernetes:///'],
  ['kubernetes:///greeter?port=80', 'the parameter port is unknown'],
  ['kubernetes:///greeter', 'KUBERNETES_SERVICE_HOST is missing'],
])('%s is not valid', async (url, error) => {
  vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined)
  const thrown: unknown = await registrationOf(url).catch((cause: unknown) => cause)
  expect(thrown).toBeInstanceOf(RangeError)
  expect(String(thrown)).toContain(error)
  expect(String(thrown)).not.toContain('secret')
})
