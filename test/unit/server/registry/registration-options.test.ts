import { expect, test } from 'vitest'
import { normalizeRegistrations, type RegistrationOptions } from '../../../../server/registry/registration-options.ts'
import { MemoryRegistry } from '../../../support/registry/memory-registry.ts'

const registrar = new MemoryRegistry().connect()
const valid: RegistrationOptions = { registrar, service: 'shop/greeter.v1' }

test('takes one registry or several, each with an id of its own', () => {
  const [one, two] = normalizeRegistrations('createApp', [valid, valid])
  expect(one).toMatchObject({ service: 'shop/greeter.v1', metadata: {}, deregisterTimeoutMs: 3_000 })
  expect(one?.id).toMatch(/^[\w-]{36}$/)
  expect(two?.id).not.toBe(one?.id)
  expect(normalizeRegistrations('createApp', { ...valid, id: 'a.1' })[0]?.id).toBe('a.1')
  expect(normalizeRegistrations('createApp', undefined)).toEqual([])
})

test.each<[object, string]>([
  [
    { service: undefined },
    'registration.service must be letters, digits and . _ - in parts separated by /, at most 255',
  ],
  [{ service: '/greeter' }, 'registration.service must be'],
  [{ service: 'a//b' }, 'registration.service must be'],
  [{ registrar: {} }, 'registration.registrar is not a registrar'],
  [{ host: '0.0.0.0' }, 'registration.host must be an IP address or a host name'],
  [{ host: '::' }, 'registration.host must be'],
  [{ host: '[::1]' }, 'registration.host must be'],
  [{ host: 'a b' }, 'registration.host must be'],
  [{ port: 0 }, 'registration.port is 0, and must be from 1 to 65535'],
  [{ id: 'a/b' }, 'registration.id must be 1 to 128 letters, digits and . _ -'],
  [{ deregisterTimeoutMs: 0 }, 'registration.deregisterTimeoutMs is 0, and must be from 1 to 60000'],
  [{ metadata: { weight: 0 } }, 'registration.metadata.weight must be a whole number from 1 to 4294967295'],
  [{ metadata: { a: {} } }, 'registration.metadata.a must be a string or a number'],
  [{ sevice: 'a' }, 'registration.sevice is unknown: did you mean registration.service?'],
  [{ port: '80' }, 'registration.port is a string, and must be a number'],
])('rejects %j', (change, fault) => {
  expect(() => normalizeRegistrations('createApp', { ...valid, ...change } as RegistrationOptions)).toThrow(fault)
})

test('names the faults of each registry of a list', () => {
  const list = [valid, { ...valid, port: 0 }, { ...valid, id: '' }]
  expect(() => normalizeRegistrations('createApp', list)).toThrow(
    'createApp: registration[1].port is 0, and must be from 1 to 65535; registration[2].id must be',
  )
})
